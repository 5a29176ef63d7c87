package neighbours

import (
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
)

// Groups numbers n images so that those which overlap, directly or by way of others, have the same number: the connected
// components of the overlaps of a source with itself. images.GroupKFold keeps such groups together. The numbers are those
// of the first image of each group. An overlap of an image that is not one of the n panics.
func Groups(n int, overlaps []Overlap) []int {
	g := simple.NewUndirectedGraph()
	for i := range n {
		g.AddNode(simple.Node(i))
	}
	for _, o := range overlaps {
		if max(o.A, o.B) >= n || min(o.A, o.B) < 0 {
			panic("neighbours.Groups: an overlap of an image that is not one of those to be numbered")
		}
		if o.A != o.B {
			g.SetEdge(simple.Edge{F: simple.Node(o.A), T: simple.Node(o.B)})
		}
	}
	groups := make([]int, n)
	for _, component := range topo.ConnectedComponents(g) {
		first := n
		for _, node := range component {
			first = min(first, int(node.ID()))
		}
		for _, node := range component {
			groups[node.ID()] = first
		}
	}
	return groups
}
