package layer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// activations are the functions that layers can have as their activation, by their Keras names. All but the softmax act
// on each value by itself.
var activations = map[string]func(x *graph.Node) *graph.Node{
	"relu":         func(x *graph.Node) *graph.Node { return clip(x, 0) },
	"relu6":        func(x *graph.Node) *graph.Node { return clip(x, 6) },
	"leaky_relu":   func(x *graph.Node) *graph.Node { return leaky(x, 0.2) },
	"elu":          elu,
	"selu":         selu,
	"gelu":         gelu,
	"silu":         func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) },
	"sigmoid":      graph.Sigmoid,
	"hard_sigmoid": hardSigmoid,
	"hard_silu":    func(x *graph.Node) *graph.Node { return graph.Mul(x, hardSigmoid(x)) },
	"tanh":         graph.Tanh,
	"softplus":     softplus,
	"softsign":     func(x *graph.Node) *graph.Node { return graph.Div(x, graph.AddScalar(graph.Abs(x), 1)) },
	"mish":         func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Tanh(softplus(x))) },
	"exponential":  graph.Exp,
	"softmax":      func(x *graph.Node) *graph.Node { return graph.Softmax(x, -1) },
}

// canonical is the name that Keras writes for a function with two.
func canonical(name string) string {
	switch name {
	case "linear":
		return ""
	case "swish":
		return "silu"
	case "hard_swish":
		return "hard_silu"
	}
	return name
}

// activate applies an activation by its Keras name; "" is none.
func activate(x *graph.Node, name string) *graph.Node {
	if name = canonical(name); name == "" {
		return x
	}
	f, ok := activations[name]
	if !ok {
		panic(knownActivation(name))
	}
	return f(x)
}

func knownActivation(name string) error {
	if name = canonical(name); name == "" || activations[name] != nil {
		return nil
	}
	return fmt.Errorf("unknown activation %q: use one of %s", name, strings.Join(activationNames(), ", "))
}

func activationNames() []string { return slices.Sorted(maps.Keys(activations)) }

func clip(x *graph.Node, maxValue float64) *graph.Node {
	if maxValue > 0 {
		return graph.ClipScalar(x, 0, maxValue)
	}
	return graph.MaxScalar(x, 0)
}

func leaky(x *graph.Node, slope float64) *graph.Node { return graph.Max(x, graph.MulScalar(x, slope)) }

// elu is exp(x) − 1 below zero (Clevert et al., 2016). There alone the exponential is taken: above, it would overflow, and
// its gradient with it. (GoMLX's Expm1 has no gradient.)
func elu(x *graph.Node) *graph.Node {
	below := graph.AddScalar(graph.Exp(graph.MinScalar(x, 0)), -1)
	return graph.Where(graph.GreaterThan(x, graph.ZerosLike(x)), x, below)
}

// selu is elu, scaled so that values keep mean 0 and variance 1 (Klambauer et al., 2017).
func selu(x *graph.Node) *graph.Node {
	const scale, alpha = 1.0507009873554805, 1.6732632423543772
	y := graph.Where(graph.GreaterThan(x, graph.ZerosLike(x)), x, graph.MulScalar(elu(x), alpha))
	return graph.MulScalar(y, scale)
}

// gelu is x·Φ(x), Φ being the normal distribution (Hendrycks and Gimpel, 2016), in its exact form as Keras's default.
func gelu(x *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Mul(x, graph.AddScalar(graph.Erf(graph.MulScalar(x, 1/math.Sqrt2)), 1)), 0.5)
}

// hardSigmoid is relu6(x + 3) / 6. That of Keras 2 was another, clip(x/5 + 1/2, 0, 1).
func hardSigmoid(x *graph.Node) *graph.Node {
	return graph.MulScalar(clip(graph.AddScalar(x, 3), 6), 1.0/6)
}

// softplus is log(1 + exp(x)), in the form that does not overflow.
func softplus(x *graph.Node) *graph.Node {
	return graph.Add(graph.MaxScalar(x, 0), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(x)))))
}

// Activation is Keras's, by the name of the function: "relu", "relu6", "leaky_relu" (of slope 0.2), "elu", "selu",
// "gelu", "silu" or "swish", "mish", "sigmoid", "hard_sigmoid" (that of Keras 3), "hard_silu" or "hard_swish", "tanh",
// "softplus", "softsign", "exponential" or "softmax".
type Activation struct {
	weightless
	Activation string
}

func init() {
	register("Activation", func(f *Fields) Op { return Activation{Activation: f.activation()} })
	registerFunction(func(f *Fields) Op {
		f.Only("approximate", "false")
		return Activation{Activation: "gelu"}
	}, "Gelu", "nn.gelu")
	for class, name := range map[string]string{"Relu": "relu", "Relu6": "relu6", "Silu": "silu", "Sigmoid": "sigmoid",
		"Tanh": "tanh", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu", "Selu": "selu", "Softplus": "softplus",
		"Softsign": "softsign", "Exp": "exponential"} {
		registerFunction(func(*Fields) Op { return Activation{Activation: name} }, class)
	}
}

func (Activation) Class() string { return "Activation" }
func (o Activation) withDefaults() Op {
	o.Activation = canonical(o.Activation)
	return o
}
func (o Activation) Output(in [][]int) ([]int, error) { return in[0], knownActivation(o.Activation) }
func (o Activation) Build(_ *Call, in []*graph.Node) *graph.Node {
	return activate(in[0], o.Activation)
}
func (o Activation) Config() (Settings, error) { return activationConfig(o.Activation), nil }

func (o Activation) label([]int) Label {
	name := strings.NewReplacer("relu", "ReLU", "silu", "SiLU", "_", " ").Replace(canonical(o.Activation))
	return Label{Text: name, Minor: true}
}

func (o Activation) logits() (Op, bool) { return nil, o.Activation == "softmax" }

func (o Activation) function() string {
	if o.Activation == "softmax" {
		return ""
	}
	return canonical(o.Activation)
}

// activation reads the name of a function; "linear" becomes "".
func (f *Fields) activation() string {
	name := "linear"
	f.Read("activation", &name)
	name = canonical(name)
	if name != "" && activations[name] == nil {
		f.Fail("activation is %q; known here are \"linear\" and %s", name, strings.Join(activationNames(), ", "))
		return ""
	}
	if strings.HasPrefix(name, "hard_") && f.old() {
		f.Fail("activation is %q of Keras 2; known here is that of Keras 3, relu6(x + 3) / 6, which differs", name)
	}
	return name
}

// old reports whether Keras 2 wrote the layer: it names its dtype, where Keras 3 writes a policy.
func (f *Fields) old() bool {
	var name string
	return json.Unmarshal(f.values["dtype"], &name) == nil && name != ""
}

// activationConfig is the configuration of an activation. Where Keras 2 has another function of that name, the layer is
// written as Keras 3 alone does: see old.
func activationConfig(name string) Settings {
	name = canonical(name)
	s := Settings{"activation": cmp.Or(name, "linear")}
	if strings.HasPrefix(name, "hard_") {
		s["dtype"] = Settings{"module": "keras", "class_name": "DTypePolicy", "config": Settings{"name": "float32"},
			"registered_name": nil}
	}
	return s
}
