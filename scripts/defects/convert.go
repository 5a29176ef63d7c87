package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// converted says what was written.
type converted struct {
	From   string   `json:"from"`
	To     string   `json:"to"`
	Params int      `json:"params"`
	Bytes  int64    `json:"bytes"`
	Notes  []string `json:"notes,omitempty"`
}

func (c converted) String() string {
	return fmt.Sprintf("%s: %d parameters, %.1f MB\n", c.To, c.Params, float64(c.Bytes)/1e6)
}

func convert(c *call) (fmt.Stringer, error) {
	c.foreign()
	words, err := c.parse(2, 2, "RUN, FILE or OUT is")
	if err != nil {
		return nil, err
	}
	in, out := words[0], words[1]
	if !slices.Contains([]string{".h5", ".keras", ".onnx"}, filepath.Ext(out)) {
		return nil, wrongUse("OUT %s: end its name in .keras or .h5 (whole model), .weights.h5 (weights alone), or .onnx "+
			"(whole model, for ONNX Runtime)", out)
	}
	if sameFile(in, out) {
		return nil, wrongUse("OUT %s is the file to read: name another", out)
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name a file", out)
	}
	result := converted{From: in, To: out}
	asIs := c.unsaid == foreign{} && filepath.Ext(out) != ".onnx" && !weights.IsSafetensors(in)
	info, err := os.Stat(in)
	if err == nil && !info.IsDir() && asIs { // all of the file, whatever it is for
		m, err := keras.Open(in)
		if err != nil {
			return nil, err
		}
		if err := keras.Save(out, m); err != nil {
			return nil, err
		}
		result.Params, result.Notes = m.Layers.Params(), m.Notes
		for _, note := range result.Notes {
			fmt.Fprintf(c.stderr, "%s: %s\n", in, note)
		}
	} else {
		m, err := c.load(in)
		if err != nil {
			return nil, err
		}
		if err := m.Save(out); err != nil {
			return nil, err
		}
		result.Params, result.Notes = m.Layers.Params(), m.Notes
		if filepath.Ext(out) == ".onnx" {
			result.Notes = append(result.Notes, c.silent(m, in)...)
		}
	}
	if info, err = os.Stat(out); err != nil {
		return nil, err
	}
	result.Bytes = info.Size()
	return result, nil
}

// silent is what a user should know of a model that goes to programs which do not ask for it. It goes to stderr, too.
func (c *call) silent(m *classifier.Model, name string) (notes []string) {
	if m.Classes == nil {
		notes = append(notes, "it names no classes: neither does what is written")
	}
	if notice := m.Notice(); notice != "" {
		notes = append(notes, "NOTICE: "+notice)
	}
	for _, note := range notes {
		fmt.Fprintf(c.stderr, "%s: %s\n", name, note)
	}
	return notes
}
