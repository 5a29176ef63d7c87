package diagram

import (
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// extent is a run of layers by position, the end left out.
type extent struct{ start, end int }

// transformerBlocks finds the blocks of a transformer, one for each attention: from the one tensor that attention and
// its sum both read to the second sum or, where the block does not begin with a normalization, the one behind it.
// Attention among layers of another form is left out.
func transformerBlocks(ls layer.List) (found []extent) {
	last := 1 // end of the block before; a block reads at least the input
	for i, l := range ls {
		if !isAttention(l) || i < last {
			continue
		}
		start := i
		for start > last && !ls.SingleCrossing(start) {
			start--
		}
		end := secondSum(ls, i)
		if end < len(ls) && isLayerNorm(ls[end]) && !slices.ContainsFunc(ls[start:i], isLayerNorm) { // post-norm
			end++
		}
		if end > 0 && ls.SingleCrossing(start) && ls.SingleCrossing(end) {
			found, last = append(found, extent{start, end}), end
		}
	}
	return found
}

// secondSum is the position behind the second sum that follows an attention, 0 where another attention stands between.
func secondSum(ls layer.List, attention int) int {
	sums := 0
	for i := attention + 1; i < len(ls) && !isAttention(ls[i]); i++ {
		if isSum(ls[i]) {
			sums++
		}
		if sums == 2 {
			return i + 1
		}
	}
	return 0
}

func isAttention(l *layer.Layer) bool { _, ok := l.Op.(layer.MultiHeadAttention); return ok }
func isSum(l *layer.Layer) bool       { _, ok := l.Op.(layer.Add); return ok }
func isLayerNorm(l *layer.Layer) bool { _, ok := l.Op.(layer.LayerNormalization); return ok }
