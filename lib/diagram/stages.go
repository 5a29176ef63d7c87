package diagram

import (
	"fmt"
	"regexp"
	"slices"

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
	name        string
	layers      layer.List
	transformer bool // attention and dense layers, each with a sum
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
// The blocks of a transformer are found by their structure, whatever the names of their layers.
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
	transformers := transformerBlocks(ls)
	for k, b := range transformers {
		name := names[b.start]
		if name == "" || slices.ContainsFunc(names[b.start:b.end], func(n string) bool { return n != name }) {
			name = fmt.Sprintf("block %d", k+1)
		}
		for i := b.start; i < b.end; i++ {
			names[i] = name
		}
	}
	head := headOf(ls)
	var all []stage
	for start := 0; start < len(ls); {
		end := start + 1
		for end < len(ls) && names[end] == names[start] && !(names[end] == "" && newRow(ls, end, head)) {
			end++
		}
		part := ls[start:end]
		switch name := fromTo(part[0].Name, part[len(part)-1].Name); {
		case names[start] != "":
			found := slices.Contains(transformers, extent{start, end})
			all = addBlock(all, start, block{name: names[start], layers: part, transformer: found})
		case start == head:
			all = append(all, stage{name: "head", start: start, layers: part})
		default:
			all = append(all, stage{name: name, start: start, layers: part})
		}
		start = end
	}
	return all
}

// newRow reports whether a row begins at layer i outside of blocks: behind an input, behind the layers that make tokens
// of an image, and where the head begins.
func newRow(ls layer.List, i, head int) bool {
	reshaping, ok := ls[i-1].Op.(layer.Reshape)
	return i == head || isInput(ls[i-1]) || ok && len(reshaping.Shape) == 2
}

// headOf is where the head of a classifier begins: with the layers that make one vector of an image or of tokens. It
// is the length of the list where no dense layer follows them.
func headOf(ls layer.List) int {
	head, dense := len(ls), false
	for head > 1 && len(ls[head-1].Shape) == 1 {
		head--
		_, ok := ls[head].Op.(layer.Dense)
		dense = dense || ok
	}
	if !dense {
		return len(ls)
	}
	if _, ok := ls[head-1].Op.(layer.Cropping1D); ok {
		head--
	}
	return head
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
