package onnxrun

import (
	"fmt"
	"math"
)

// Run computes the model's one output for its one input.
func (m *Model) Run(x Tensor) (out Tensor, err error) {
	values := map[string]Tensor{"": {}, m.Inputs[0].Name: x}
	for name, t := range m.Constants {
		values[name] = t
	}
	for _, n := range m.Nodes {
		c := call{Node: n}
		for _, name := range n.Inputs {
			t, ok := values[name]
			if !ok {
				return out, fmt.Errorf("%s reads %q, which is not there", n.Outputs[0], name)
			}
			c.in = append(c.in, t)
		}
		if _, ok := values[n.Outputs[0]]; ok {
			return out, fmt.Errorf("%s is there twice", n.Outputs[0])
		}
		if values[n.Outputs[0]], err = c.compute(); err != nil {
			return out, fmt.Errorf("%s (%s): %w", n.Outputs[0], n.Op, err)
		}
	}
	out, ok := values[m.Outputs[0].Name]
	if !ok {
		return out, fmt.Errorf("nothing gives the output %q", m.Outputs[0].Name)
	}
	return out, nil
}

// call is a node with its inputs.
type call struct {
	Node
	in []Tensor
}

func (c call) int(name string, missing int) int {
	if v, ok := c.Attributes[name].(int); ok {
		return v
	}
	return missing
}

func (c call) float(name string, missing float64) float64 {
	if v, ok := c.Attributes[name].(float32); ok {
		return float64(v)
	}
	return missing
}

func (c call) ints(name string) []int {
	v, _ := c.Attributes[name].([]int)
	return v
}

func (c call) compute() (Tensor, error) {
	if f, ok := c.single(); ok {
		out := Tensor{Dims: c.in[0].Dims, Floats: make([]float32, len(c.in[0].Floats))}
		for i, v := range c.in[0].Floats {
			out.Floats[i] = float32(f(float64(v)))
		}
		return out, nil
	}
	if f, ok := pairs[c.Op]; ok {
		return broadcast(c.in[0], c.in[1], f)
	}
	if f, ok := operators[c.Op]; ok {
		return f(c)
	}
	return Tensor{}, fmt.Errorf("the operator is not known")
}

var pairs = map[string]func(a, b float64) float64{
	"Add": func(a, b float64) float64 { return a + b },
	"Sub": func(a, b float64) float64 { return a - b },
	"Mul": func(a, b float64) float64 { return a * b },
	"Div": func(a, b float64) float64 { return a / b },
	"PRelu": func(x, slope float64) float64 {
		if x < 0 {
			return slope * x
		}
		return x
	},
}

// single is the function of operators that change each number by itself.
func (c call) single() (func(float64) float64, bool) {
	hard := func(x, alpha, beta float64) float64 { return min(max(alpha*x+beta, 0), 1) }
	switch c.Op {
	case "Relu":
		return func(x float64) float64 { return max(x, 0) }, true
	case "Clip":
		least, most := float64(c.in[1].Floats[0]), float64(c.in[2].Floats[0])
		return func(x float64) float64 { return min(max(x, least), most) }, true
	case "LeakyRelu":
		alpha := c.float("alpha", 0.01)
		return func(x float64) float64 {
			if x < 0 {
				return alpha * x
			}
			return x
		}, true
	case "Elu":
		alpha := c.float("alpha", 1)
		return func(x float64) float64 {
			if x < 0 {
				return alpha * math.Expm1(x)
			}
			return x
		}, true
	case "Selu":
		alpha, gamma := c.float("alpha", 1.67326319217681884765625), c.float("gamma", 1.05070102214813232421875)
		return func(x float64) float64 {
			if x <= 0 {
				return gamma * alpha * math.Expm1(x)
			}
			return gamma * x
		}, true
	case "Softsign":
		return func(x float64) float64 { return x / (1 + math.Abs(x)) }, true
	case "Exp":
		return math.Exp, true
	case "Erf":
		return math.Erf, true
	case "Tanh":
		return math.Tanh, true
	case "Sigmoid":
		return func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, true
	case "HardSigmoid":
		alpha, beta := c.float("alpha", 0.2), c.float("beta", 0.5)
		return func(x float64) float64 { return hard(x, alpha, beta) }, true
	case "HardSwish":
		return func(x float64) float64 { return x * hard(x, 1.0/6, 0.5) }, true
	case "Softplus":
		return func(x float64) float64 { return math.Log1p(math.Exp(x)) }, true
	}
	return nil, false
}

// operators are the others.
var operators = map[string]func(call) (Tensor, error){
	"Transpose":          func(c call) (Tensor, error) { return transpose(c.in[0], c.ints("perm")), nil },
	"Reshape":            func(c call) (Tensor, error) { return reshape(c.in[0], c.in[1].Ints) },
	"Unsqueeze":          unsqueeze,
	"Pad":                func(c call) (Tensor, error) { return pad(c.in[0], c.in[1].Ints), nil },
	"Slice":              slice,
	"Concat":             concat,
	"MatMul":             func(c call) (Tensor, error) { return matMul(c.in[0], c.in[1]) },
	"Gemm":               gemm,
	"Softmax":            softmax,
	"ReduceMean":         reduce,
	"ReduceSum":          reduce,
	"LayerNormalization": layerNormalization,
	"BatchNormalization": batchNormalization,
	"Conv":               conv,
	"MaxPool":            pool,
	"AveragePool":        pool,
	"GlobalAveragePool":  globalPool,
	"GlobalMaxPool":      globalPool,
	"Resize":             resize,
}
