package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Coverage says how accurate a classifier is on the images that it is sure of, if a person looks at the others.
type Coverage struct {
	Points []Selection `json:"points"`           // one per distinct confidence, the highest first; the last accepts all
	AURC   float64     `json:"aurc"`             // area under the risk-coverage curve, in [0, 1]: less is better
	Notice string      `json:"notice,omitempty"` // what readers must know: weights or data that are not the real ones
}

// Selection is what a threshold accepts: the images with a confidence of at least Threshold.
type Selection struct {
	Threshold float64 `json:"threshold"`
	Accepted  int     `json:"accepted"`
	Right     int     `json:"right"`  // of those accepted
	Images    int     `json:"images"` // accepted and rejected
}

// Coverage is the share of images accepted.
func (s Selection) Coverage() float64 { return ratio(s.Accepted, s.Images) }

// Accuracy is the share of the accepted images that are right; 0 if none is accepted.
func (s Selection) Accuracy() float64 { return ratio(s.Right, s.Accepted) }

// Interval is the 95 % Wilson interval of Accuracy. It takes the threshold for given: where it was chosen on these very
// images, the accuracy on others is less than it looks.
func (s Selection) Interval() Interval { return Wilson(s.Right, s.Accepted) }

// String is "confidence ≥ 0.9312: 324 of 360 accepted (90.0 %), 323 right = 99.69 %, 95 % interval 98.3–99.9 %".
func (s Selection) String() string {
	text := fmt.Sprintf("confidence ≥ %.4g: %d of %d accepted (%.1f %%)", s.Threshold, s.Accepted, s.Images, 100*s.Coverage())
	if s.Accepted == 0 {
		return text
	}
	return fmt.Sprintf("%s, %d right = %.2f %%, 95 %% interval %v", text, s.Right, 100*s.Accuracy(), s.Interval())
}

// NewCoverage counts what each threshold accepts: confidence[i] may be any number that is larger for images that are more
// likely right, such as the largest probability, and right[i] says whether image i is. Images of equal confidence are
// accepted together: their order means nothing.
//
//	AURC = Σₖ mₖ/n · (1 − accuracyₖ)   with mₖ the images of the k-th highest confidence, and accuracyₖ that of all down to it
//
// Where confidences differ, it is the mean over i of the risk of the i most confident images. A classifier whose confidence
// says nothing has about its error rate; one that is less sure of each mistake than of all others, with an error rate of r,
// has about r + (1−r)·log(1−r). Accuracies are the precisions of scikit-learn's precision_recall_curve(right, confidence).
//
// Sources: R. El-Yaniv and Y. Wiener, On the Foundations of Noise-free Selective Classification, 2010; Y. Geifman, G. Uziel
// and R. El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, 2019.
//
// It is an error if there are no images, if lengths differ, or if a confidence is NaN.
func NewCoverage(confidence []float64, right []bool) (*Coverage, error) {
	n := len(confidence)
	if n != len(right) {
		return nil, fmt.Errorf("coverage: %d confidences but %d images that are right or wrong: give one of each per image",
			n, len(right))
	}
	if n == 0 {
		return nil, errors.New("coverage: no images: give at least one")
	}
	if i := slices.IndexFunc(confidence, math.IsNaN); i >= 0 {
		return nil, fmt.Errorf("coverage: the confidence of image %d is NaN", i)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(confidence[j], confidence[i]) })
	c := &Coverage{}
	hits, before := 0, 0
	for k, i := range order {
		if right[i] {
			hits++
		}
		if k+1 < n && confidence[order[k+1]] == confidence[i] {
			continue
		}
		s := Selection{confidence[i], k + 1, hits, n}
		c.Points = append(c.Points, s)
		c.AURC += float64(s.Accepted-before) / float64(n) * (1 - s.Accuracy())
		before = s.Accepted
	}
	return c, nil
}

// At is what a threshold accepts here, such as one that was chosen on other images.
func (c *Coverage) At(threshold float64) Selection {
	k := sort.Search(len(c.Points), func(k int) bool { return !(c.Points[k].Threshold >= threshold) })
	s := Selection{Threshold: threshold}
	if len(c.Points) > 0 {
		s.Images = c.Points[0].Images
	}
	if k > 0 {
		s.Accepted, s.Right = c.Points[k-1].Accepted, c.Points[k-1].Right
	}
	return s
}

// ForAccuracy is the selection with the most images whose accuracy is at least the wished one, in [0, 1]. Choose it on
// validation images, and ask At of others what its Threshold gives: the one that is best here is so by luck, too.
// It is an error if no threshold reaches the accuracy.
func (c *Coverage) ForAccuracy(accuracy float64) (Selection, error) {
	if !(accuracy >= 0 && accuracy <= 1) {
		return Selection{}, fmt.Errorf("coverage: an accuracy of %v: give a share from 0 to 1, such as 0.995", accuracy)
	}
	var best Selection
	for _, s := range slices.Backward(c.Points) {
		if s.Accuracy() >= accuracy {
			return s, nil
		}
		if s.Accuracy() > best.Accuracy() {
			best = s
		}
	}
	return Selection{}, fmt.Errorf("coverage: no threshold reaches an accuracy of %.4g %%; the best is %v", 100*accuracy, best)
}

// AUROC is the area under the receiver operating characteristic: how well a score tells images of known classes from those
// of unknown ones. It is the chance that a known image has the larger score, and ½ that both have the same:
//
//	(#{known > unknown} + ½ #{known = unknown}) / (number of known · number of unknown)
//
// 1 is perfect, ½ is guessing, and less means that unknown images score higher. It is scikit-learn's roc_auc_score with
// known as the positive class (J. A. Hanley and B. J. McNeil, The Meaning and Use of the Area under a Receiver Operating
// Characteristic (ROC) Curve, 1982). It is an error if there are none of either, or if a score is NaN.
func AUROC(known, unknown []float64) (float64, error) {
	if len(known) == 0 || len(unknown) == 0 {
		return 0, fmt.Errorf("AUROC: %d scores of known images and %d of unknown: give at least one of each",
			len(known), len(unknown))
	}
	for _, of := range []struct {
		name   string
		scores []float64
	}{{"known", known}, {"unknown", unknown}} {
		if i := slices.IndexFunc(of.scores, math.IsNaN); i >= 0 {
			return 0, fmt.Errorf("AUROC: score %d of the %s images is NaN", i, of.name)
		}
	}
	sorted := slices.Sorted(slices.Values(unknown))
	wins := 0.0
	for _, s := range known {
		below := sort.Search(len(sorted), func(k int) bool { return sorted[k] >= s })
		upTo := sort.Search(len(sorted), func(k int) bool { return sorted[k] > s })
		wins += float64(below+upTo) / 2
	}
	return wins / (float64(len(known)) * float64(len(unknown))), nil
}
