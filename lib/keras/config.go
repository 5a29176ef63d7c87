package keras

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// writer writes configurations: calls as objects (Keras 3) or as lists (both), with or without the modules of classes.
// own lets layers of other modules than keras.layers into files that do not name modules.
type writer struct{ objects, modules, own bool }

func (w writer) architecture(c *container) ([]byte, error) {
	config, err := w.model(c)
	if err != nil {
		return nil, err
	}
	return json.Marshal(w.object("keras", "Model", config))
}

func (w writer) object(module, class string, config layer.Settings) layer.Settings {
	if !w.modules {
		if class == "Model" {
			class = "Functional"
		}
		return layer.Settings{"class_name": class, "config": config}
	}
	return layer.Settings{"module": module, "class_name": class, "config": config, "registered_name": nil}
}

func (w writer) model(c *container) (layer.Settings, error) {
	layers := []layer.Settings{}
	for i, u := range c.units {
		o, err := w.unit(u, c)
		if err == nil && c.class == "Sequential" {
			err = link(o, u, c.units[:i])
		}
		if err != nil {
			return nil, err
		}
		layers = append(layers, o)
	}
	ls, _ := c.list()
	trainable := false
	for _, l := range ls {
		trainable = trainable || !l.Frozen
	}
	if c.class == "Sequential" {
		return layer.Settings{"name": c.name, "trainable": trainable, "layers": layers}, nil
	}
	ends := func(u *unit) any {
		if w.objects {
			return []any{u.name, 0, 0}
		}
		return [][]any{{u.name, 0, 0}}
	}
	return layer.Settings{"name": c.name, "trainable": trainable, "layers": layers, "input_layers": ends(c.units[0]),
		"output_layers": ends(c.units[len(c.units)-1])}, nil
}

// link makes o a layer of a Sequential model, which reads the one before it.
func link(o layer.Settings, u *unit, before []*unit) error {
	last := len(before) - 1
	if last >= 0 && !slices.Equal(u.inputs, []string{before[last].name}) {
		return fmt.Errorf("layer %s is called on %v: in a Sequential model it can only be called on the one before it, "+
			"without options", u.name, u.inputs)
	}
	delete(o, "name")
	delete(o, "inbound_nodes")
	return nil
}

func (w writer) unit(u *unit, in *container) (o layer.Settings, err error) {
	inference := false
	var config layer.Settings
	if u.model != nil {
		if config, err = w.model(u.model); err != nil {
			return nil, err
		}
		o = w.object("keras", cmp.Or(u.model.class, "Model"), config)
		inference = allInference(u.model) && !allInference(in)
	} else {
		op := u.layer.Op
		if !slices.Contains(layer.Classes(), op.Class()) {
			return nil, fmt.Errorf("layer %s: a layer of class %s cannot be written as Keras's", u.name, op.Class())
		}
		if config, err = op.Config(); err != nil {
			return nil, fmt.Errorf("layer %s: %w", u.name, err)
		}
		config["name"] = u.name
		if config["dtype"] == nil {
			config["dtype"] = "float32"
		}
		if _, ok := op.(layer.Input); !ok {
			config["trainable"] = !u.layer.Frozen
		} else if !w.objects {
			config["batch_input_shape"] = config["batch_shape"]
			delete(config, "batch_shape")
		}
		module := layer.Module(op)
		if module != "keras.layers" && !w.modules && !w.own {
			return nil, fmt.Errorf("layer %s: Keras opens a layer of class %s from .keras files alone", u.name, op.Class())
		}
		o = w.object(module, op.Class(), config)
		differs, _ := layer.InTraining(op)
		inference = differs && u.layer.Inference && !allInference(in)
	}
	if inference && in.class == "Sequential" {
		return nil, fmt.Errorf("layer %s alone is called with training=False: a Sequential model cannot say that", u.name)
	}
	o["name"] = u.name
	o["inbound_nodes"] = w.nodes(u, in, inference)
	return o, nil
}

// allInference reports whether the model is called with training=False.
func allInference(c *container) bool {
	ls, _ := c.list()
	for _, l := range ls {
		if !l.Inference {
			return false
		}
	}
	return true
}

func (w writer) nodes(u *unit, in *container, inference bool) []any {
	if len(u.inputs) == 0 {
		return []any{}
	}
	kwargs := layer.Settings{}
	if inference {
		kwargs["training"] = false
	}
	tensors := []any{}
	for _, name := range u.inputs {
		if !w.objects {
			tensors = append(tensors, []any{name, 0, 0, kwargs})
			continue
		}
		shape := []any{nil}
		for _, n := range in.unit(name).shape() {
			shape = append(shape, n)
		}
		tensors = append(tensors, layer.Settings{"class_name": "__keras_tensor__",
			"config": layer.Settings{"shape": shape, "dtype": "float32", "keras_history": []any{name, 0, 0}}})
	}
	if !w.objects {
		return []any{tensors}
	}
	if u.layer != nil {
		switch layer.InputsOf(u.layer.Op) {
		case layer.TensorList:
			tensors = []any{tensors}
		case layer.SelfAttention:
			tensors = append(tensors, tensors[0]) // query and value
		}
	}
	return []any{layer.Settings{"args": tensors, "kwargs": kwargs}}
}

func (c *container) unit(name string) *unit {
	for _, u := range c.units {
		if u.name == name {
			return u
		}
	}
	return nil
}

func (u *unit) shape() []int {
	if u.layer != nil {
		return u.layer.Shape
	}
	ls, _ := u.model.list()
	return ls.Output()
}
