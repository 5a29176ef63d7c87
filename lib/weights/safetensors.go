package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// dtype is a type of numbers that a safetensors file may have.
type dtype struct {
	name string // as NumPy calls it
	size int    // bytes
}

var floats = map[string]dtype{"F16": {"float16", 2}, "BF16": {"bfloat16", 2}, "F32": {"float32", 4},
	"F64": {"float64", 8}}

var integers = map[string]dtype{"BOOL": {"bool", 1}, "I16": {"int16", 2}, "U16": {"uint16", 2}, "I32": {"int32", 4},
	"U32": {"uint32", 4}, "I64": {"int64", 8}, "U64": {"uint64", 8}}

// isSafetensors tells the start of a safetensors file from that of any other: the length of its header in eight bytes,
// of which the highest is never used, then the header's brace.
func isSafetensors(start []byte) bool { return len(start) > 8 && start[7] == 0 && start[8] == '{' }

// IsSafetensors reports whether a file is in safetensors, or the index of shards that are.
func IsSafetensors(path string) bool {
	if strings.HasSuffix(path, safetensorsIndex) {
		return true
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, lengthBytes+1)
	n, _ := io.ReadFull(f, start) // a shorter file is none
	return isSafetensors(start[:n])
}

func (c *Checkpoint) readSafetensors(r io.ReaderAt, size int64) error {
	tensors, err := readHeader(r, size)
	if err != nil {
		return err
	}
	modules := newModules()
	err = modules.read(r, tensors)
	modules.fill(c)
	return err
}

// modules gathers the tensors of one file or of several shards: those of one module may lie far apart.
type modules struct {
	layers    []Layer
	index     map[string]int // of a layer, by its name
	converted *tensorReader
	leftOut   []string
}

func newModules() *modules {
	return &modules{index: map[string]int{}, converted: newReader(0)}
}

func (m *modules) fill(c *Checkpoint) {
	c.Format, c.Layers, c.Notes = Safetensors, m.layers, m.converted.notes()
	if n := len(m.leftOut); n > 0 {
		c.Notes = append(c.Notes, fmt.Sprintf("left out, since integers are no weights: %s", list(m.leftOut)))
	}
}

func (m *modules) read(r io.ReaderAt, tensors []storedTensor) error {
	for _, t := range tensors {
		layer, name := splitName(t.name)
		if kind, ok := integers[t.dtype]; ok {
			if name == "weight" || name == "bias" {
				return fmt.Errorf("tensor %q has the type %s: quantized weights are not supported; "+
					"get the checkpoint in float32, float16 or bfloat16", t.name, kind.name)
			}
			m.leftOut = append(m.leftOut, fmt.Sprintf("%s (%s)", t.name, kind.name))
			continue
		}
		values, err := t.float32s(r)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", t.name, err)
		}
		if t.dtype != "F32" {
			m.converted.converted[floats[t.dtype].name]++
		}
		at, ok := m.index[layer]
		if !ok {
			at = len(m.layers)
			m.index[layer] = at
			m.layers = append(m.layers, Layer{Name: layer})
		}
		m.layers[at].Tensors = append(m.layers[at].Tensors, Tensor{Name: name, Shape: t.shape, Data: values})
	}
	return nil
}

// splitName parts "encoder.layer.0.norm.weight" into module and tensor. "cls_token" belongs to the model itself: "".
func splitName(name string) (layer, tensor string) {
	dot := strings.LastIndexByte(name, '.')
	return name[:max(dot, 0)], name[dot+1:]
}

// list joins names, and counts those that would make an error too long to read.
func list(names []string) string {
	const shown = 10
	if n := len(names) - shown; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), n)
	}
	return strings.Join(names, ", ")
}

// float32s reads the tensor. The header has been checked: its bytes are in the file, and as many as its shape needs.
func (t storedTensor) float32s(r io.ReaderAt) ([]float32, error) {
	const piece = 1 << 16 // elements: the raw bytes need not all be in memory at once
	size := floats[t.dtype].size
	values := make([]float32, (t.end-t.start)/int64(size))
	buffer := make([]byte, min(piece, len(values))*size)
	for at := 0; at < len(values); at += piece {
		part := values[at:min(at+piece, len(values))]
		raw := buffer[:len(part)*size]
		if err := readFull(r, raw, t.start+int64(at*size)); err != nil {
			return nil, err
		}
		t.decode(part, raw)
	}
	return values, nil
}

func (t storedTensor) decode(dst []float32, src []byte) {
	little := binary.LittleEndian
	switch t.dtype {
	case "F32":
		for i := range dst {
			dst[i] = math.Float32frombits(little.Uint32(src[4*i:]))
		}
	case "F16":
		for i := range dst {
			dst[i] = hdf5.Float16(little.Uint16(src[2*i:]))
		}
	case "BF16": // the upper half of a float32
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(little.Uint16(src[2*i:])) << 16)
		}
	case "F64":
		for i := range dst {
			dst[i] = float32(math.Float64frombits(little.Uint64(src[8*i:])))
		}
	}
}

func readFull(r io.ReaderAt, b []byte, at int64) error {
	if n, err := r.ReadAt(b, at); n < len(b) {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("the file ends at byte %d; it was cut off while it was read", at+int64(n))
		}
		return err
	}
	return nil
}
