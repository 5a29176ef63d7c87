package main

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// scales and orientations are those of the filters behind texture statistics.
const scales, orientations = 3, 4

// statisticsCount is how many numbers statistics gives.
const statisticsCount = 2 + scales*(2+6+7*orientations) + (scales-1)*orientations

// statistics measures pictures [n, size, size, 3] of 0…255 as Portilla and Simoncelli do ("A Parametric Texture Model
// Based on Joint Statistics of Complex Wavelet Coefficients", IJCV 2000), with Gabor filters: how bright and how
// contrasty a picture is; and, of the picture in units of its contrast, how the pixels are distributed and correlate
// over a distance, how strong the filters answer at each scale and orientation, how sparsely, whether on bright or on
// dark lines, and how their strengths go together. It gives [n, a row of numbers], each in units of its deviation over
// the pictures of the batch.
func statistics(pictures *Node) *Node {
	g := pictures.Graph()
	grey := MulScalar(ReduceAndKeep(pictures, ReduceMean, -1), 1.0/127.5)
	mean := average(grey)
	d := Sub(grey, mean)
	contrast := Sqrt(AddScalar(average(Square(d)), 1e-4))
	level := Div(d, contrast)
	out := []*Node{mean, Log(contrast)}
	filters := Const(g, gaborFilters())
	var finer *Node // the strengths at the scale before, at this size
	for scale := range scales {
		out = append(out, moments(level)...)
		for _, lag := range [][2]int{{0, 1}, {1, 0}, {0, 3}, {3, 0}, {3, 3}, {3, -3}} {
			out = append(out, lagged(level, lag))
		}
		answers := Convolve(level, filters).NoPadding().Done()
		even := Slice(answers, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, orientations))
		odd := Slice(answers, AxisRange(), AxisRange(), AxisRange(), AxisRange(orientations))
		strength := Sqrt(AddScalar(Add(Square(even), Square(odd)), 1e-4))
		out = append(out, Log(average(strength)), moments(even)[0])
		z := standard(strength)
		out = append(out, Log(average(Square(Div(strength, average(strength))))))
		for _, lag := range [][2]int{{0, 4}, {4, 0}} {
			out = append(out, lagged(z, lag))
		}
		for turn := 1; turn <= orientations/2; turn++ {
			turned := Concatenate([]*Node{channels(z, turn, orientations), channels(z, 0, turn)}, -1)
			out = append(out, average(Mul(z, turned)))
		}
		if finer != nil {
			out = append(out, average(Mul(z, standard(centre(finer, z.Shape().Dimensions[1])))))
		}
		if scale+1 < scales {
			finer, level = halve(strength), halve(level)
			level = Div(level, Sqrt(AddScalar(average(Square(level)), 1e-3)))
		}
	}
	for i, o := range out {
		out[i] = Reshape(o, o.Shape().Dimensions[0], o.Shape().Size()/o.Shape().Dimensions[0])
	}
	rows := Concatenate(out, -1)
	rows = Sub(rows, ReduceAndKeep(rows, ReduceMean, 0))
	rows = Div(rows, Sqrt(AddScalar(ReduceAndKeep(Square(rows), ReduceMean, 0), 1e-6)))
	return StopGradient(ClipScalar(rows, -3, 3))
}

// average is over the places of each channel: [n, h, w, c] → [n, 1, 1, c].
func average(x *Node) *Node { return ReduceAndKeep(x, ReduceMean, 1, 2) }

// standard gives each channel of each picture mean 0 and deviation 1.
func standard(x *Node) *Node {
	x = Sub(x, average(x))
	return Div(x, Sqrt(AddScalar(average(Square(x)), 1e-3)))
}

// moments are skewness and kurtosis of each channel, compressed: their tails are long.
func moments(x *Node) []*Node {
	z := standard(x)
	squares := Square(z)
	skewness := average(Mul(squares, z))
	return []*Node{Div(skewness, Sqrt(AddScalar(Abs(skewness), 1))), Log(AddScalar(average(Square(squares)), 0.1))}
}

// lagged is the correlation of each channel with itself, moved down and right by lag; the channels have deviation 1.
func lagged(x *Node, lag [2]int) *Node {
	var a, b [2]SliceAxisSpec
	for i, l := range lag {
		n := x.Shape().Dimensions[1+i]
		a[i], b[i] = AxisRange(max(0, l), n+min(0, l)), AxisRange(max(0, -l), n-max(0, l))
	}
	return average(Mul(Slice(x, AxisRange(), a[0], a[1]), Slice(x, AxisRange(), b[0], b[1])))
}

func channels(x *Node, from, to int) *Node {
	return Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(from, to))
}

// halve averages over squares of two by two.
func halve(x *Node) *Node { return MeanPool(x).Window(2).NoPadding().Done() }

// centre cuts size×size places out of the middle.
func centre(x *Node, size int) *Node {
	start := (x.Shape().Dimensions[1] - size) / 2
	return Slice(x, AxisRange(), AxisRange(start, start+size), AxisRange(start, start+size))
}

// gaborFilters are even ones of each orientation, then odd ones, waves of 4 pixels, [7, 7, 1, 2·orientations].
func gaborFilters() [][][][]float32 {
	const size, wavelength, deviation = 7, 4.0, 1.7
	f := make([][][][]float32, size)
	for y := range f {
		f[y] = make([][][]float32, size)
		for x := range f[y] {
			f[y][x] = [][]float32{make([]float32, 2*orientations)}
		}
	}
	for o := range orientations {
		s, c := math.Sincos(math.Pi * float64(o) / orientations)
		var window, waves float64
		at := func(x, y int) (w, even, odd float64) {
			dx, dy := float64(x-size/2), float64(y-size/2)
			phase := 2 * math.Pi * (dx*c + dy*s) / wavelength
			w = math.Exp(-(dx*dx + dy*dy) / (2 * deviation * deviation))
			return w, w * math.Cos(phase), w * math.Sin(phase)
		}
		for y := range size {
			for x := range size {
				w, even, _ := at(x, y)
				window, waves = window+w, waves+even
			}
		}
		for y := range size {
			for x := range size {
				w, even, odd := at(x, y)
				f[y][x][0][o] = float32((even - w*waves/window) / 4) // no answer to a plain picture
				f[y][x][0][orientations+o] = float32(odd / 4)
			}
		}
	}
	return f
}
