package onnx

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of onnx.proto (https://github.com/onnx/onnx), as far as they are written here. Fields are named by their
// numbers there.

// graph is a ModelProto with its GraphProto.
type graph struct {
	name, doc     string
	nodes         []node
	tensors       []tensor
	input, output port
	metadata      [][2]string
}

// node is a NodeProto with one output, after which it is named.
type node struct {
	op         string
	inputs     []string // "" is one that is left out
	output     string
	attributes []attribute
}

// attribute is an AttributeProto: an int, a float32, a string or a list of ints.
type attribute struct {
	name  string
	value any
}

// port is a ValueInfoProto: float32 of a shape, behind any number of images.
type port struct {
	name  string
	shape []int
	doc   string
}

// tensor is a TensorProto: a constant, of floats or of integers. Floats are made when they are written, so that no second
// copy of a network's weights is held.
type tensor struct {
	name   string
	dims   []int
	floats func() []float32
	ints   []int64
}

const float32Type, int64Type = 1, 7 // TensorProto.DataType

func (g *graph) write(w io.Writer) error {
	body := appendText(nil, 2, g.name)
	for _, n := range g.nodes {
		body = appendMessage(body, 1, n.encode())
	}
	body = appendMessage(body, 11, g.input.encode())
	body = appendMessage(body, 12, g.output.encode())
	size := len(body)
	heads := make([][]byte, len(g.tensors))
	for i, t := range g.tensors {
		heads[i] = t.head()
		size += len(heads[i]) + t.bytes()
	}

	model := appendInt(nil, 1, irVersion)
	model = appendText(model, 2, producer)
	model = appendText(model, 6, g.doc)
	model = appendMessage(model, 8, appendInt(nil, 2, opset))
	for _, entry := range g.metadata {
		model = appendMessage(model, 14, appendText(appendText(nil, 1, entry[0]), 2, entry[1]))
	}
	model = protowire.AppendTag(model, 7, protowire.BytesType)
	model = protowire.AppendVarint(model, uint64(size))
	if len(model)+size > math.MaxInt32 {
		return fmt.Errorf("the model takes %d MB: ONNX has at most 2,147 MB in one file", (len(model)+size)/1e6)
	}

	buffered := bufio.NewWriterSize(w, 1<<20)
	buffered.Write(model) // errors stay in the writer
	buffered.Write(body)
	for i, t := range g.tensors {
		buffered.Write(heads[i])
		t.writeValues(buffered)
	}
	return buffered.Flush()
}

// head is a tensor as a field of the graph, up to its values.
func (t tensor) head() []byte {
	var b []byte
	for _, d := range t.dims {
		b = appendInt(b, 1, d)
	}
	kind := float32Type
	if t.floats == nil {
		kind = int64Type
	}
	b = appendInt(b, 2, kind)
	b = appendText(b, 8, t.name)
	b = protowire.AppendTag(b, 9, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(t.bytes()))
	field := protowire.AppendTag(nil, 5, protowire.BytesType)
	field = protowire.AppendVarint(field, uint64(len(b)+t.bytes()))
	return append(field, b...)
}

func (t tensor) bytes() int {
	if t.floats == nil {
		return 8 * len(t.ints)
	}
	n := 4
	for _, d := range t.dims {
		n *= d
	}
	return n
}

func (t tensor) writeValues(w *bufio.Writer) {
	if t.floats == nil {
		for _, v := range t.ints {
			w.Write(binary.LittleEndian.AppendUint64(nil, uint64(v)))
		}
		return
	}
	var four [4]byte
	for _, v := range t.floats() {
		binary.LittleEndian.PutUint32(four[:], math.Float32bits(v))
		w.Write(four[:])
	}
}

func (n node) encode() (b []byte) {
	for _, name := range n.inputs {
		b = appendMessage(b, 1, []byte(name))
	}
	b = appendText(b, 2, n.output)
	b = appendText(b, 3, n.output)
	b = appendText(b, 4, n.op)
	for _, a := range n.attributes {
		b = appendMessage(b, 5, a.encode())
	}
	return b
}

func (a attribute) encode() []byte {
	b := appendText(nil, 1, a.name)
	kind := 0 // AttributeProto.AttributeType
	switch v := a.value.(type) {
	case float32:
		b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(v))
		kind = 1
	case int:
		b = appendInt(b, 3, v)
		kind = 2
	case string:
		b = appendMessage(b, 4, []byte(v))
		kind = 3
	case []int:
		for _, i := range v {
			b = appendInt(b, 8, i)
		}
		kind = 7
	default:
		panic(fmt.Sprintf("attribute %s of type %T", a.name, a.value))
	}
	return appendInt(b, 20, kind)
}

func (p port) String() string {
	sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(p.shape), " ", ", "), "[]")
	return fmt.Sprintf("%s [n, %s]: %s.", p.name, sizes, p.doc)
}

func (p port) encode() []byte {
	shape := appendMessage(nil, 1, appendText(nil, 2, "n"))
	for _, d := range p.shape {
		shape = appendMessage(shape, 1, appendInt(nil, 1, d))
	}
	tensorType := appendMessage(appendInt(nil, 1, float32Type), 2, shape)
	b := appendText(nil, 1, p.name)
	b = appendMessage(b, 2, appendMessage(nil, 1, tensorType))
	return appendText(b, 3, p.doc)
}

func appendInt(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// appendText leaves out text that is empty.
func appendText(b []byte, field protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return appendMessage(b, field, []byte(strings.ToValidUTF8(text, "?")))
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}
