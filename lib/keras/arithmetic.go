package keras

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Functions on tensors become layers, too, as preprocess_input(x) does: x / 127.5 − 1. Keras 3 writes a class for each
// (TrueDivide, Subtract), Keras 2 the class TFOpLambda with the name of the function (math.truediv). Those of one tensor
// are read by layer.ReadFunction.
var arithmetic = map[string]string{
	"TrueDivide": "/", "Divide": "/", "Subtract": "-", "Multiply": "*", "Add": "+", "Cast": "cast",
	"math.truediv": "/", "math.divide": "/", "math.subtract": "-", "math.multiply": "*", "math.add": "+",
	"__operators__.add": "+", "cast": "cast",
}

// function is the name of the function that a layer stands for, or "" for other layers. Add and Multiply are both: the
// layer is called on a list of tensors, the function on two.
func function(o object, c call, f *layer.Fields) string {
	if o.Class == "TFOpLambda" {
		var name string
		f.Need("function", &name)
		if known := tensorFlowFunctions(); !slices.Contains(known, name) {
			f.Fail("the function %q is not known; known are %s", name, strings.Join(known, ", "))
			return ""
		}
		return name
	}
	_, isLayer := arithmetic[o.Class]
	isLayer = isLayer && slices.Contains(layer.Classes(), o.Class)
	if isLayer && c.Listed || !slices.Contains(functions(), o.Class) || isTensorFlow(o.Class) {
		return ""
	}
	return o.Class
}

func functions() []string { return append(layer.Functions(), slices.Collect(maps.Keys(arithmetic))...) }

// isTensorFlow reports whether a function has the name of TensorFlow's, not of a class of Keras 3.
func isTensorFlow(name string) bool { return strings.Contains(name, ".") || name == "cast" }

func tensorFlowFunctions() (names []string) {
	for _, name := range functions() {
		if isTensorFlow(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readFunction gives the layer that computes the function; nil if its output is its input.
func readFunction(name string, c *call, f *layer.Fields) layer.Op {
	for name, raw := range c.Kwargs {
		switch {
		case string(raw) == "null" || name == "name":
			delete(c.Kwargs, name)
		case name == "y" || name == "x2":
			if err := second(c, raw); err != nil {
				f.Fail("%v", err)
			}
			delete(c.Kwargs, name)
		}
	}
	operation := arithmetic[name]
	if operation != "" && operation != "cast" {
		return readArithmetic(operation, c, f)
	}
	f.Take(c.Kwargs)
	c.Kwargs = nil
	if operation == "cast" {
		f.Only("dtype", `"float32"`)
		return nil
	}
	op, _ := layer.ReadFunction(name, f)
	return op
}

// second appends the other operand, that Keras 2 writes as an option: {"y": 127.5}, {"y": [1, 2, 3]} or
// {"y": ["conv", 0, 0]}.
func second(c *call, raw json.RawMessage) error {
	if a, ok := constant(raw); ok {
		c.Args = append(c.Args, a)
		return nil
	}
	name, err := history(raw)
	c.Args = append(c.Args, argument{Layer: name})
	return err
}

// readArithmetic reads the four operations, of a tensor and a number, or one for each channel, as scale·x + offset, or the
// sum or product of two tensors.
func readArithmetic(operation string, c *call, f *layer.Fields) layer.Op {
	isKey := func(a argument) bool { return a.Key != nil }
	if len(c.Args) != 2 || len(c.tensors()) == 0 || slices.ContainsFunc(c.Args, isKey) {
		f.Fail("it is called on %d arguments; known here are a tensor and a number", len(c.Args))
		return nil
	}
	a, b := c.Args[0], c.Args[1]
	switch {
	case a.isTensor() && b.isTensor() && operation == "+":
		return layer.Add{}
	case a.isTensor() && b.isTensor() && operation == "*":
		return layer.Multiply{}
	case a.isTensor() && b.isTensor():
		f.Fail("it computes x %s y of two tensors; known here are their sum and product", operation)
		return nil
	case operation == "/" && (b.isTensor() || slices.Contains(b.numbers(), 0)):
		f.Fail("it computes %s; known here is the division of a tensor by a number other than zero", formula(operation, c))
		return nil
	}
	number, first := b, false
	if b.isTensor() {
		number, first = a, true
	}
	var scale, offset []float64
	for _, v := range number.numbers() {
		s, o := 1.0, 0.0
		switch operation {
		case "+":
			o = v
		case "-":
			o = -v
			if first {
				s, o = -1, v
			}
		case "*":
			s = v
		case "/":
			s = 1 / v
		}
		scale, offset = append(scale, s), append(offset, o)
	}
	if number.Number != nil {
		return layer.Rescaling{Scale: scale[0], Offset: offset[0]}
	}
	return layer.ChannelRescaling{Scale: scale, Offset: offset}
}

// numbers are those of a constant.
func (a argument) numbers() []float64 {
	if a.Number != nil {
		return []float64{*a.Number}
	}
	return a.Channels
}

func formula(operation string, c *call) string {
	text := func(a argument) string {
		switch {
		case a.Number != nil:
			return fmt.Sprint(*a.Number)
		case a.Channels != nil:
			return fmt.Sprint(a.Channels)
		}
		return "x"
	}
	return text(c.Args[0]) + " " + operation + " " + text(c.Args[1])
}

// joined is second(first(x)) as one layer.
func joined(first, second layer.Rescaling) layer.Rescaling {
	return layer.Rescaling{Scale: first.Scale * second.Scale, Offset: first.Offset*second.Scale + second.Offset}
}
