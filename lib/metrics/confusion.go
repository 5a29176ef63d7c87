// Package metrics says how good a classifier is: confusion matrix, classification report, and how sure one can be; whether
// one is better than another; and whether its confidence can be believed.
package metrics

import (
	"errors"
	"fmt"
	"strings"
)

// Confusion is a confusion matrix: Counts[i][j] images of class i were predicted as class j.
// Rows are actual classes and columns predicted ones, as in scikit-learn's confusion_matrix.
type Confusion struct {
	Classes []string `json:"classes"`
	Counts  [][]int  `json:"counts"`
	Notice  string   `json:"notice,omitempty"` // what readers must know: weights or data that are not the real ones
}

// NewConfusion counts pairs of labels: actual[k] and predicted[k] belong to the same image, and index classes.
// It is an error if there are no images, if the two differ in length, or if a label is not in [0, len(classes)).
// An actual label of −1 is that of an image of unknown class: it is an error, too.
func NewConfusion(classes []string, actual, predicted []int) (*Confusion, error) {
	switch {
	case len(classes) == 0:
		return nil, errors.New("confusion matrix: no classes given")
	case len(actual) != len(predicted):
		return nil, fmt.Errorf("confusion matrix: %d actual labels but %d predicted ones; give one of each per image",
			len(actual), len(predicted))
	case len(actual) == 0:
		return nil, errors.New("confusion matrix: no images to count; give at least one label")
	}
	c := &Confusion{Classes: classes, Counts: make([][]int, len(classes))}
	for i := range c.Counts {
		c.Counts[i] = make([]int, len(classes))
	}
	for k := range actual {
		if err := checkActual(k, actual[k], len(classes)); err != nil {
			return nil, fmt.Errorf("confusion matrix: %w", err)
		}
		if err := checkLabel("predicted", k, predicted[k], len(classes)); err != nil {
			return nil, fmt.Errorf("confusion matrix: %w", err)
		}
		c.Counts[actual[k]][predicted[k]]++
	}
	return c, nil
}

func checkActual(k, label, classes int) error {
	if label == -1 {
		return fmt.Errorf("image %d has no label: leave out the images of unknown class", k)
	}
	return checkLabel("actual", k, label, classes)
}

func checkLabel(kind string, k, label, classes int) error {
	if label < 0 || label >= classes {
		return fmt.Errorf("%s label %d of image %d is not one of the %d classes; labels go from 0 to %d",
			kind, label, k, classes, classes-1)
	}
	return nil
}

// Correct is the number of images on the diagonal.
func (c *Confusion) Correct() int {
	correct := 0
	for i, row := range c.Counts {
		if i < len(row) {
			correct += row[i]
		}
	}
	return correct
}

// Total is the number of images counted.
func (c *Confusion) Total() int {
	total := 0
	for _, row := range c.Counts {
		total += sum(row)
	}
	return total
}

// Accuracy is Correct / Total, in [0, 1]; 0 if nothing was counted.
func (c *Confusion) Accuracy() float64 { return ratio(c.Correct(), c.Total()) }

// Interval is the 95 % Wilson interval of Accuracy.
func (c *Confusion) Interval() Interval { return Wilson(c.Correct(), c.Total()) }

// Summary is "357 of 360 right = 99.17 %, 95 % interval 97.6–99.7 %", with " (notice: …)" after it if there is a Notice.
func (c *Confusion) Summary() string {
	text := fmt.Sprintf("%d of %d right = %.2f %%, 95 %% interval %v", c.Correct(), c.Total(), 100*c.Accuracy(), c.Interval())
	if c.Notice != "" {
		text += " (notice: " + c.Notice + ")"
	}
	return text
}

// Recalls gives, per class, the share of its images that were found, and the 95 % Wilson interval of that share.
// A class without images has recall 0 and the interval [0, 1].
func (c *Confusion) Recalls() ([]float64, []Interval) {
	recalls, intervals := make([]float64, len(c.Counts)), make([]Interval, len(c.Counts))
	for i, row := range c.Counts {
		hits := 0
		if i < len(row) {
			hits = row[i]
		}
		recalls[i], intervals[i] = ratio(hits, sum(row)), Wilson(hits, sum(row))
	}
	return recalls, intervals
}

// String is the matrix as a text table: a row per actual class, a numbered column per predicted one. A Notice is its last
// line.
func (c *Confusion) String() string {
	width := 0
	for i, class := range c.Classes {
		width = max(width, len([]rune(fmt.Sprintf("%d %s", i, class))))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%*s", width, "")
	for j := range c.Classes {
		fmt.Fprintf(&b, " %5d", j)
	}
	for i, row := range c.Counts {
		name := fmt.Sprint(i)
		if i < len(c.Classes) {
			name += " " + c.Classes[i]
		}
		fmt.Fprintf(&b, "\n%-*s", width, name)
		for _, n := range row {
			fmt.Fprintf(&b, " %5d", n)
		}
	}
	if c.Notice != "" {
		b.WriteString("\nnotice: " + c.Notice)
	}
	return b.String() + "\n"
}

func sum(values []int) int {
	total := 0
	for _, v := range values {
		total += v
	}
	return total
}

// ratio is a/b, and 0 where b is 0, as scikit-learn's zero_division=0.
func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
