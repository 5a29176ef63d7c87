package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Scores are the scores of one class, or an average over classes:
//
//	precision = true positives / predicted as the class
//	recall    = true positives / images of the class (the support)
//	F1        = 2 · true positives / (support + predicted), the harmonic mean of both
//
// A score with nothing to divide by is 0.
type Scores struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1-score"`
	Support   int     `json:"support"`
}

// Report is what scikit-learn's classification_report holds.
// Scores has one entry per class; Macro is their plain mean, Weighted their mean weighted by support.
type Report struct {
	Classes  []string
	Scores   []Scores
	Accuracy float64
	Macro    Scores
	Weighted Scores
}

// Report computes the scores of every class and their averages.
func (c *Confusion) Report() Report {
	n := len(c.Classes)
	predicted := make([]int, n)
	for _, row := range c.Counts {
		for j := range min(n, len(row)) {
			predicted[j] += row[j]
		}
	}
	total := c.Total()
	r := Report{Classes: c.Classes, Scores: make([]Scores, n), Accuracy: c.Accuracy()}
	r.Macro.Support, r.Weighted.Support = total, total
	for i := range min(n, len(c.Counts)) {
		row := c.Counts[i]
		if i >= len(row) {
			continue
		}
		s := Scores{
			Precision: ratio(row[i], predicted[i]),
			Recall:    ratio(row[i], sum(row)),
			F1:        ratio(2*row[i], sum(row)+predicted[i]),
			Support:   sum(row),
		}
		r.Scores[i] = s
		r.Macro.add(s, 1)
		r.Weighted.add(s, float64(s.Support))
	}
	r.Macro.divide(float64(n))
	r.Weighted.divide(float64(total))
	return r
}

func (s *Scores) add(o Scores, weight float64) {
	s.Precision += weight * o.Precision
	s.Recall += weight * o.Recall
	s.F1 += weight * o.F1
}

func (s *Scores) divide(by float64) {
	if by == 0 {
		return
	}
	s.Precision /= by
	s.Recall /= by
	s.F1 /= by
}

const (
	macroName    = "macro avg"
	weightedName = "weighted avg"
)

// String lays the report out as scikit-learn's classification_report(…, digits=4) does, byte for byte.
func (r Report) String() string {
	width := len(weightedName)
	for _, class := range r.Classes {
		width = max(width, len([]rune(class)))
	}
	var b strings.Builder
	row := func(name string, s Scores) {
		fmt.Fprintf(&b, "%*s  %9.4f %9.4f %9.4f %9d\n", width, name, s.Precision, s.Recall, s.F1, s.Support)
	}
	fmt.Fprintf(&b, "%*s  %9s %9s %9s %9s\n\n", width, "", "precision", "recall", "f1-score", "support")
	for i, class := range r.Classes {
		row(class, r.Scores[i])
	}
	fmt.Fprintf(&b, "\n%*s  %9s %9s %9.4f %9d\n", width, "accuracy", "", "", r.Accuracy, r.Weighted.Support)
	row(macroName, r.Macro)
	row(weightedName, r.Weighted)
	return b.String()
}

// MarshalJSON writes what scikit-learn's classification_report(…, output_dict=True) returns:
// one object per class by name, then "accuracy", "macro avg" and "weighted avg".
func (r Report) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	field := func(name string, value any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("classification report, %q: %w", name, err)
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(text)
		return nil
	}
	for i, class := range r.Classes {
		if err := field(class, r.Scores[i]); err != nil {
			return nil, err
		}
	}
	for _, f := range []struct {
		name  string
		value any
	}{{"accuracy", r.Accuracy}, {macroName, r.Macro}, {weightedName, r.Weighted}} {
		if err := field(f.name, f.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
