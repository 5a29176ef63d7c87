package onnx

import (
	"math"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// resize interpolates as Keras's Resizing, between half-pixel centres.
func (e *exporter) resize(x value) value {
	in, out := x.shape, e.layer.Shape
	x.shape = out
	if in[0] == out[0] && in[1] == out[1] {
		return x
	}
	scales := []float32{1, 1, scale(in[0], out[0]), scale(in[1], out[1])}
	x.name = e.node("Resize", []string{x.name, "", e.floats("scales", scales, 4)}, attribute{"mode", "linear"},
		attribute{"coordinate_transformation_mode", "half_pixel"})
	return x
}

// resample is resize by another interpolation. ONNX's own do not round positions as TensorFlow does, and so take other
// pixels here and there.
func (e *exporter) resample(op layer.GeneralResizing, x value) value {
	in, out := x.shape, e.layer.Shape
	if in[0] != out[0] {
		x.name = e.node("MatMul", []string{e.floats("rows", op.Matrix(in[0], out[0]), out[0], in[0]), x.name})
	}
	if in[1] != out[1] {
		columns := e.floats("columns", transposed(op.Matrix(in[1], out[1]), in[1]), in[1], out[1])
		x.name = e.node("MatMul", []string{x.name, columns})
	}
	x.shape = out
	return x
}

// transposed is a matrix with so many columns, its rows and columns exchanged.
func transposed(m []float32, columns int) []float32 {
	t, rows := make([]float32, len(m)), len(m)/columns
	for i, v := range m {
		t[i%columns*rows+i/columns] = v
	}
	return t
}

// scale is the factor from one size to another. The size that a runtime computes from it is rounded down, so it is not
// the next number below.
func scale(from, to int) float32 {
	s := float32(to) / float32(from)
	if float64(s)*float64(from) < float64(to) {
		s = math.Nextafter32(s, float32(math.Inf(1)))
	}
	return s
}
