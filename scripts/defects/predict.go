package main

import (
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// predictions holds class probabilities, one row per image.
type predictions struct {
	Notice        string      `json:"notice,omitempty"`
	Classes       []string    `json:"classes"`
	Images        []string    `json:"images"`
	Predicted     []string    `json:"predicted"`
	Probabilities [][]float32 `json:"probabilities"`
	confidence    []float64
}

func (p predictions) String() string {
	var b strings.Builder
	b.WriteString(noticeLine(p.Notice))
	width := len("predicted")
	for _, class := range p.Classes {
		width = max(width, len(class))
	}
	fmt.Fprintf(&b, "%-*s %11s  image\n", width, "predicted", "probability")
	for i, name := range p.Images {
		fmt.Fprintf(&b, "%-*s %11.4f  %s\n", width, p.Predicted[i], p.confidence[i], name)
	}
	return b.String()
}

func predict(c *call) (fmt.Stringer, error) {
	c.preprocess()
	c.devices()
	words, err := c.parse(2, -1, "RUN, FILE or IMAGE is")
	if err != nil {
		return nil, err
	}
	files, err := c.openPictures(words[1:])
	if err != nil {
		return nil, err
	}
	m, err := c.load(words[0])
	if err != nil {
		return nil, err
	}
	unnamed := classesWithoutData(m, words[0])
	predictor, err := m.Predictor()
	if err != nil {
		return nil, err
	}
	defer predictor.Close()
	ctx, stop := untilInterrupt()
	defer stop()
	p, err := predictor.Predict(ctx, files)
	if err != nil {
		return nil, files.explain(err)
	}
	out := predictions{Notice: notice.Join(p.Notice, unnamed, files.notice()), Classes: m.Classes, Images: words[1:], Probabilities: p.Probabilities}
	for i, class := range p.Predicted {
		out.Predicted = append(out.Predicted, m.Classes[class])
		out.confidence = append(out.confidence, p.Confidence(i))
	}
	return out, nil
}
