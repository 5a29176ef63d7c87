package onnxrun

import (
	"fmt"
	"slices"
)

// index counts through the places of an array of these sizes.
func index(dims []int, do func(at []int)) {
	at := make([]int, len(dims))
	for range size(dims) {
		do(at)
		for axis := len(dims) - 1; axis >= 0; axis-- {
			if at[axis]++; at[axis] < dims[axis] {
				break
			}
			at[axis] = 0
		}
	}
}

// at is the position of a number. Places are counted from the last axis; an axis of size 1 has one for all places, and
// axes that are missing are left out.
func (t Tensor) at(place []int) int {
	position := 0
	for axis, d := range t.Dims {
		position *= d
		if p := place[len(place)-len(t.Dims)+axis]; d != 1 {
			position += p
		}
	}
	return position
}

func broadcast(a, b Tensor, f func(a, b float64) float64) (Tensor, error) {
	dims, err := broadcastDims(a.Dims, b.Dims)
	out := Tensor{Dims: dims}
	if err == nil {
		index(dims, func(at []int) {
			out.Floats = append(out.Floats, float32(f(float64(a.Floats[a.at(at)]), float64(b.Floats[b.at(at)]))))
		})
	}
	return out, err
}

func broadcastDims(a, b []int) ([]int, error) {
	dims := make([]int, max(len(a), len(b)))
	for i := range dims {
		from := func(d []int) int {
			if at := len(d) - len(dims) + i; at >= 0 {
				return d[at]
			}
			return 1
		}
		x, y := from(a), from(b)
		if x != y && x != 1 && y != 1 {
			return nil, fmt.Errorf("shapes %v and %v", a, b)
		}
		dims[i] = max(x, y)
	}
	return dims, nil
}

func transpose(x Tensor, permutation []int) Tensor {
	out := Tensor{}
	for _, axis := range permutation {
		out.Dims = append(out.Dims, x.Dims[axis])
	}
	from := make([]int, len(permutation))
	index(out.Dims, func(at []int) {
		for i, axis := range permutation {
			from[axis] = at[i]
		}
		out.Floats = append(out.Floats, x.Floats[x.at(from)])
	})
	return out
}

func reshape(x Tensor, shape []int) (Tensor, error) {
	dims := slices.Clone(shape)
	for i, d := range dims {
		if d == 0 {
			dims[i] = x.Dims[i]
		}
	}
	if size(dims) != len(x.Floats) {
		return Tensor{}, fmt.Errorf("%v cannot become %v", x.Dims, shape)
	}
	return Tensor{Dims: dims, Floats: x.Floats}, nil
}

func unsqueeze(c call) (Tensor, error) {
	return Tensor{Dims: slices.Insert(slices.Clone(c.in[0].Dims), c.in[1].Ints[0], 1), Floats: c.in[0].Floats}, nil
}

func pad(x Tensor, pads []int) Tensor {
	out := Tensor{}
	for axis, d := range x.Dims {
		out.Dims = append(out.Dims, pads[axis]+d+pads[len(x.Dims)+axis])
	}
	from := make([]int, len(x.Dims))
	index(out.Dims, func(at []int) {
		v := float32(0)
		inside := true
		for axis := range at {
			from[axis] = at[axis] - pads[axis]
			inside = inside && from[axis] >= 0 && from[axis] < x.Dims[axis]
		}
		if inside {
			v = x.Floats[x.at(from)]
		}
		out.Floats = append(out.Floats, v)
	})
	return out
}

func slice(c call) (Tensor, error) {
	x, starts, ends, axes := c.in[0], c.in[1].Ints, c.in[2].Ints, c.in[3].Ints
	out := Tensor{Dims: slices.Clone(x.Dims)}
	for i, axis := range axes {
		out.Dims[axis] = ends[i] - starts[i]
	}
	index(out.Dims, func(at []int) {
		from := slices.Clone(at)
		for i, axis := range axes {
			from[axis] += starts[i]
		}
		out.Floats = append(out.Floats, x.Floats[x.at(from)])
	})
	return out, nil
}

func concat(c call) (Tensor, error) {
	axis := c.int("axis", 0)
	out := Tensor{Dims: slices.Clone(c.in[0].Dims)}
	for _, x := range c.in[1:] {
		out.Dims[axis] += x.Dims[axis]
	}
	index(out.Dims, func(at []int) {
		from := slices.Clone(at)
		for _, x := range c.in {
			if from[axis] < x.Dims[axis] {
				out.Floats = append(out.Floats, x.Floats[x.at(from)])
				return
			}
			from[axis] -= x.Dims[axis]
		}
	})
	return out, nil
}
