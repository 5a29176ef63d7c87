package keras

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// object is how Keras writes a layer, a model, or any other thing with a configuration. Module is missing in .h5 files.
type object struct {
	Module     string          `json:"module,omitempty"`
	Class      string          `json:"class_name"`
	Config     json.RawMessage `json:"config"`
	Registered *string         `json:"registered_name"`
	Name       string          `json:"name,omitempty"`
	Nodes      json.RawMessage `json:"inbound_nodes,omitempty"`
}

// graph is the configuration of a Functional or Sequential model.
type graph struct {
	Name       string          `json:"name"`
	Trainable  *bool           `json:"trainable"`
	Layers     []object        `json:"layers"`
	Inputs     json.RawMessage `json:"input_layers"`
	Outputs    json.RawMessage `json:"output_layers"`
	InputShape []*int          `json:"build_input_shape"` // of Sequential models
}

// call is one call of a layer on tensors, numbers and options.
type call struct {
	Args   []argument
	Listed bool // the first argument was a list of tensors, as Add takes it; not an operation on two tensors
	Kwargs map[string]json.RawMessage
	Lists  bool // written in the style of Keras 2
}

// argument is a tensor, by the name of the layer that gives it, or a number, or a number for each channel, or a list of
// something else.
type argument struct {
	Layer    string
	Number   *float64
	Channels []float64
	Key      json.RawMessage
}

func (a argument) isTensor() bool { return a.Number == nil && a.Channels == nil && a.Key == nil }

// tensors are the names of the layers that the call reads.
func (c call) tensors() (names []string) {
	for _, a := range c.Args {
		if a.isTensor() {
			names = append(names, a.Layer)
		}
	}
	return names
}

// calls reads inbound_nodes in both styles: Keras 3 writes objects with args and kwargs, Keras 2 lists.
func calls(raw json.RawMessage) ([]call, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var nodes []json.RawMessage
	if err := json.Unmarshal(raw, &nodes); err != nil {
		return nil, fmt.Errorf("inbound_nodes is no list")
	}
	out := make([]call, len(nodes))
	for i, node := range nodes {
		var err error
		if node[0] == '{' {
			out[i], err = newCall(node)
		} else {
			out[i], err = oldCall(node)
		}
		if err != nil {
			return nil, fmt.Errorf("inbound_nodes[%d]: %w", i, err)
		}
	}
	return out, nil
}

// newCall reads {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}}, 127.5],
// "kwargs": {"training": false}}.
func newCall(raw json.RawMessage) (c call, err error) {
	var node struct {
		Args   []json.RawMessage
		Kwargs map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &node); err != nil {
		return c, fmt.Errorf("the call has no args and kwargs")
	}
	c.Kwargs = node.Kwargs
	if len(node.Args) == 1 && node.Args[0][0] == '[' {
		c.Listed = true
		if err := json.Unmarshal(node.Args[0], &node.Args); err != nil {
			return c, err
		}
	}
	for _, raw := range node.Args {
		a, err := newArgument(raw)
		if err != nil {
			return c, err
		}
		c.Args = append(c.Args, a)
	}
	return c, nil
}

func newArgument(raw json.RawMessage) (argument, error) {
	if a, ok := constant(raw); ok {
		return a, nil
	}
	if raw[0] == '[' {
		return argument{Key: raw}, nil
	}
	var tensor struct {
		Class  string `json:"class_name"`
		Config struct {
			History json.RawMessage `json:"keras_history"`
			Value   json.RawMessage `json:"value"`
		}
	}
	if err := json.Unmarshal(raw, &tensor); err != nil {
		return argument{}, fmt.Errorf("argument %.60s is neither a layer's output nor a number", raw)
	}
	switch {
	case tensor.Class == "__keras_tensor__":
		name, err := history(tensor.Config.History)
		return argument{Layer: name}, err
	case tensor.Class == "__numpy__" || tensor.Class == "__tensor__":
		if a, ok := constant(tensor.Config.Value); ok {
			return a, nil
		}
		return argument{}, fmt.Errorf("the constant %.60s is neither a number nor one for each channel", tensor.Config.Value)
	}
	return argument{}, fmt.Errorf("an argument of class %q is not known", tensor.Class)
}

// constant reads a number, or a list of them, which may be the only one of another list, as in [[[[1, 2, 3]]]].
func constant(raw json.RawMessage) (argument, bool) {
	var number *float64
	if json.Unmarshal(raw, &number) == nil && number != nil {
		return argument{Number: number}, true
	}
	var channels []float64
	if json.Unmarshal(raw, &channels) == nil && len(channels) > 0 {
		return argument{Channels: channels}, true
	}
	var only []json.RawMessage
	if json.Unmarshal(raw, &only) == nil && len(only) == 1 {
		return constant(only[0])
	}
	return argument{}, false
}

// history reads ["conv", 0, 0]: layer, number of its call, number of the output of that call.
func history(raw json.RawMessage) (string, error) {
	var parts []json.RawMessage
	var name string
	var output int
	if json.Unmarshal(raw, &parts) != nil || len(parts) < 3 || json.Unmarshal(parts[0], &name) != nil ||
		json.Unmarshal(parts[2], &output) != nil {
		return "", fmt.Errorf("%.60s does not name a layer's output", raw)
	}
	if output != 0 {
		return "", fmt.Errorf("it reads output %d of %q, but layers have one output here", output, name)
	}
	return name, nil
}

// oldCall reads [["conv", 0, 0, {"training": false}], ["pool", 0, 0, {}]], or ["conv", 0, 0, {"y": 127.5}] of a
// TensorFlow function, whose further arguments are in the last part.
func oldCall(raw json.RawMessage) (c call, err error) {
	c.Lists = true
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil || len(rows) == 0 {
		return c, errors.New("the call has no arguments")
	}
	if rows[0][0] == '"' {
		rows = []json.RawMessage{raw}
	}
	c.Listed = len(rows) > 1
	for _, row := range rows {
		var parts []json.RawMessage
		if err := json.Unmarshal(row, &parts); err != nil || len(parts) < 3 {
			return c, fmt.Errorf("%.60s does not name a layer's output", row)
		}
		if string(parts[0]) == `"_CONSTANT_VALUE"` {
			a, ok := constant(parts[2])
			if !ok {
				return c, fmt.Errorf("the constant %.60s is neither a number nor one for each channel", parts[2])
			}
			c.Args = append(c.Args, a)
		} else {
			name, err := history(row)
			if err != nil {
				return c, err
			}
			c.Args = append(c.Args, argument{Layer: name})
		}
		if len(parts) < 4 {
			continue
		}
		kwargs := map[string]json.RawMessage{}
		if err := json.Unmarshal(parts[3], &kwargs); err != nil {
			return c, fmt.Errorf("the options %.60s are no object", parts[3])
		}
		if len(kwargs) > 0 {
			c.Kwargs = kwargs
		}
	}
	return c, nil
}

// single reads input_layers or output_layers: ["dense", 0, 0], or a list of one such row.
func single(raw json.RawMessage, what string) (string, error) {
	var rows []json.RawMessage
	if json.Unmarshal(raw, &rows) != nil || len(rows) == 0 {
		return "", fmt.Errorf("%s_layers is missing", what)
	}
	if rows[0][0] == '"' {
		return history(raw)
	}
	if len(rows) > 1 {
		return "", fmt.Errorf("the model has %d %ss; only models with one are known here", len(rows), what)
	}
	if slices.Contains([]byte{'[', '{'}, rows[0][0]) {
		return single(rows[0], what)
	}
	return "", fmt.Errorf("%s_layers %.60s does not name a layer", what, raw)
}
