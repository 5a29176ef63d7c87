package diagram

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

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

// operations names what gives a list its form; input, normalization and activation only where there is nothing else.
func operations(ls layer.List) []string {
	var main, rest []string
	for _, l := range ls {
		switch label := l.Label(); {
		case label.Drawn:
		case label.Minor:
			rest = append(rest, label.Text)
		default:
			main = append(main, label.Text)
		}
	}
	if len(main) == 0 {
		return rest
	}
	return main
}

// operation names what a layer computes.
func operation(l *layer.Layer) string { return l.Label().Text }
