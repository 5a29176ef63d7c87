package figure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// stage is a run of layers that is one row of a diagram: blocks of one kind, or the layers outside of blocks.
type stage struct {
	name   string
	start  int // position of its first layer
	layers layer.List
	blocks []block // none outside of blocks
}

// block is one of the parts that a network repeats.
type block struct {
	name   string
	layers layer.List
}

// blockName finds the block in the name of a layer, and the stage before it where the network names its stages:
// conv2_block1_out, block_3_expand. Keras calls the first block of MobileNetV2 expanded_conv.
var blockName = regexp.MustCompile(`^((.*?)_?block_?\d+|expanded_conv)_`)

// blockOf gives the names of the block and the stage of a layer, empty outside of blocks.
func blockOf(l *layer.Layer) (name, stage string) {
	if m := blockName.FindStringSubmatch(l.Name); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// stages divides a list. Blocks belong to a stage by its name, else, as in the tables of the papers, by the shape of
// their outputs. A layer without the name of a block that stands in one, as a pooling on a shortcut, belongs to it.
func stages(ls layer.List) []stage {
	names := make([]string, len(ls))
	for i, l := range ls {
		names[i], _ = blockOf(l)
	}
	for i := range names {
		if i > 0 && names[i] == "" && names[i-1] != "" && slices.Contains(names[i:], names[i-1]) {
			names[i] = names[i-1]
		}
	}
	var all []stage
	for start := 0; start < len(ls); {
		end := start + 1
		for end < len(ls) && names[end] == names[start] && !isInput(ls[start]) {
			end++
		}
		part := ls[start:end]
		if names[start] == "" {
			all = append(all, stage{name: fromTo(part[0].Name, part[len(part)-1].Name), start: start, layers: part})
		} else {
			all = addBlock(all, start, block{names[start], part})
		}
		start = end
	}
	return all
}

func addBlock(all []stage, start int, b block) []stage {
	_, name := blockOf(b.layers[0])
	if n := len(all); n > 0 && len(all[n-1].blocks) > 0 {
		last := &all[n-1]
		_, lastName := blockOf(last.layers[0])
		if name == lastName && (name != "" || slices.Equal(last.layers.Output(), b.layers.Output())) {
			last.layers = append(last.layers[:len(last.layers):len(last.layers)], b.layers...)
			last.blocks = append(last.blocks, b)
			if name == "" {
				last.name = fromTo(last.blocks[0].name, b.name)
			}
			return all
		}
	}
	if name == "" {
		name = b.name
	}
	return append(all, stage{name: name, start: start, layers: b.layers, blocks: []block{b}})
}

func isInput(l *layer.Layer) bool { _, ok := l.Op.(layer.Input); return ok }

func fromTo(first, last string) string {
	if first == last {
		return first
	}
	return first + " … " + last
}

// content says what a stage computes: "3 × (1×1, 3×3, 1×1 convolution)". Strides in blocks are left to the outputs, since
// they differ from block to block.
func (s stage) content() string {
	if len(s.blocks) == 0 {
		return sequence(operations(s.layers))
	}
	layers := s.blocks[0].layers
	if f, ok := flowOf(layers); ok {
		layers = f.main
	}
	parts := operations(layers)
	for i, text := range parts {
		parts[i], _, _ = strings.Cut(text, " /")
	}
	return fmt.Sprintf("%d × (%s)", len(s.blocks), sequence(parts))
}

// sequence joins operations. Where it ends in a convolution, those before it are understood without the word.
func sequence(parts []string) string {
	const word = " convolution"
	short := slices.Clone(parts)
	last := len(parts) - 1
	for i, text := range parts {
		if i < last && strings.HasSuffix(text, word) && strings.HasSuffix(parts[last], word) {
			short[i] = strings.TrimSuffix(text, word)
		}
	}
	return strings.Join(short, ", ")
}

// operations names what gives a list its form; normalization and activation only where there is nothing else.
func operations(ls layer.List) []string {
	var main, rest []string
	for _, l := range ls {
		switch text := operation(l); l.Op.(type) {
		case layer.ZeroPadding2D, layer.Sum:
		case layer.BatchNormalization, layer.LayerNormalization, layer.ReLU, layer.Activation, layer.Dropout:
			rest = append(rest, text)
		default:
			main = append(main, text)
		}
	}
	if len(main) == 0 {
		return rest
	}
	return main
}

// operation names what a layer computes.
func operation(l *layer.Layer) string {
	switch op := l.Op.(type) {
	case layer.Input:
		return "input"
	case layer.Conv2D:
		return fmt.Sprintf("%d×%[1]d convolution", op.Kernel) + striding(op.Strides)
	case layer.DepthwiseConv2D:
		return fmt.Sprintf("%d×%[1]d depthwise", op.Kernel) + striding(op.Strides)
	case layer.MaxPooling2D:
		return fmt.Sprintf("%d×%[1]d max pooling", op.Pool) + striding(op.Strides)
	case layer.BatchNormalization:
		return "batch normalization"
	case layer.ReLU:
		if op.MaxValue > 0 {
			return fmt.Sprintf("ReLU%g", op.MaxValue)
		}
		return "ReLU"
	case layer.Activation:
		return strings.NewReplacer("relu", "ReLU").Replace(op.Activation)
	case layer.GlobalAveragePooling2D:
		return "global average pooling"
	case layer.Dense:
		if op.Activation == "gelu" {
			return fmt.Sprintf("dense %d, GELU", op.Units)
		}
		return fmt.Sprintf("dense %d", op.Units)
	case layer.MultiHeadAttention:
		return fmt.Sprintf("attention, %d heads of %d", op.NumHeads, op.KeyDim)
	case layer.LayerNormalization:
		return "layer normalization"
	case layer.Reshaping:
		return fmt.Sprintf("%d tokens", op.Shape[0])
	case layer.ClassToken:
		return "class token"
	case layer.PositionEmbedding:
		return "positions"
	case layer.GlobalAveragePooling1D:
		return "mean over tokens"
	}
	return l.Op.Class()
}

func striding(strides int) string {
	if strides < 2 {
		return ""
	}
	return fmt.Sprintf(" /%d", strides)
}

// flow is the way through a block: one path of layers and, where the block ends in a sum, a shortcut past some.
type flow struct {
	main     layer.List // without the sum
	sum      *layer.Layer
	shortcut layer.List   // empty where the shortcut changes nothing
	from     *layer.Layer // where the shortcut leaves the main path; nil before its first layer
}

// flowOf traces a block back from its end. It fails for blocks of another form.
func flowOf(block layer.List) (flow, bool) {
	path := func(end string) (p layer.List) {
		for i := block.Index(end); i >= 0 && len(block[i].Inputs) == 1; i = block.Index(block[i].Inputs[0]) {
			p = append(layer.List{block[i]}, p...)
		}
		return p
	}
	last := block[len(block)-1]
	if len(last.Inputs) == 1 {
		f := flow{main: path(last.Name)}
		return f, len(f.main) == len(block)
	}
	if len(last.Inputs) != 2 {
		return flow{}, false
	}
	f := flow{sum: last, main: path(last.Inputs[0]), shortcut: path(last.Inputs[1])}
	if len(f.main) < len(f.shortcut) {
		f.main, f.shortcut = f.shortcut, f.main
	}
	for len(f.shortcut) > 0 && slices.Contains(f.main, f.shortcut[0]) {
		f.from, f.shortcut = f.shortcut[0], f.shortcut[1:]
	}
	return f, len(f.main)+len(f.shortcut)+1 == len(block) && len(f.main) > 0
}
