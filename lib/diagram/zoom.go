package diagram

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
)

// detail is what stands beside an overview: one of its blocks, layer by layer.
type detail struct {
	stage  int // that the block belongs to
	height float64
	text   []string // paragraphs
	draw   func(c *canvas.Canvas, x, y float64)
}

// zoom picks the block to look into: the first of a transformer, else the first whose shortcut is its input.
func zoom(all []stage) *detail {
	for i, s := range all {
		if len(s.blocks) > 0 && s.blocks[0].transformer {
			in := newTransformerInset(s.blocks[0], s.start)
			return &detail{i, in.height(), in.text(), in.draw}
		}
	}
	for i, s := range all {
		start := s.start
		for _, b := range s.blocks {
			f, ok := flowOf(b.layers)
			if ok && f.sum != nil && len(f.shortcut) == 0 && f.from == nil && len(f.sum.Shape) == 3 {
				in := newInset(f)
				in.title = fmt.Sprintf("Inside %s: layers %s", b.name, indices(start, start+len(b.layers)))
				return &detail{i, in.height, append(explanation(f), shortcuts(all)), in.draw}
			}
			start += len(b.layers)
		}
	}
	return nil
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
	return fmt.Sprintf("Shortcuts of the %s: %s.", canvas.Plural(blocks, "block"), strings.Join(parts, ", "))
}
