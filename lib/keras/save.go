package keras

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Save writes a model by the extension of its path: ".weights.h5" (weights alone, as Keras 3's save_weights), ".h5"
// (whole model in HDF5) or ".keras" (Keras 3's archive).
//
// Keras 3 opens whole models with load_model; so does tf_keras if no model is nested (it counts the calls of a nested model
// from 1, Keras 3 from 0, and neither takes the other's), none attends (the two write such calls differently), and no layer is
// one that it has otherwise or not at all, such as LeakyReLU and hard_sigmoid. The model comes uncompiled. Layers are written
// in the order in which Keras counts them. What Keras has no layer for is refused. The file appears whole or not at all.
func Save(path string, m *Model) error { return tell(path, save(path, m, false)) }

// SaveOwn is Save for files of programs of ours: a ".h5" may then hold the layers that Keras defines beside single networks,
// such as LayerScale. Keras opens it if it is told their classes by custom_objects.
func SaveOwn(path string, m *Model) error { return tell(path, save(path, m, true)) }

func tell(path string, err error) error {
	var written *files.WriteError
	switch {
	case errors.As(err, &written): // names the path
		return fmt.Errorf("keras: %w", err)
	case err != nil:
		return fmt.Errorf("keras: cannot save %s: %w", path, err)
	}
	return nil
}

func save(path string, m *Model, own bool) error {
	if err := complete(m); err != nil {
		return err
	}
	if _, err := nest(m); err != nil {
		return err
	}
	m, err := expand(m)
	if err != nil {
		return err
	}
	tree, err := nest(m)
	if err != nil {
		return err
	}
	tree.name = withClasses(cmp.Or(tree.name, "functional"), m.Classes)
	w := writer{objects: len(m.Nested) > 0 || attends(m.Layers), modules: strings.HasSuffix(path, ".keras"), own: own}
	ls, nested := tree.list()
	switch {
	case strings.HasSuffix(path, ".weights.h5"):
		return weights.SaveVariables(path, variables(ls, nested, m.Values))
	case strings.HasSuffix(path, ".h5"):
		config, err := w.architecture(tree)
		if err != nil {
			return err
		}
		return weights.SaveModel(path, tree.named(m.Values), config, m.Extra)
	case strings.HasSuffix(path, ".keras"):
		config, err := w.architecture(tree)
		if err != nil {
			return err
		}
		return weights.SaveArchive(path, variables(ls, nested, m.Values), config, m.Extra)
	}
	return fmt.Errorf("the name must end in .weights.h5, .h5 or .keras")
}

// attends reports whether a list has an attention, whose call on two tensors the older form of a configuration does not
// tell Keras 3.
func attends(ls layer.List) bool {
	return slices.ContainsFunc(ls, func(l *layer.Layer) bool { return layer.InputsOf(l.Op) == layer.SelfAttention })
}

// complete checks that every weight has its values.
func complete(m *Model) error {
	for _, l := range m.Layers {
		if len(m.Values[l.Name]) != len(l.W) {
			return fmt.Errorf("layer %s has %d weights, but values for %d", l.Name, len(l.W), len(m.Values[l.Name]))
		}
		for i, w := range l.W {
			if n := len(m.Values[l.Name][i]); n != w.Size() {
				return fmt.Errorf("layer %s, %s: %d values for shape %v", l.Name, w.Name, n, w.Shape)
			}
		}
	}
	return nil
}

// named arranges values as legacy .h5 files do: a nested model is one layer, whose trained weights come first.
func (c *container) named(v layer.Values) []weights.Layer {
	var out []weights.Layer
	for _, u := range c.units {
		if u.layer != nil {
			out = append(out, layer.List{u.layer}.Checkpoint(v)...)
			continue
		}
		var trained, kept []weights.Tensor
		ls, _ := u.model.list()
		for _, row := range ls.Checkpoint(v) {
			l := ls[ls.Index(row.Name)]
			for i, t := range row.Tensors {
				t.Name = l.Name + "/" + t.Name
				if l.Frozen || l.W[i].Statistic {
					kept = append(kept, t)
				} else {
					trained = append(trained, t)
				}
			}
		}
		out = append(out, weights.Layer{Name: u.name, Tensors: append(trained, kept...)})
	}
	return out
}

// variables arranges values as Keras 3's .weights.h5 files do.
func variables(ls layer.List, nested []layer.Nested, v layer.Values) []weights.Layer {
	var out []weights.Layer
	rows := ls.Checkpoint(v)
	for i, path := range paths(ls, nested) {
		row := rows[i]
		row.Name = path
		if parts := layer.Sublayers(ls[i].Op); parts != nil {
			out = append(out, split(row, parts)...)
			continue
		}
		for j := range row.Tensors {
			row.Tensors[j].Name = fmt.Sprint(j)
		}
		out = append(out, row)
	}
	return out
}
