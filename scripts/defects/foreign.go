package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
)

// foreign are the options that say what a file of others leaves open.
type foreign struct{ preprocessing, size, classes string }

// foreign declares the options that load obeys.
func (c *call) foreign() {
	c.flags.StringVar(&c.unsaid.preprocessing, "preprocess", "", "what images passed before a model of Keras saw them, if its file "+
		"does not say: `P` is "+strings.Join(classifier.Preprocessings(), ", "))
	c.flags.StringVar(&c.unsaid.size, "image-size", "", "resize images to `HxW` pixels, if the file leaves their size open, such as "+
		"224 or 96x160, height first")
	c.flags.StringVar(&c.unsaid.classes, "classes", "", "the names of the outputs in their order, if the file does not say: `A,B,…`, "+
		"or @FILE with one a line")
}

// load opens a run or a file, and says on stderr what a user should know of the file.
func (c *call) load(name string) (*classifier.Model, error) {
	f := c.unsaid
	if f.preprocessing != "" && !slices.Contains(classifier.Preprocessings(), f.preprocessing) {
		return nil, wrongUse("--preprocess %s: use one of %s", f.preprocessing, strings.Join(classifier.Preprocessings(), ", "))
	}
	height, width, err := f.heightAndWidth()
	if err != nil {
		return nil, err
	}
	classes, err := f.names()
	if err != nil {
		return nil, err
	}
	m, _, err := classifier.LoadSized(name, height, width)
	if err != nil {
		return nil, err
	}
	if f.preprocessing != "" {
		if err := m.SetPreprocessing(f.preprocessing); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if outputs := m.Layers.Output()[0]; classes != nil {
		switch {
		case m.Classes != nil && !slices.Equal(m.Classes, classes):
			return nil, fmt.Errorf("%s names its classes, %q: leave --classes out", name, m.Classes)
		case len(classes) != outputs:
			return nil, fmt.Errorf("--classes names %d classes, %s has %d outputs: name each of them", len(classes), name, outputs)
		}
		m.Classes = classes
	}
	for _, note := range m.Notes {
		fmt.Fprintf(c.stderr, "%s: %s\n", name, note)
	}
	return m, nil
}

// heightAndWidth are those of --image-size, 0 if it is not given.
func (f foreign) heightAndWidth() (height, width int, err error) {
	if f.size == "" {
		return 0, 0, nil
	}
	first, second, both := strings.Cut(f.size, "x")
	if !both {
		second = first
	}
	height, err = strconv.Atoi(first)
	if err == nil {
		width, err = strconv.Atoi(second)
	}
	if err != nil || height < 1 || width < 1 {
		return 0, 0, wrongUse("--image-size %s: give pixels, such as 224, or 96x160 for a height of 96 and a width of 160", f.size)
	}
	return height, width, nil
}

// names are those of --classes, nil if it is not given.
func (f foreign) names() ([]string, error) {
	if f.classes == "" {
		return nil, nil
	}
	names := strings.Split(f.classes, ",")
	if path, isFile := strings.CutPrefix(f.classes, "@"); isFile {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("--classes: %w", err)
		}
		names = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
		if names[i] == "" || slices.Contains(names[:i], names[i]) {
			return nil, wrongUse("--classes: name %d, %q, is empty or there twice", i+1, names[i])
		}
	}
	return names, nil
}
