package layer

import (
	"github.com/gomlx/gomlx/core/graph"
)

// Winograd's minimal filtering F(2×2, 3×3) computes a 3×3 convolution with 16 multiplications per 2×2 outputs in place
// of 36 (Lavin and Gray, 2016, "Fast Algorithms for Convolutional Neural Networks", https://arxiv.org/abs/1509.09308).
// For a tile d of 4×4 inputs, a kernel g, and the 2×2 outputs y at its centre:
//
//	y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A
//
// Summed over input channels, each of the 16 elementwise products becomes a matrix product over all tiles:
// [tiles, channels]·[channels, filters]. The transforms only add and halve, so the result is as exact as that of the
// direct form. F(4×4, 3×3) multiplies less still, but loses a digit, and its larger transforms took what it won.
var (
	winogradB = [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}} // Bᵀ
	winogradG = [][]float64{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}
	winogradA = [][]float64{{1, 1, 1, 0}, {0, 1, -1, -1}} // Aᵀ
)

// winograd is the 3×3 convolution of stride 1 of x [b, h, w, c] with pads {top, bottom, left, right}. The kernel is
// [3, 3, c, f], or [16, c, f] as winogradKernel gives it.
//
// A transformed kernel is taken in one batched product, which is faster for few images. Otherwise there are 16 products,
// each with its own inputs and outputs: in large batches these stay in cache, where all 16 together would not.
func winograd(x, kernel *graph.Node, pads [4]int) *graph.Node {
	d := x.Shape().Dimensions
	h, w := d[1]+pads[0]+pads[1]-2, d[2]+pads[2]+pads[3]-2
	rows, columns := (h+1)/2, (w+1)/2
	x = pad(x, [4]int{pads[0], pads[1] + h%2, pads[2], pads[3] + w%2})
	inputs := transform(winogradB, grid(4, func(i, j int) *graph.Node {
		return graph.Slice(x, graph.AxisRange(), graph.AxisRange(i, i+2*rows-1).Stride(2),
			graph.AxisRange(j, j+2*columns-1).Stride(2))
	}))
	var products [][]*graph.Node
	if kernel.Rank() == 3 {
		var tiles []*graph.Node
		for _, row := range inputs {
			for _, v := range row {
				tiles = append(tiles, graph.Reshape(v, -1, d[3]))
			}
		}
		all := graph.DotGeneral(graph.Stack(tiles, 0), []int{2}, []int{0}, kernel, []int{1}, []int{0})
		products = grid(4, func(i, j int) *graph.Node { return graph.Slice(all, graph.AxisElem(4*i+j)) })
	} else {
		kernels := transform(winogradG, grid(3, func(i, j int) *graph.Node {
			return graph.Squeeze(graph.Slice(kernel, graph.AxisElem(i), graph.AxisElem(j)), 0, 1)
		}))
		products = grid(4, func(i, j int) *graph.Node {
			return graph.Dot(graph.Reshape(inputs[i][j], -1, d[3]), kernels[i][j]).Product()
		})
	}
	outputs := transform(winogradA, grid(4, func(i, j int) *graph.Node {
		return graph.Reshape(products[i][j], d[0], rows, columns, -1)
	}))
	lines := make([]*graph.Node, 2)
	for i := range lines {
		lines[i] = graph.Reshape(graph.Stack(outputs[i], 3), d[0], rows, 1, 2*columns, -1)
	}
	y := graph.Reshape(graph.Concatenate(lines, 2), d[0], 2*rows, 2*columns, -1)
	return graph.Slice(y, graph.AxisRange(), graph.AxisRange(0, h), graph.AxisRange(0, w), graph.AxisRange())
}

// winogradKernel transforms a kernel [3, 3, c, f] into G g Gᵀ, [16, c, f].
func winogradKernel(kernel []float32) []float32 {
	n := len(kernel) / 9
	out := make([]float32, 16*n)
	for i := range 4 {
		for j := range 4 {
			to := out[(4*i+j)*n:][:n]
			for k := range n {
				var sum float64
				for r, g := range winogradG[i] {
					for s, g2 := range winogradG[j] {
						sum += g * g2 * float64(kernel[(3*r+s)*n+k])
					}
				}
				to[k] = float32(sum)
			}
		}
	}
	return out
}

func grid(n int, node func(i, j int) *graph.Node) [][]*graph.Node {
	g := make([][]*graph.Node, n)
	for i := range g {
		for j := range n {
			g[i] = append(g[i], node(i, j))
		}
	}
	return g
}

// transform is M·g·Mᵀ for a grid of nodes.
func transform(m [][]float64, g [][]*graph.Node) [][]*graph.Node {
	half := make([][]*graph.Node, len(m))
	for i := range m {
		for j := range g {
			column := make([]*graph.Node, len(g))
			for r := range g {
				column[r] = g[r][j]
			}
			half[i] = append(half[i], combine(m[i], column))
		}
	}
	out := make([][]*graph.Node, len(m))
	for i := range m {
		for j := range m {
			out[i] = append(out[i], combine(m[j], half[i]))
		}
	}
	return out
}

// combine is Σ factors·nodes, without the terms that are 0 and the multiplications by ±1.
func combine(factors []float64, nodes []*graph.Node) *graph.Node {
	var sum *graph.Node
	for i, f := range factors {
		switch {
		case f == 0:
		case f == 1 && sum == nil:
			sum = nodes[i]
		case f == 1:
			sum = graph.Add(sum, nodes[i])
		case f == -1 && sum != nil:
			sum = graph.Sub(sum, nodes[i])
		case sum == nil:
			sum = graph.MulScalar(nodes[i], f)
		default:
			sum = graph.Add(sum, graph.MulScalar(nodes[i], f))
		}
	}
	return sum
}
