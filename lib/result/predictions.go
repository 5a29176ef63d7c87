package result

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/metrics"
)

// Predictions holds what a model says of some images, in the order of the images.
type Predictions struct {
	Classes       []string
	Names         []string    // of the images
	Probabilities [][]float32 // one row per image, one column per class; rows sum to 1, unless MultiLabel
	Predicted     []int       // the class of the largest probability
	// MultiLabel says that classes do not exclude one another: each has a probability of its own, and Labels tells which an
	// image has.
	MultiLabel bool
	Actual     []int  // the label of the image, −1 if unknown
	Notice     string // what readers must know: weights or data that are not the real ones
}

// labelled is the probability from which on an image has a label.
const labelled = 0.5

// Labels are the classes of image i: the predicted one or, if MultiLabel, all those with a probability of at least one half;
// there may be none.
func (p *Predictions) Labels(i int) []int {
	if !p.MultiLabel {
		return p.Predicted[i : i+1 : i+1]
	}
	var labels []int
	for class, v := range p.Probabilities[i] {
		if v >= labelled {
			labels = append(labels, class)
		}
	}
	return labels
}

// exclusive refuses what counts one class per image.
func (p *Predictions) exclusive(what string) error {
	if p.MultiLabel {
		return fmt.Errorf("%s: the model gives each class a probability of its own, and an image may have several: compare its "+
			"Labels with yours", what)
	}
	return nil
}

// Confidence is the probability of the predicted class of image i.
func (p *Predictions) Confidence(i int) float64 { return float64(p.Probabilities[i][p.Predicted[i]]) }

// Right reports whether image i got its own class.
func (p *Predictions) Right(i int) bool { return p.Predicted[i] == p.Actual[i] }

// Mistakes lists the images that got another class than their own, the most confident first. Images of unknown class
// are not among them.
func (p *Predictions) Mistakes() []int {
	var wrong []int
	for i, actual := range p.Actual {
		if actual >= 0 && !p.Right(i) {
			wrong = append(wrong, i)
		}
	}
	slices.SortStableFunc(wrong, func(a, b int) int { return cmp.Compare(p.Confidence(b), p.Confidence(a)) })
	return wrong
}

// Doubtful lists the images that got their own class, the least confident first: what there is to learn from where there
// are no mistakes.
func (p *Predictions) Doubtful() []int {
	var right []int
	for i := range p.Actual {
		if p.Right(i) {
			right = append(right, i)
		}
	}
	slices.SortStableFunc(right, func(a, b int) int { return cmp.Compare(p.Confidence(a), p.Confidence(b)) })
	return right
}

// Confidences holds Confidence of every image: scores for metrics.AUROC.
func (p *Predictions) Confidences() []float64 {
	all := make([]float64, len(p.Predicted))
	for i := range all {
		all[i] = p.Confidence(i)
	}
	return all
}

// Rights holds Right of every image: one seed's row of metrics.PairedBootstrap.
func (p *Predictions) Rights() []bool {
	all := make([]bool, len(p.Predicted))
	for i := range all {
		all[i] = p.Right(i)
	}
	return all
}

// Tempered is the predictions with the probabilities of metrics.Tempered: the same classes, more or less sure.
func (p *Predictions) Tempered(t float64) (*Predictions, error) {
	if err := p.exclusive("tempered"); err != nil {
		return nil, err
	}
	probabilities, err := metrics.Tempered(p.Probabilities, t)
	if err != nil {
		return nil, err
	}
	tempered := *p
	tempered.Probabilities = probabilities
	return &tempered, nil
}

// Calibration says whether the images are right as often as their probabilities promise; see metrics.NewCalibration. It
// is an error if there are no images, or if the class of one is unknown.
func (p *Predictions) Calibration(bins int) (*metrics.Calibration, error) {
	if err := p.exclusive("calibration"); err != nil {
		return nil, err
	}
	c, err := metrics.NewCalibration(p.Probabilities, p.Actual, bins)
	if err == nil {
		c.Notice = p.Notice
	}
	return c, err
}

// Coverage says how accurate the more confident images are; see metrics.NewCoverage. It is an error if there are no
// images, or if the class of one is unknown.
func (p *Predictions) Coverage() (*metrics.Coverage, error) {
	if err := p.exclusive("coverage"); err != nil {
		return nil, err
	}
	if i := slices.Index(p.Actual, -1); i >= 0 {
		return nil, fmt.Errorf("coverage: image %d has no label: leave out the images of unknown class", i)
	}
	c, err := metrics.NewCoverage(p.Confidences(), p.Rights())
	if err == nil {
		c.Notice = p.Notice
	}
	return c, err
}

// Confusion counts the images by what they are and what is predicted. It is an error if there are no images, or if
// the class of one is unknown.
func (p *Predictions) Confusion() (*metrics.Confusion, error) {
	if err := p.exclusive("confusion"); err != nil {
		return nil, err
	}
	c, err := metrics.NewConfusion(p.Classes, p.Actual, p.Predicted)
	if err == nil {
		c.Notice = p.Notice
	}
	return c, err
}
