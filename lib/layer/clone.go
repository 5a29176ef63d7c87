package layer

import "slices"

// Clone copies a list with its layers and what each of them reads: freezing, renaming or reconnecting the layers of one
// list does not reach the other. Ops and weights, which nothing changes in place, are shared.
func (ls List) Clone() List {
	out := make(List, len(ls))
	for i, l := range ls {
		own := *l
		own.Inputs = slices.Clone(l.Inputs)
		out[i] = &own
	}
	return out
}
