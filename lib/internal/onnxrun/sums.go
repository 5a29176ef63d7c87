package onnxrun

import (
	"fmt"
	"math"
	"slices"
)

// Operators that sum over numbers. They do it in float64.

func matMul(a, b Tensor) (Tensor, error) {
	if len(a.Dims) < 2 || len(b.Dims) < 2 || a.Dims[len(a.Dims)-1] != b.Dims[len(b.Dims)-2] {
		return Tensor{}, fmt.Errorf("shapes %v and %v", a.Dims, b.Dims)
	}
	rows, inner, columns := a.Dims[len(a.Dims)-2], a.Dims[len(a.Dims)-1], b.Dims[len(b.Dims)-1]
	outerA, outerB := Tensor{Dims: a.Dims[:len(a.Dims)-2]}, Tensor{Dims: b.Dims[:len(b.Dims)-2]}
	outer, err := broadcastDims(outerA.Dims, outerB.Dims)
	if err != nil {
		return Tensor{}, err
	}
	out := Tensor{Dims: append(slices.Clone(outer), rows, columns)}
	index(outer, func(at []int) {
		x, y := a.Floats[outerA.at(at)*rows*inner:], b.Floats[outerB.at(at)*inner*columns:]
		for r := range rows {
			sums := make([]float64, columns)
			for i := range inner {
				v := float64(x[r*inner+i])
				for c, w := range y[i*columns : (i+1)*columns] {
					sums[c] += v * float64(w)
				}
			}
			for _, s := range sums {
				out.Floats = append(out.Floats, float32(s))
			}
		}
	})
	return out, nil
}

func gemm(c call) (Tensor, error) {
	out, err := matMul(c.in[0], c.in[1])
	if err == nil && len(c.in) > 2 {
		return broadcast(out, c.in[2], pairs["Add"])
	}
	return out, err
}

// lines calls do with the positions of numbers that differ along one axis alone.
func (x Tensor) lines(axis int, do func(positions []int)) {
	if axis < 0 {
		axis += len(x.Dims)
	}
	n, step := x.Dims[axis], size(x.Dims[axis+1:])
	positions := make([]int, n)
	for start := range len(x.Floats) / n {
		for i := range positions {
			positions[i] = start/step*step*n + start%step + i*step
		}
		do(positions)
	}
}

func softmax(c call) (Tensor, error) {
	x := c.in[0]
	out := Tensor{Dims: x.Dims, Floats: make([]float32, len(x.Floats))}
	x.lines(c.int("axis", -1), func(positions []int) {
		largest, sum := math.Inf(-1), 0.0
		for _, p := range positions {
			largest = max(largest, float64(x.Floats[p]))
		}
		for _, p := range positions {
			sum += math.Exp(float64(x.Floats[p]) - largest)
		}
		for _, p := range positions {
			out.Floats[p] = float32(math.Exp(float64(x.Floats[p])-largest) / sum)
		}
	})
	return out, nil
}

func (x Tensor) mean(positions []int) float64 {
	sum := 0.0
	for _, p := range positions {
		sum += float64(x.Floats[p])
	}
	return sum / float64(len(positions))
}

// reduce takes its axis as an attribute, or as an input, as the operator has it since opset 13 or 18.
func reduce(c call) (Tensor, error) {
	x, axes := c.in[0], c.ints("axes")
	if c.Op == "ReduceSum" {
		axes = c.in[1].Ints
	}
	if len(axes) != 1 || c.int("keepdims", 1) != 0 {
		return Tensor{}, fmt.Errorf("of axes %v, or kept", axes)
	}
	out := Tensor{Dims: slices.Delete(slices.Clone(x.Dims), axes[0], axes[0]+1)}
	x.lines(axes[0], func(positions []int) {
		v := x.mean(positions)
		if c.Op == "ReduceSum" {
			v *= float64(len(positions))
		}
		out.Floats = append(out.Floats, float32(v))
	})
	return out, nil
}

func layerNormalization(c call) (Tensor, error) {
	x, scale, bias := c.in[0], c.in[1].Floats, c.in[2].Floats
	if c.int("axis", -1) != -1 {
		return Tensor{}, fmt.Errorf("along axis %d", c.int("axis", -1))
	}
	out := Tensor{Dims: x.Dims, Floats: make([]float32, len(x.Floats))}
	x.lines(-1, func(positions []int) {
		mean, variance := x.mean(positions), 0.0
		for _, p := range positions {
			variance += (float64(x.Floats[p]) - mean) * (float64(x.Floats[p]) - mean) / float64(len(positions))
		}
		for i, p := range positions {
			normal := (float64(x.Floats[p]) - mean) / math.Sqrt(variance+c.float("epsilon", 1e-5))
			out.Floats[p] = float32(normal*float64(scale[i]) + float64(bias[i]))
		}
	})
	return out, nil
}

func batchNormalization(c call) (Tensor, error) {
	x, epsilon := c.in[0], c.float("epsilon", 1e-5)
	out := Tensor{Dims: x.Dims, Floats: make([]float32, len(x.Floats))}
	inner := size(x.Dims[2:])
	for i, v := range x.Floats {
		channel := i / inner % x.Dims[1]
		w := func(input int) float64 { return float64(c.in[input].Floats[channel]) }
		out.Floats[i] = float32((float64(v)-w(3))/math.Sqrt(w(4)+epsilon)*w(1) + w(2))
	}
	return out, nil
}
