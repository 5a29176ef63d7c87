package onnx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// exporter translates a list of layers, one after the other.
type exporter struct {
	model  *Model
	graph  graph
	layer  *layer.Layer     // that is being translated: what is added is named after it
	w      [][]float32      // the values of its weights
	values map[string]value // what each layer gives
	made   map[string]value // other forms of these, so that each is made once
	taken  map[string]bool  // names of values
}

// value is what a layer gives, as the graph has it.
type value struct {
	name  string
	shape []int // in the order of the layers: without the batch, channels last
	// first says of an image that the graph has its channels first.
	first bool
	// pad are zeros around an image {top, bottom, left, right}, which shape counts and the graph does not have yet: a
	// convolution adds them itself.
	pad [4]int
}

// add translates a layer.
func (e *exporter) add(l *layer.Layer) (err error) {
	e.layer = l
	if e.w, err = e.model.weights(l); err != nil {
		return err
	}
	if len(l.Inputs) == 0 {
		e.values[l.Name] = value{name: Input, shape: l.Shape}
		return nil
	}
	in := make([]value, len(l.Inputs))
	for i, name := range l.Inputs {
		in[i] = e.values[name]
	}
	out, err := e.translate(in)
	if err == nil && !slices.Equal(out.shape, l.Shape) {
		err = fmt.Errorf("its output has the shape %v, in ONNX %v", l.Shape, out.shape)
	}
	e.values[l.Name] = out
	return err
}

// unique is a name after the layer that no other value has.
func (e *exporter) unique(what string) string {
	base := strings.ToValidUTF8(e.layer.Name, "?") + "/" + what
	name := base
	for n := 1; e.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	e.taken[name] = true
	return name
}

// node adds an operator, and names what it gives.
func (e *exporter) node(op string, inputs []string, attributes ...attribute) string {
	n := node{op, inputs, e.unique(op), attributes}
	e.graph.nodes = append(e.graph.nodes, n)
	return n.output
}

// floats adds a constant, of numbers that are there already.
func (e *exporter) floats(what string, values []float32, dims ...int) string {
	return e.later(what, func() []float32 { return values }, dims...)
}

// later adds a constant of numbers that are made when they are written.
func (e *exporter) later(what string, values func() []float32, dims ...int) string {
	name := e.unique(what)
	e.graph.tensors = append(e.graph.tensors, tensor{name: name, dims: dims, floats: values})
	return name
}

func (e *exporter) ints(what string, values ...int) string {
	t := tensor{name: e.unique(what), dims: []int{len(values)}}
	for _, v := range values {
		t.ints = append(t.ints, int64(v))
	}
	e.graph.tensors = append(e.graph.tensors, t)
	return t.name
}

func (e *exporter) scalar(what string, v float64) string {
	return e.floats(what, []float32{float32(v)})
}

// weight adds the i-th weight of the layer as it is.
func (e *exporter) weight(i int) string {
	w := e.layer.W[i]
	return e.floats(w.Name, e.w[i], w.Shape...)
}

// perChannel adds a constant with one number for each channel of x.
func (e *exporter) perChannel(what string, x value, numbers []float32) string {
	if x.first {
		return e.floats(what, numbers, len(numbers), 1, 1)
	}
	return e.floats(what, numbers, len(numbers))
}

// each adds an operator that computes each number of x by itself, or by constants.
func (e *exporter) each(op string, x value, constants []string, attributes ...attribute) value {
	x = e.padded(x)
	x.name = e.node(op, append([]string{x.name}, constants...), attributes...)
	return x
}

// once makes another form of a value at its first use.
func (e *exporter) once(key string, x value, form func(value) value) value {
	key = fmt.Sprintf("%s %v of %s %v", key, x.shape, x.name, x.pad)
	if _, ok := e.made[key]; !ok {
		e.made[key] = form(x)
	}
	return e.made[key]
}

// padded is an image with its zeros.
func (e *exporter) padded(x value) value {
	if x.pad == [4]int{} {
		return x
	}
	return e.once("padded", x, func(x value) value {
		p := x.pad
		pads := []int{0, p[0], p[2], 0, 0, p[1], p[3], 0}
		if x.first {
			pads = []int{0, 0, p[0], p[2], 0, 0, p[1], p[3]}
		}
		x.name = e.node("Pad", []string{x.name, e.ints("pads", pads...)})
		x.pad = [4]int{}
		return x
	})
}

// thin reports whether an image has its numbers in the same order, channels first or last.
func (x value) thin() bool { return x.shape[2] == 1 || x.shape[0]*x.shape[1] == 1 }

// channelsFirst is an image as operators on images take it, its padding still apart.
func (e *exporter) channelsFirst(x value) value {
	if x.first || len(x.shape) != 3 {
		return x
	}
	return e.once("first", x, func(x value) value {
		p := x.pad
		h, w, c := x.shape[0]-p[0]-p[1], x.shape[1]-p[2]-p[3], x.shape[2]
		if c == 1 || h*w == 1 {
			x.name = e.node("Reshape", []string{x.name, e.ints("shape", 0, c, h, w)})
		} else {
			x.name = e.node("Transpose", []string{x.name}, attribute{"perm", []int{0, 3, 1, 2}})
		}
		x.first = true
		return x
	})
}

// channelsLast is any value, padded, in the order of the layers.
func (e *exporter) channelsLast(x value) value {
	x = e.padded(x)
	if !x.first {
		return x
	}
	return e.once("last", x, func(x value) value {
		if x.thin() {
			x.name = e.node("Reshape", []string{x.name, e.ints("shape", append([]int{0}, x.shape...)...)})
		} else {
			x.name = e.node("Transpose", []string{x.name}, attribute{"perm", []int{0, 2, 3, 1}})
		}
		x.first = false
		return x
	})
}

// reshape gives the numbers of x, in the order of the layers, another shape.
func (e *exporter) reshape(x value, shape []int) value {
	if x = e.padded(x); x.first && !x.thin() {
		x = e.channelsLast(x)
	}
	out := value{shape: shape}
	dims := append([]int{0}, shape...)
	if len(shape) == 3 && out.thin() {
		out.first = true
		dims = []int{0, shape[2], shape[0], shape[1]}
	}
	out.name = e.node("Reshape", []string{x.name, e.ints("shape", dims...)})
	return out
}
