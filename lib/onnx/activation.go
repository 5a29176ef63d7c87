package onnx

import (
	"fmt"
	"math"
)

// activations are the operators that are Keras's functions, by their names. The others are in activate.
var activations = map[string]struct {
	op         string
	attributes []attribute
}{
	"leaky_relu":   {"LeakyRelu", []attribute{{"alpha", float32(0.2)}}},
	"elu":          {"Elu", nil},
	"sigmoid":      {"Sigmoid", nil},
	"hard_sigmoid": {"HardSigmoid", []attribute{{"alpha", float32(1.0 / 6)}, {"beta", float32(0.5)}}},
	"hard_silu":    {"HardSwish", nil},
	"tanh":         {"Tanh", nil},
	"selu":         {"Selu", nil},
	"softsign":     {"Softsign", nil},
	"exponential":  {"Exp", nil},
	"softplus":     {"Softplus", nil},
}

// activate applies a function by its Keras name; "" is none.
func (e *exporter) activate(x value, name string) (value, error) {
	if a, ok := activations[name]; ok {
		return e.each(a.op, x, nil, a.attributes...), nil
	}
	switch name {
	case "":
		return x, nil
	case "relu":
		return e.relu(x, 0), nil
	case "relu6":
		return e.relu(x, 6), nil
	case "silu":
		x = e.padded(x)
		return e.each("Mul", x, []string{e.node("Sigmoid", []string{x.name})}), nil
	case "mish": // an operator of its own since opset 18
		x = e.padded(x)
		y := e.each("Tanh", e.each("Softplus", x, nil), nil)
		return e.each("Mul", x, []string{y.name}), nil
	case "gelu": // in the steps that ONNX Runtime joins to one
		x = e.padded(x)
		y := e.each("Div", x, []string{e.scalar("root of 2", math.Sqrt2)})
		y = e.each("Erf", y, nil)
		y = e.each("Add", y, []string{e.scalar("one", 1)})
		y = e.each("Mul", x, []string{y.name})
		return e.each("Mul", y, []string{e.scalar("half", 0.5)}), nil
	case "softmax":
		axis := -1
		if x.first {
			axis = 1
		}
		return e.each("Softmax", x, nil, attribute{"axis", axis}), nil
	}
	return value{}, fmt.Errorf("its activation %q cannot be written as ONNX here", name)
}

// prelu multiplies what is below zero by learned numbers.
func (e *exporter) prelu(x value) value {
	alpha, shape := e.w[0], e.layer.W[0].Shape
	if x.first {
		alpha, shape = transposed(alpha, shape[2]), []int{shape[2], shape[0], shape[1]}
	}
	return e.each("PRelu", x, []string{e.floats("alpha", alpha, shape...)})
}
