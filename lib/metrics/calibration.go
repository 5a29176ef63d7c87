package metrics

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Calibration says whether a classifier is right as often as its probabilities promise: of images with a confidence of
// 0.9, nine in ten should be right. Confidence is the largest probability of an image.
type Calibration struct {
	Bins   []CalibrationBin `json:"bins"` // of equal width, from 0 to 1; those without images are there, too
	ECE    float64          `json:"ece"`  // expected calibration error, in [0, 1]
	NLL    float64          `json:"nll"`  // negative log-likelihood per image, in nats: Keras's categorical cross-entropy
	Brier  float64          `json:"brier"`
	Notice string           `json:"notice,omitempty"` // what readers must know: weights or data that are not the real ones
}

// CalibrationBin holds the images with a confidence in (Low, High].
type CalibrationBin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Images     int     `json:"images"`
	Right      int     `json:"right"`
	Confidence float64 `json:"confidence"` // the mean of its images; 0 without images
}

// Accuracy is the share of its images that are right; 0 without images.
func (b CalibrationBin) Accuracy() float64 { return ratio(b.Right, b.Images) }

// Interval is the 95 % Wilson interval of Accuracy; [0, 1] without images.
func (b CalibrationBin) Interval() Interval { return Wilson(b.Right, b.Images) }

// NewCalibration measures the calibration of probabilities [images][classes] against the images' own classes:
//
//	ECE   = Σ over bins  images in the bin / n · |accuracy of the bin − mean confidence of the bin|
//	NLL   = −1/n Σᵢ log pᵢ(actual class)
//	Brier = 1/n Σᵢ Σⱼ (pᵢⱼ − yᵢⱼ)²   with y = 1 for the actual class and 0 for others; from 0 to 2
//
// Guo et al. take 15 bins. ECE depends on their number, and says little of bins with few images: look at their intervals.
// NLL and Brier do not, and reward sharp predictions besides. Bins and scores are those of scikit-learn's
// calibration_curve (of "right" against confidence), log_loss and brier_score_loss(scale_by_half=False). A probability of
// 0 counts as 1.2e-38, the smallest normal float32, since a softmax in float32 gives 0 for what is below; Keras counts all
// below 1e-7 as 1e-7.
//
// It is an error if there are no images or bins, if lengths differ, if the class of an image is unknown (−1) or not among
// the columns, or if a row is not of probabilities that sum to 1.
//
// Sources: C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On Calibration of Modern Neural Networks, 2017; G. W. Brier,
// Verification of Forecasts Expressed in Terms of Probability, 1950.
func NewCalibration(probabilities [][]float32, actual []int, bins int) (*Calibration, error) {
	if bins < 1 {
		return nil, fmt.Errorf("calibration: %d bins: give at least one, such as 15", bins)
	}
	if err := checkLabelled(probabilities, actual); err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	c := &Calibration{Bins: make([]CalibrationBin, bins)}
	for k := range c.Bins {
		c.Bins[k].Low, c.Bins[k].High = float64(k)/float64(bins), float64(k+1)/float64(bins)
	}
	n := float64(len(actual))
	for i, row := range probabilities {
		predicted, confidence := largest(row)
		b := &c.Bins[min(bins-1, sort.Search(bins, func(k int) bool { return confidence <= c.Bins[k].High }))]
		b.Images++
		b.Confidence += confidence
		if predicted == actual[i] {
			b.Right++
		}
		c.NLL -= logarithm(row[actual[i]]) / n
		for j, p := range row {
			y := 0.0
			if j == actual[i] {
				y = 1
			}
			c.Brier += (float64(p) - y) * (float64(p) - y) / n
		}
	}
	for k := range c.Bins {
		if b := &c.Bins[k]; b.Images > 0 {
			b.Confidence /= float64(b.Images)
			c.ECE += float64(b.Images) / n * math.Abs(b.Accuracy()-b.Confidence)
		}
	}
	return c, nil
}

// Images is the number of images measured.
func (c *Calibration) Images() int {
	n := 0
	for _, b := range c.Bins {
		n += b.Images
	}
	return n
}

// String is "360 images: ECE 1.23 %, NLL 0.0456, Brier 0.0123", with " (notice: …)" after it if there is a Notice.
func (c *Calibration) String() string {
	text := fmt.Sprintf("%d images: ECE %.2f %%, NLL %.4f, Brier %.4f", c.Images(), 100*c.ECE, c.NLL, c.Brier)
	if c.Notice != "" {
		text += " (notice: " + c.Notice + ")"
	}
	return text
}

// largest is the class of the largest probability, the first if there are several, and that probability.
func largest(row []float32) (class int, p float64) {
	p32 := slices.Max(row)
	return slices.Index(row, p32), float64(p32)
}

// smallestNormal is that of float32. XLA gives 0 for what is below.
const smallestNormal = 0x1p-126

func logarithm(p float32) float64 { return math.Log(max(float64(p), smallestNormal)) }

// sumTolerance is for rows that were computed in half precision.
const sumTolerance = 1e-3

func checkProbabilities(probabilities [][]float32) error {
	if len(probabilities) == 0 || len(probabilities[0]) == 0 {
		return errors.New("no probabilities: give a row per image with a column per class")
	}
	for i, row := range probabilities {
		if len(row) != len(probabilities[0]) {
			return fmt.Errorf("image %d has %d probabilities, image 0 has %d: give one per class",
				i, len(row), len(probabilities[0]))
		}
		sum := 0.0
		for j, p := range row {
			if !(p >= 0) || p > 1+sumTolerance {
				return fmt.Errorf("probability %d of image %d is %v: give numbers from 0 to 1, such as those of a softmax", j, i, p)
			}
			sum += float64(p)
		}
		if math.Abs(sum-1) > sumTolerance {
			return fmt.Errorf("the probabilities of image %d sum to %.4g: they must sum to 1, as those of a softmax", i, sum)
		}
	}
	return nil
}

func checkLabelled(probabilities [][]float32, actual []int) error {
	if len(probabilities) != len(actual) {
		return fmt.Errorf("%d rows of probabilities but %d actual labels: give one of each per image",
			len(probabilities), len(actual))
	}
	if err := checkProbabilities(probabilities); err != nil {
		return err
	}
	for i, label := range actual {
		if err := checkActual(i, label, len(probabilities[0])); err != nil {
			return err
		}
	}
	return nil
}
