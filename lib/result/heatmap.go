package result

import "slices"

// Heatmap says where a model looked: how much each place of its last feature map speaks for a class, or gets attention.
type Heatmap struct {
	Height, Width int
	Values        []float32 // [Height, Width], from 0 to 1 where the most evidence is; all 0 if there is none
	Class         int       // that is explained; −1 where the map is of no class, as those of attention
	Notice        string    // what readers must know: weights or data that are not the real ones
}

// Stretched is the heat map with its smallest value at 0 and its largest at 1; all 0 if they are equal. It makes the
// differences of nearly even attention visible, and hides how small they are: say so where it is drawn.
func (h Heatmap) Stretched() Heatmap {
	low, high := slices.Min(h.Values), slices.Max(h.Values)
	values := make([]float32, len(h.Values))
	for i, v := range h.Values {
		if high > low {
			values[i] = (v - low) / (high - low)
		}
	}
	h.Values = values
	return h
}
