package layer

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
)

// Rescaling is Keras's Rescaling: x·Scale + Offset. With Scale 1/127.5 and Offset −1 it is the preprocess_input of
// MobileNetV2 and ResNet50V2, which maps pixels 0…255 to [−1, 1]. Scale has no default: one that
// is 0, with an Offset of 0, is an error.
type Rescaling struct {
	weightless
	Scale  float64
	Offset float64
}

func (Rescaling) Class() string { return "Rescaling" }
func (o Rescaling) Output(in [][]int) ([]int, error) {
	if o.Scale == 0 && o.Offset == 0 { // with another Offset, files make constants
		return nil, errors.New("Scale and Offset are 0, which gives 0 for every input: set Scale, such as 1/127.5 with Offset -1")
	}
	return in[0], nil
}
func (o Rescaling) Build(_ *Call, in []*graph.Node) *graph.Node {
	return graph.AddScalar(graph.MulScalar(in[0], o.Scale), o.Offset)
}

func (o Rescaling) Config() (Settings, error) {
	return Settings{"scale": o.Scale, "offset": o.Offset}, nil
}
func (Rescaling) label([]int) Label { return Label{Text: "rescale"} }

// ChannelRescaling is Keras's Rescaling with numbers for each channel: x·Scale + Offset.
type ChannelRescaling struct {
	weightless
	Scale, Offset []float64
}

func (ChannelRescaling) Class() string { return "Rescaling" }
func (o ChannelRescaling) Output(in [][]int) ([]int, error) {
	if n := in[0][len(in[0])-1]; len(o.Scale) != n || len(o.Offset) != n {
		return nil, fmt.Errorf("it has %d scales and %d offsets: give one for each channel", len(o.Scale), len(o.Offset))
	}
	return in[0], nil
}
func (o ChannelRescaling) Build(_ *Call, in []*graph.Node) *graph.Node {
	scale, offset := channels(in[0], o.Scale), channels(in[0], o.Offset)
	return graph.Add(graph.Mul(in[0], scale), offset)
}
func (o ChannelRescaling) Config() (Settings, error) {
	return Settings{"scale": o.Scale, "offset": o.Offset}, nil
}
func (ChannelRescaling) label([]int) Label { return Label{Text: "rescale"} }

// channels is a constant with one number for each channel of x.
func channels(x *graph.Node, numbers []float64) *graph.Node {
	single := make([]float32, len(numbers))
	for i, v := range numbers {
		single[i] = float32(v)
	}
	return graph.ExpandLeftToRank(graph.Const(x.Graph(), single), x.Rank())
}

func init() {
	register("Rescaling", func(f *Fields) Op {
		scale, many := f.numbers("scale", nil)
		offset, many2 := f.numbers("offset", []float64{0})
		switch {
		case len(scale) == 0 || len(offset) == 0:
			return Rescaling{Scale: 1} // f says what is wrong
		case !many && !many2:
			return Rescaling{Scale: scale[0], Offset: offset[0]}
		}
		n := max(len(scale), len(offset))
		return ChannelRescaling{Scale: spread(scale, many, n), Offset: spread(offset, many2, n)}
	})
}

// numbers reads a number, or a list with one for each channel.
func (f *Fields) numbers(name string, missing []float64) (numbers []float64, many bool) {
	var one float64
	raw := f.values[name]
	if missing != nil && (len(raw) == 0 || string(raw) == "null") {
		f.Ignore(name)
		return missing, false
	}
	if json.Unmarshal(raw, &one) == nil && string(raw) != "null" {
		f.Ignore(name)
		return []float64{one}, false
	}
	f.Need(name, &numbers)
	return numbers, true
}

func spread(numbers []float64, many bool, n int) []float64 {
	if many {
		return numbers
	}
	all := make([]float64, n)
	for i := range all {
		all[i] = numbers[0]
	}
	return all
}
