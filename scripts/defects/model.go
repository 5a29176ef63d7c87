package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// isModel reports whether a word names a run or a file with a model, there or not, rather than a backbone.
func isModel(word string) bool {
	if slices.Contains(backbone.Names(), word) {
		return false
	}
	if info, err := os.Stat(word); err == nil && (info.Mode().IsRegular() || weights.InFolder(word)) {
		return true
	}
	info, err := os.Stat(classifier.RunDir(word))
	return err == nil && info.IsDir() || strings.ContainsAny(word, `/\.`)
}

// checkModelOrBackbone refuses a word that is neither.
func checkModelOrBackbone(word string) error {
	if !isModel(word) && !slices.Contains(backbone.Names(), word) {
		return wrongUse("unknown backbone %q: use one of %s, or name a run or a .h5 or .keras file", word,
			strings.Join(backbone.Names(), ", "))
	}
	return nil
}

// classesOfData checks that the model knows the classes of the data. One that names none gets these, and a notice.
func classesOfData(m *classifier.Model, name string, data *images.Dataset) (notice string, err error) {
	outputs := m.Layers.Output()[0]
	switch {
	case m.Classes == nil && outputs == len(data.Classes):
		m.Classes = data.Classes
		return name + " names no classes: its outputs are taken for those of the data in alphabetical order", nil
	case m.Classes == nil:
		return "", fmt.Errorf("%s has %d outputs, but %s has %d classes %v: give the images it was made for with --data",
			name, outputs, data.Origin, len(data.Classes), data.Classes)
	case !slices.Equal(data.Classes, m.Classes):
		return "", fmt.Errorf("%s knows the classes %v, but %s has %v: give the images it was made for with --data",
			name, m.Classes, data.Origin, data.Classes)
	}
	return "", nil
}

// classesWithoutData gives a model that names no classes those of NEU-DET, or numbers, and a notice.
func classesWithoutData(m *classifier.Model, name string) (notice string) {
	outputs := m.Layers.Output()[0]
	switch {
	case m.Classes != nil:
		return ""
	case outputs == len(neudet.Classes):
		m.Classes = neudet.Classes
		return name + " names no classes: its outputs are taken for NEU-DET's in alphabetical order"
	}
	for i := range outputs {
		m.Classes = append(m.Classes, fmt.Sprintf("class %d", i))
	}
	return name + " names no classes: they are numbered; --classes names them"
}

// unfreezing are the options that choose the layers of the base to train.
type unfreezing struct {
	call       *call
	from, last int
	prefix     string
}

func (c *call) unfreezing() *unfreezing {
	u := &unfreezing{call: c}
	c.flags.IntVar(&u.from, "unfreeze-from", 0, "train the base from its layer `I` on, as Keras counts base.layers; freeze the "+
		"others")
	c.flags.IntVar(&u.last, "unfreeze-last", 0, "train the last `N` layers of the base; freeze the others")
	c.flags.StringVar(&u.prefix, "unfreeze-prefix", "", "train the layers of the base whose names begin with `P`, such as "+
		"conv5_; freeze the others")
	return u
}

// check looks at the options alone.
func (u *unfreezing) check() error {
	var set []string
	for _, name := range []string{"unfreeze-from", "unfreeze-last", "unfreeze-prefix"} {
		if u.call.given(name) {
			set = append(set, "--"+name)
		}
	}
	switch {
	case len(set) > 1:
		return wrongUse("%s: choose one of them", strings.Join(set, " and "))
	case u.from < 0:
		return wrongUse("--unfreeze-from %d: layers count from 0", u.from)
	case u.call.given("unfreeze-last") && u.last < 1:
		return wrongUse("--unfreeze-last %d: use at least 1", u.last)
	case u.call.given("unfreeze-prefix") && u.prefix == "":
		return wrongUse("--unfreeze-prefix is empty: give the beginning of a layer's name")
	}
	return nil
}

// given reports whether there are such options.
func (u *unfreezing) given() bool {
	return u.call.given("unfreeze-from") || u.call.given("unfreeze-last") || u.call.given("unfreeze-prefix")
}

// choose gives the layers of the base that the options name, which apply has checked.
func (u *unfreezing) choose(base layer.List) layer.List {
	switch given := u.call.given; {
	case given("unfreeze-from"):
		return base[u.from:]
	case given("unfreeze-last"):
		return base.Last(u.last)
	}
	return base.WithPrefix(u.prefix)
}

// apply freezes the base but for what the options name. Without options it leaves the base as it is.
func (u *unfreezing) apply(base *backbone.Backbone) error {
	layers := base.Layers
	n := len(layers)
	switch given := u.call.given; {
	case !u.given():
		return nil
	case given("unfreeze-from") && u.from >= n:
		return fmt.Errorf("--unfreeze-from %d: %s has %d layers, 0 to %d", u.from, base, n, n-1)
	case given("unfreeze-last") && u.last > n:
		return fmt.Errorf("--unfreeze-last %d: %s has %d layers", u.last, base, n)
	case given("unfreeze-prefix") && len(layers.WithPrefix(u.prefix)) == 0:
		return fmt.Errorf("--unfreeze-prefix %s: no layer of %s begins so; its last one is %s; "+
			"`%s` lists them", u.prefix, base, layers[n-1].Name, files.Defects("summary"))
	}
	trained := u.choose(layers)
	layers.Freeze()
	trained.Unfreeze()
	if trained.TrainableParams() == 0 {
		return errors.New("the layers of the base that are to be trained have no weights: unfreeze more of them")
	}
	return nil
}

// sameFile reports whether two names lead to one file or folder.
func sameFile(a, b string) bool {
	i, err := os.Stat(a)
	if err != nil {
		return filepath.Clean(a) == filepath.Clean(b)
	}
	j, err := os.Stat(b)
	return err == nil && os.SameFile(i, j)
}
