package onnx

// classToken makes room before the tokens, and adds a table that is the token there and zero elsewhere: unlike putting
// the token there, this does not ask how many images there are.
func (e *exporter) classToken(x value) value {
	n, d := x.shape[0]+1, x.shape[1]
	table := append(e.w[0][:d:d], make([]float32, (n-1)*d)...)
	name := e.node("Pad", []string{x.name, e.ints("pads", 0, 1, 0, 0, 0, 0)})
	name = e.node("Add", []string{name, e.floats("class_token", table, n, d)})
	return value{name: name, shape: []int{n, d}}
}
