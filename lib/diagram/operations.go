package diagram

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
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
		switch text := operation(l); l.Op.(type) {
		case layer.ZeroPadding2D, layer.Sum:
		case layer.Input, layer.BatchNormalization, layer.LayerNormalization, layer.ReLU, layer.Activation, layer.Dropout:
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
		return fmt.Sprintf("dense %d", op.Units)
	case layer.MultiHeadAttention:
		return "attention"
	case layer.LayerNormalization:
		return "layer normalization"
	case layer.Reshaping:
		return fmt.Sprintf("%d tokens", op.Shape[0])
	case layer.ClassToken:
		return "class token"
	case layer.PositionEmbedding:
		return "position embedding"
	case layer.GlobalAveragePooling1D:
		return "mean over tokens"
	case layer.Cropping1D:
		return "crop to " + canvas.Plural(l.Shape[0], "token")
	case layer.Flatten:
		return "flatten"
	case layer.Resizing:
		return fmt.Sprintf("resize to %d×%d", op.Height, op.Width)
	case layer.Rescaling:
		return "rescale"
	}
	return l.Op.Class()
}

func striding(strides int) string {
	if strides < 2 {
		return ""
	}
	return fmt.Sprintf(" /%d", strides)
}
