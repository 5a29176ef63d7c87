package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// predictions holds class probabilities, one row per image.
type predictions struct {
	Notice        string      `json:"notice,omitempty"`
	Classes       []string    `json:"classes"`
	Images        []string    `json:"images"`
	Predicted     []string    `json:"predicted"`
	Probabilities [][]float32 `json:"probabilities"`
	// MultiLabel says that each class has a probability of its own; Labels are then those of at least one half.
	MultiLabel bool       `json:"multi_label,omitempty"`
	Labels     [][]string `json:"labels,omitempty"`
	confidence []float64
}

func (p predictions) String() string {
	var b strings.Builder
	b.WriteString(noticeLine(p.Notice))
	if p.MultiLabel {
		return b.String() + p.table()
	}
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

// table tells the probability of each class, which do not exclude one another; a star marks those of at least one half.
func (p predictions) table() string {
	var b strings.Builder
	for i := range p.Images {
		if i == 0 {
			for _, class := range p.Classes {
				fmt.Fprintf(&b, "%-*s ", max(7, len(class)), class)
			}
			b.WriteString(" image\n")
		}
		for k, class := range p.Classes {
			star := ""
			if slices.Contains(p.Labels[i], class) {
				star = "*"
			}
			fmt.Fprintf(&b, "%-*s ", max(7, len(class)), fmt.Sprintf("%.4f%s", p.Probabilities[i][k], star))
		}
		fmt.Fprintf(&b, " %s\n", p.Images[i])
	}
	b.WriteString("each class by itself: an image may have several or none; * from 0.5 on\n")
	return b.String()
}

func predict(c *call) (fmt.Stringer, error) {
	c.foreign()
	c.devices()
	out := c.flags.String("out", "", "classify the images of a list, a path a line, into the `FILE` of JSON lines; one that is there is gone "+
		"on with")
	part := c.flags.String("shard", "", "with --out: "+shardHelp+", into FILE-I-of-N")
	words, err := c.parse(2, -1, "RUN, FILE or IMAGE is")
	switch {
	case err != nil:
		return nil, err
	case *out != "":
		return c.predictList(words, *out, *part)
	case *part != "":
		return nil, wrongUse("--shard is a part of a list: give the list, and --out")
	}
	files, err := c.openPictures(words[1:])
	if err != nil {
		return nil, err
	}
	m, predictor, unnamed, err := c.predictor(words[0])
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
	guess := predictions{Notice: notice.Join(p.Notice, unnamed, files.notice()), Classes: m.Classes, Images: words[1:],
		Probabilities: p.Probabilities, MultiLabel: p.MultiLabel}
	for i, class := range p.Predicted {
		guess.Predicted = append(guess.Predicted, m.Classes[class])
		guess.confidence = append(guess.confidence, p.Confidence(i))
		if p.MultiLabel {
			guess.Labels = append(guess.Labels, labels(p, i))
		}
	}
	return guess, nil
}

// predictor opens a model to predict with. unnamed is a notice if its file names no classes.
func (c *call) predictor(name string) (m *classifier.Model, p *classifier.Predictor, unnamed string, err error) {
	if m, err = c.load(name); err != nil {
		return nil, nil, "", err
	}
	unnamed = classesWithoutData(m, name)
	p, err = m.Predictor()
	return m, p, unnamed, err
}

// labels are the names of those that image i has; nil where classes exclude one another.
func labels(p *result.Predictions, i int) []string {
	if !p.MultiLabel {
		return nil
	}
	names := []string{}
	for _, label := range p.Labels(i) {
		names = append(names, p.Classes[label])
	}
	return names
}
