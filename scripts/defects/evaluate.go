package main

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// evaluation is how good a model is on validation images.
type evaluation struct {
	Model     string           `json:"model"` // run or file
	Data      string           `json:"data"`
	Notice    string           `json:"notice,omitempty"`
	Accuracy  float64          `json:"accuracy"`
	Interval  metrics.Interval `json:"interval"` // 95 %, Wilson
	Correct   int              `json:"correct"`
	Total     int              `json:"total"`
	Classes   []string         `json:"classes"`
	Confusion [][]int          `json:"confusion"` // rows actual, columns predicted
	Report    metrics.Report   `json:"report"`
}

func (e evaluation) String() string {
	matrix := &metrics.Confusion{Classes: e.Classes, Counts: e.Confusion} // its notice stands above and below
	return fmt.Sprintf("%s\n%s\n%s\naccuracy %.4f (%d of %d), 95 %% interval %s\n%s", noticeLine(e.Notice), matrix, e.Report,
		e.Accuracy, e.Correct, e.Total, e.Interval, noticeLine(e.Notice))
}

func evaluate(c *call) (fmt.Stringer, error) {
	source := c.flags.String("data", "", "`DIR|ZIP` with the images (default: what doctor names)")
	c.foreign()
	c.devices()
	words, err := c.parse(1, 1, "RUN or FILE is")
	if err != nil {
		return nil, err
	}
	m, err := c.load(words[0])
	if err != nil {
		return nil, err
	}
	if m.MultiLabel() {
		return nil, fmt.Errorf("%s gives each class a probability of its own, so that an image may have several, and folders of classes "+
			"name one per image: take the probabilities of `predict --json`, and compare them with your labels", words[0])
	}
	data, err := c.openData(*source)
	if err != nil {
		return nil, err
	}
	unnamed, err := classesOfData(m, words[0], data)
	if err != nil {
		return nil, err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	p, err := m.Predict(ctx, counted{data.Validation, c.counter("images", data.Validation.Len())})
	if err != nil {
		return nil, err
	}
	matrix, err := p.Confusion()
	if err != nil {
		return nil, err
	}
	return evaluation{Model: words[0], Data: data.Origin, Notice: notice.Join(data.Notice, p.Notice, unnamed),
		Accuracy: matrix.Accuracy(), Interval: matrix.Interval(), Correct: matrix.Correct(), Total: matrix.Total(),
		Classes: m.Classes, Confusion: matrix.Counts, Report: matrix.Report()}, nil
}
