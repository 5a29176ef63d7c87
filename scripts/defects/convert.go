package main

import (
	"fmt"
	"os"
	"strings"

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
	c.preprocess()
	words, err := c.parse(2, 2, "RUN, FILE or OUT is")
	if err != nil {
		return nil, err
	}
	in, out := words[0], words[1]
	if !strings.HasSuffix(out, ".h5") && !strings.HasSuffix(out, ".keras") {
		return nil, wrongUse("OUT %s: end its name in .keras or .h5 (whole model), or .weights.h5 (weights alone)", out)
	}
	if sameFile(in, out) {
		return nil, wrongUse("OUT %s is the file to read: name another", out)
	}
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder: name a file", out)
	}
	result := converted{From: in, To: out}
	info, err := os.Stat(in)
	if err == nil && !info.IsDir() && c.preprocessing == "" && !weights.IsSafetensors(in) { // all of the file, whatever it is for
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
		result.Params = m.Layers.Params()
	}
	if info, err = os.Stat(out); err != nil {
		return nil, err
	}
	result.Bytes = info.Size()
	return result, nil
}
