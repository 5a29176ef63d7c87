// Package onnxrun reads ONNX files and computes them plainly, one number after the other, as ONNX's documentation says. It
// knows the operators that package onnx writes, and is for tests: what those files mean does not rest on their writer.
package onnxrun

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is what a file holds.
type Model struct {
	IR, Opset     int
	Producer, Doc string
	Name          string
	Metadata      map[string]string
	Nodes         []Node
	Constants     map[string]Tensor
	Inputs        []Port
	Outputs       []Port
}

// Node is an operator.
type Node struct {
	Op         string
	Inputs     []string
	Outputs    []string
	Attributes map[string]any // int, float32, string or []int
}

// Port is an input or output: "" is a size with a name.
type Port struct {
	Name, Doc string
	Type      int
	Dims      []string
}

// Tensor is an array of floats or, if Floats is nil, of integers.
type Tensor struct {
	Dims   []int
	Floats []float32
	Ints   []int
}

// fields are those of a message, by number: each a uint64, or the bytes of what has a length.
type fields map[protowire.Number][]any

func parse(b []byte) (fields, error) {
	f := fields{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		var value any
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(b)
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			value = uint64(v)
		case protowire.Fixed64Type:
			value, n = protowire.ConsumeFixed64(b)
		default:
			return nil, fmt.Errorf("field %d has the wire type %d", number, kind)
		}
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		b = b[n:]
		f[number] = append(f[number], value)
	}
	return f, nil
}

func (f fields) text(n protowire.Number) string {
	if len(f[n]) == 0 {
		return ""
	}
	return string(f[n][0].([]byte))
}

func (f fields) texts(n protowire.Number) (all []string) {
	for _, v := range f[n] {
		all = append(all, string(v.([]byte)))
	}
	return all
}

func (f fields) int(n protowire.Number) int {
	if len(f[n]) == 0 {
		return 0
	}
	return int(f[n][0].(uint64))
}

// ints are repeated integers, packed or not.
func (f fields) ints(n protowire.Number) (all []int) {
	for _, v := range f[n] {
		switch v := v.(type) {
		case uint64:
			all = append(all, int(v))
		case []byte:
			for len(v) > 0 {
				i, size := protowire.ConsumeVarint(v)
				if size < 0 {
					return nil
				}
				all, v = append(all, int(i)), v[size:]
			}
		}
	}
	return all
}

// each calls do for the messages of a field.
func (f fields) each(n protowire.Number, do func(fields) error) error {
	for _, v := range f[n] {
		message, err := parse(v.([]byte))
		if err == nil {
			err = do(message)
		}
		if err != nil {
			return fmt.Errorf("field %d: %w", n, err)
		}
	}
	return nil
}

// Read reads a file.
func Read(path string) (*Model, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func decode(raw []byte) (*Model, error) {
	f, err := parse(raw)
	if err != nil {
		return nil, err
	}
	m := &Model{IR: f.int(1), Producer: f.text(2), Doc: f.text(6), Metadata: map[string]string{},
		Constants: map[string]Tensor{}}
	if err := f.each(8, func(f fields) error { m.Opset = f.int(2); return nil }); err != nil {
		return nil, err
	}
	if err := f.each(14, func(f fields) error { m.Metadata[f.text(1)] = f.text(2); return nil }); err != nil {
		return nil, err
	}
	return m, f.each(7, m.graph)
}

func (m *Model) graph(f fields) error {
	m.Name = f.text(2)
	err := f.each(1, func(f fields) error {
		n := Node{Op: f.text(4), Inputs: f.texts(1), Outputs: f.texts(2), Attributes: map[string]any{}}
		m.Nodes = append(m.Nodes, n)
		return f.each(5, n.attribute)
	})
	if err != nil {
		return err
	}
	if err := f.each(5, m.constant); err != nil {
		return err
	}
	for number, ports := range map[protowire.Number]*[]Port{11: &m.Inputs, 12: &m.Outputs} {
		if err := f.each(number, func(f fields) error {
			p, err := port(f)
			*ports = append(*ports, p)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func (n Node) attribute(f fields) error {
	name := f.text(1)
	switch kind := f.int(20); kind {
	case 1:
		n.Attributes[name] = math.Float32frombits(uint32(f.int(2)))
	case 2:
		n.Attributes[name] = f.int(3)
	case 3:
		n.Attributes[name] = f.text(4)
	case 7:
		n.Attributes[name] = f.ints(8)
	default:
		return fmt.Errorf("attribute %s has the type %d", name, kind)
	}
	return nil
}

func (m *Model) constant(f fields) error {
	name, raw := f.text(8), []byte(f.text(9))
	t := Tensor{Dims: f.ints(1)}
	switch kind := f.int(2); kind {
	case 1:
		t.Floats = make([]float32, len(raw)/4)
		for i := range t.Floats {
			t.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	case 7:
		for i := range len(raw) / 8 {
			t.Ints = append(t.Ints, int(binary.LittleEndian.Uint64(raw[8*i:])))
		}
	default:
		return fmt.Errorf("%s has the type %d", name, kind)
	}
	if n := size(t.Dims); n != len(t.Floats)+len(t.Ints) {
		return fmt.Errorf("%s has %d numbers for the shape %v", name, len(t.Floats)+len(t.Ints), t.Dims)
	}
	m.Constants[name] = t
	return nil
}

func port(f fields) (p Port, err error) {
	p.Name, p.Doc = f.text(1), f.text(3)
	err = f.each(2, func(f fields) error {
		return f.each(1, func(f fields) error {
			p.Type = f.int(1)
			return f.each(2, func(f fields) error {
				return f.each(1, func(f fields) error {
					size := f.text(2)
					if size == "" {
						size = fmt.Sprint(f.int(1))
					}
					p.Dims = append(p.Dims, size)
					return nil
				})
			})
		})
	})
	return p, err
}

func size(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
