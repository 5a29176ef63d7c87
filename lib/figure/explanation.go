package figure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// explanation says what is special about a block, in sentences that hold for the list; from is that of chain.
func explanation(all []stage, block layer.List, from map[int]int) []string {
	if attention(block) >= 0 {
		return transformerExplanation(all, block, from)
	}
	outer := channels(block.Output())
	low, high, depthwise := outer, outer, ""
	for _, l := range block {
		low, high = min(low, channels(l.Shape)), max(high, channels(l.Shape))
		if _, ok := l.Op.(layer.DepthwiseConv2D); ok {
			depthwise = " In between, a depthwise convolution filters each channel by itself."
		}
	}
	text := []string{"The output is F(x) + x: the layers learn only what to add to the input x. The shortcut passes " +
		"values on, and gradients back, unchanged."}
	last := block[max(0, len(block)-2)] // before the sum
	switch {
	case high > outer:
		text = append(text, fmt.Sprintf("Inverted: narrow outside, wide inside, from %d channels to %d and back.%s", outer,
			high, depthwise))
		if !isActivation(last) {
			text = append(text, "Linear at its end: with so few channels, an activation would lose too much.")
		}
	case low < outer:
		text = append(text, fmt.Sprintf("Bottleneck: wide outside, narrow inside, from %d channels to %d and back, so "+
			"that the convolution in the middle is cheap.", outer, low))
	}
	if _, ok := block[0].Op.(layer.BatchNormalization); ok && !isActivation(last) {
		text = append(text, "Pre-activation: normalization and ReLU stand before each convolution, not behind it, so "+
			"that nothing changes the sum on its way.")
	}
	return append(text, shortcuts(all))
}

// shortcuts counts what the blocks of a list have for a shortcut, the commonest first.
func shortcuts(all []stage) string {
	type kind struct {
		name               string
		count, first, last int // blocks in all, first of their stage, last of their stage
	}
	var kinds []kind
	blocks := 0
	for _, s := range all {
		for i, b := range s.blocks {
			blocks++
			name := "the input itself"
			if f, ok := flowOf(b.layers); !ok || f.sum == nil {
				name = "none"
			} else if len(f.shortcut) > 0 {
				name = sequence(operations(f.shortcut))
			}
			at := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
			if at < 0 {
				at, kinds = len(kinds), append(kinds, kind{name: name})
			}
			kinds[at].count++
			if i == 0 {
				kinds[at].first++
			}
			if i == len(s.blocks)-1 {
				kinds[at].last++
			}
		}
	}
	slices.SortStableFunc(kinds, func(a, b kind) int { return b.count - a.count })
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = fmt.Sprintf("%s in %d", k.name, k.count)
		switch k.count {
		case k.first:
			parts[i] += " (the first of a stage)"
		case k.last:
			parts[i] += " (the last of a stage)"
		}
	}
	return fmt.Sprintf("Shortcuts of the %s: %s.", plural(blocks, "block"), strings.Join(parts, ", "))
}
