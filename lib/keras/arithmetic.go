package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Functions on tensors become layers, too, as preprocess_input(x) does: x / 127.5 − 1. Keras 3 writes a class for each
// (TrueDivide, Subtract), Keras 2 the class TFOpLambda with the name of the function (math.truediv).
var functions = map[string]string{
	"TrueDivide": "/", "Divide": "/", "Subtract": "-", "Multiply": "*", "Add": "+", "Cast": "cast", "Resize": "resize", "Gelu": "gelu",
	"math.truediv": "/", "math.divide": "/", "math.subtract": "-", "math.multiply": "*", "math.add": "+",
	"__operators__.add": "+", "cast": "cast", "image.resize": "resize", "nn.gelu": "gelu",
}

// function is the operation of a layer that stands for a function, or "" for other layers. Add is both: the layer is
// called on a list of tensors, the function on two.
func function(o object, c call, f *fields) string {
	if o.Class == "TFOpLambda" {
		var name string
		f.need("function", &name)
		if functions[name] == "" {
			f.fail("the function %q is not known; known are %s", name, strings.Join(tensorFlowFunctions(), ", "))
		}
		return functions[name]
	}
	if o.Class == "Add" && c.Listed {
		return ""
	}
	if strings.Contains(o.Class, ".") {
		return ""
	}
	return functions[o.Class]
}

func tensorFlowFunctions() (names []string) {
	for name := range functions {
		if strings.Contains(name, ".") || name == "cast" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readFunction gives the layer that computes the function; nil if its output is its input.
func readFunction(operation string, c *call, f *fields) layer.Op {
	for name, raw := range c.Kwargs {
		switch {
		case string(raw) == "null" || name == "name":
			delete(c.Kwargs, name)
		case name == "y" || name == "x2":
			if err := second(c, raw); err != nil {
				f.fail("%v", err)
			}
			delete(c.Kwargs, name)
		}
	}
	switch operation {
	case "cast":
		f.takeFrom(c)
		f.only("dtype", `"float32"`)
		return nil
	case "resize":
		f.takeFrom(c)
		return readResize(f)
	case "gelu":
		f.takeFrom(c)
		f.only("approximate", "false")
		return layer.Activation{Activation: "gelu"}
	}
	return readArithmetic(operation, c, f)
}

// second appends the other operand, that Keras 2 writes as an option: {"y": 127.5} or {"y": ["conv", 0, 0]}.
func second(c *call, raw json.RawMessage) error {
	var number float64
	if json.Unmarshal(raw, &number) == nil {
		c.Args = append(c.Args, argument{Number: &number})
		return nil
	}
	name, err := history(raw)
	c.Args = append(c.Args, argument{Layer: name})
	return err
}

// takeFrom lets fields hold the options of the call, too.
func (f *fields) takeFrom(c *call) {
	for name, raw := range c.Kwargs {
		f.values[name] = raw
	}
	c.Kwargs = nil
}

func readResize(f *fields) layer.Op {
	f.only("data_format", `"channels_last"`)
	for _, name := range []string{"interpolation", "method"} {
		f.only(name, `"bilinear"`)
	}
	for _, name := range []string{"antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio", "preserve_aspect_ratio"} {
		f.only(name, "false")
	}
	f.ignore("fill_mode", "fill_value")
	var size []int
	f.need("size", &size)
	if len(size) != 2 || size[0] < 1 || size[1] < 1 {
		f.fail("size is %s; it must be height and width", short(f.values["size"]))
		return nil
	}
	return layer.Resizing{Height: size[0], Width: size[1]}
}

// readArithmetic reads the four operations, of a tensor and a number as scale·x + offset, or the sum of two tensors.
func readArithmetic(operation string, c *call, f *fields) layer.Op {
	if len(c.Args) != 2 || len(c.tensors()) == 0 {
		f.fail("it is called on %d arguments; known here are a tensor and a number", len(c.Args))
		return nil
	}
	a, b := c.Args[0].Number, c.Args[1].Number
	switch {
	case a == nil && b == nil && operation == "+":
		return layer.Sum{}
	case a == nil && b == nil:
		f.fail("it computes x %s y of two tensors; known here is their sum", operation)
	case operation == "+" && a == nil:
		return layer.Rescaling{Scale: 1, Offset: *b}
	case operation == "+":
		return layer.Rescaling{Scale: 1, Offset: *a}
	case operation == "-" && a == nil:
		return layer.Rescaling{Scale: 1, Offset: -*b}
	case operation == "-":
		return layer.Rescaling{Scale: -1, Offset: *a}
	case operation == "*" && a == nil:
		return layer.Rescaling{Scale: *b}
	case operation == "*":
		return layer.Rescaling{Scale: *a}
	case operation == "/" && a == nil && *b != 0:
		return layer.Rescaling{Scale: 1 / *b}
	default:
		f.fail("it computes %s; known here is the division of a tensor by a number other than zero", formula(operation, c))
	}
	return nil
}

func formula(operation string, c *call) string {
	text := func(a argument) string {
		if a.Number != nil {
			return fmt.Sprint(*a.Number)
		}
		return "x"
	}
	return text(c.Args[0]) + " " + operation + " " + text(c.Args[1])
}

// join is second(first(x)) as one layer.
func join(first, second layer.Rescaling) layer.Rescaling {
	return layer.Rescaling{Scale: first.Scale * second.Scale, Offset: first.Offset*second.Scale + second.Offset}
}
