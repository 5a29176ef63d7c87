package onnxrun

import (
	"fmt"
	"math"
)

// window is what convolutions and poolings look at.
type window struct {
	size, strides, dilation, begin, out [2]int
}

func (c call) window() (w window, err error) {
	kernel, strides, pads := c.ints("kernel_shape"), c.ints("strides"), c.ints("pads")
	if len(kernel) != 2 || len(strides) != 2 || len(pads) != 4 {
		return w, fmt.Errorf("kernel_shape %v, strides %v, pads %v", kernel, strides, pads)
	}
	w.dilation = [2]int{1, 1}
	if d := c.ints("dilations"); d != nil {
		w.dilation = [2]int(d)
	}
	for axis := range 2 {
		w.size[axis], w.strides[axis], w.begin[axis] = kernel[axis], strides[axis], pads[axis]
		span := (kernel[axis]-1)*w.dilation[axis] + 1
		w.out[axis] = (c.in[0].Dims[2+axis]+pads[axis]+pads[2+axis]-span)/strides[axis] + 1
	}
	return w, nil
}

// each calls do with the places of the image [n, c, height, width] that a window covers, and their numbers in the window.
func (w window) each(height, width, row, column int, do func(y, x, i, j int)) {
	for i := range w.size[0] {
		for j := range w.size[1] {
			y, x := row*w.strides[0]+i*w.dilation[0]-w.begin[0], column*w.strides[1]+j*w.dilation[1]-w.begin[1]
			if y >= 0 && x >= 0 && y < height && x < width {
				do(y, x, i, j)
			}
		}
	}
}

func conv(c call) (Tensor, error) {
	x, k := c.in[0], c.in[1]
	w, err := c.window()
	groups := c.int("group", 1)
	filters, in := k.Dims[0], k.Dims[1]
	if err != nil || in*groups != x.Dims[1] || filters%groups != 0 || [2]int(k.Dims[2:]) != w.size {
		return Tensor{}, fmt.Errorf("image %v, kernel %v, %d groups: %v", x.Dims, k.Dims, groups, err)
	}
	height, width := x.Dims[2], x.Dims[3]
	out := Tensor{Dims: []int{x.Dims[0], filters, w.out[0], w.out[1]}}
	index(out.Dims, func(at []int) {
		n, f := at[0], at[1]
		first := f / (filters / groups) * in
		sum := 0.0
		if len(c.in) > 2 {
			sum = float64(c.in[2].Floats[f])
		}
		w.each(height, width, at[2], at[3], func(y, x2, i, j int) {
			from := ((n*x.Dims[1]+first)*height+y)*width + x2
			kernel := (f*in*w.size[0]+i)*w.size[1] + j
			for range in {
				sum += float64(x.Floats[from]) * float64(k.Floats[kernel])
				from += height * width
				kernel += w.size[0] * w.size[1]
			}
		})
		out.Floats = append(out.Floats, float32(sum))
	})
	return out, nil
}

func pool(c call) (Tensor, error) {
	x := c.in[0]
	w, err := c.window()
	if err != nil || c.int("ceil_mode", 0) != 0 || c.int("count_include_pad", 0) != 0 {
		return Tensor{}, fmt.Errorf("%v, or another mode", err)
	}
	out := Tensor{Dims: []int{x.Dims[0], x.Dims[1], w.out[0], w.out[1]}}
	index(out.Dims, func(at []int) {
		largest, sum, count := math.Inf(-1), 0.0, 0
		w.each(x.Dims[2], x.Dims[3], at[2], at[3], func(y, x2, _, _ int) {
			v := float64(x.Floats[x.at([]int{at[0], at[1], y, x2})])
			largest, sum, count = max(largest, v), sum+v, count+1
		})
		if c.Op == "MaxPool" {
			out.Floats = append(out.Floats, float32(largest))
		} else {
			out.Floats = append(out.Floats, float32(sum/float64(count)))
		}
	})
	return out, nil
}

func globalPool(c call) (Tensor, error) {
	x := c.in[0]
	out := Tensor{Dims: []int{x.Dims[0], x.Dims[1], 1, 1}}
	plane := size(x.Dims[2:])
	for i := range x.Dims[0] * x.Dims[1] {
		largest, sum := math.Inf(-1), 0.0
		for _, v := range x.Floats[i*plane : (i+1)*plane] {
			largest, sum = max(largest, float64(v)), sum+float64(v)
		}
		if c.Op == "GlobalMaxPool" {
			sum = largest * float64(plane)
		}
		out.Floats = append(out.Floats, float32(sum/float64(plane)))
	}
	return out, nil
}

// resize interpolates linearly between half-pixel centres.
func resize(c call) (Tensor, error) {
	x, scales := c.in[0], c.in[2].Floats
	if c.Attributes["mode"] != "linear" || c.Attributes["coordinate_transformation_mode"] != "half_pixel" ||
		len(scales) != 4 || scales[0] != 1 || scales[1] != 1 {
		return Tensor{}, fmt.Errorf("%v by %v", c.Attributes, scales)
	}
	out := Tensor{Dims: []int{x.Dims[0], x.Dims[1], 0, 0}}
	for axis := 2; axis < 4; axis++ {
		out.Dims[axis] = int(math.Floor(float64(float32(x.Dims[axis]) * scales[axis])))
	}
	place := func(axis, i int) (low, high int, t float64) {
		p := (float64(i)+0.5)/float64(scales[axis]) - 0.5
		p = min(max(p, 0), float64(x.Dims[axis]-1))
		low = int(p)
		return low, min(low+1, x.Dims[axis]-1), p - float64(low)
	}
	index(out.Dims, func(at []int) {
		top, bottom, v := place(2, at[2])
		left, right, u := place(3, at[3])
		pixel := func(y, x2 int) float64 { return float64(x.Floats[x.at([]int{at[0], at[1], y, x2})]) }
		upper := pixel(top, left)*(1-u) + pixel(top, right)*u
		lower := pixel(bottom, left)*(1-u) + pixel(bottom, right)*u
		out.Floats = append(out.Floats, float32(upper*(1-v)+lower*v))
	})
	return out, nil
}
