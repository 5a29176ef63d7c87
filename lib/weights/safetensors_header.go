package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// storedTensor is what the header of a safetensors file says of a tensor.
type storedTensor struct {
	name, dtype string
	shape       []int
	start, end  int64 // of its bytes, counted from the start of the file
}

const (
	lengthBytes = 8           // before the header: its length
	maxHeader   = 100_000_000 // bytes, as the reference implementation allows
	maxRank     = 64          // as NumPy allows
)

// readHeader reads and checks the header: https://github.com/huggingface/safetensors#format. It is our own since
// github.com/maruel/safetensors v1.2.0 lets duplicate names and lacking fields pass, and refuses files with empty
// tensors that the reference implementation writes. What passes is: the tensors, in the header's order, cover the rest
// of the file without overlap or hole.
func readHeader(r io.ReaderAt, size int64) ([]storedTensor, error) {
	start := make([]byte, min(size, 24))
	if err := readFull(r, start, 0); err != nil {
		return nil, err
	}
	if len(start) <= lengthBytes {
		return nil, fmt.Errorf("it is truncated: it has %d bytes; get the file again", size)
	}
	if bytes.HasPrefix(start, []byte("version https://git-lfs")) {
		return nil, errors.New("it is a pointer of Git LFS, not the weights themselves; get them with git lfs pull")
	}
	if start[lengthBytes] != '{' {
		return nil, fmt.Errorf("it is no safetensors file: it starts with %q; get the file again", start)
	}
	length := binary.LittleEndian.Uint64(start)
	if length > maxHeader {
		return nil, fmt.Errorf("it claims a header of %d bytes, of %d that the format allows; it is damaged or hostile, "+
			"get the file again", length, maxHeader)
	}
	if int64(length) > size-lengthBytes {
		return nil, fmt.Errorf("it is truncated in its header: it should have more than %d bytes, and has %d; "+
			"get the file again", lengthBytes+length, size)
	}
	text := make([]byte, length)
	if err := readFull(r, text, lengthBytes); err != nil {
		return nil, err
	}
	tensors, err := parseHeader(text)
	if err == nil {
		err = checkData(tensors, lengthBytes+int64(length), size)
	}
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	return tensors, nil
}

// parseHeader returns the tensors with offsets that count from the end of the header.
func parseHeader(text []byte) (tensors []storedTensor, err error) {
	d, err := decodeJSON(text)
	if err != nil {
		return nil, err
	}
	err = eachMember(d, func(name string) error {
		if name == "__metadata__" {
			return skipValue(d)
		}
		t, err := parseTensor(d, name)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		tensors = append(tensors, t)
		return nil
	})
	return tensors, err
}

func parseTensor(d *json.Decoder, name string) (storedTensor, error) {
	t := storedTensor{name: name}
	var offsets []int
	err := eachMember(d, func(field string) (err error) {
		switch field {
		case "dtype":
			t.dtype, err = parseString(d)
		case "shape":
			t.shape, err = parseSizes(d, maxRank)
		case "data_offsets":
			offsets, err = parseSizes(d, 2)
		default:
			err = skipValue(d)
		}
		if err != nil {
			return fmt.Errorf("its %s: %w", field, err)
		}
		return nil
	})
	if err != nil {
		return t, err
	}
	if t.dtype == "" || t.shape == nil || len(offsets) != 2 {
		return t, errors.New("its dtype, its shape or one of two data_offsets is missing; the file is damaged")
	}
	if offsets[1] < offsets[0] {
		return t, fmt.Errorf("its data_offsets %d end before they begin; the file is damaged or hostile", offsets)
	}
	t.start, t.end = int64(offsets[0]), int64(offsets[1])
	if err := checkTensorName(name); err != nil {
		return t, err
	}
	return t, t.checkSize()
}

// checkTensorName refuses what has no module and tensor name, and would be taken for another tensor.
func checkTensorName(name string) error {
	if name == "" || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") {
		return errors.New("the name begins or ends with a dot, or is empty; PyTorch names no tensor so")
	}
	return nil
}

// checkSize compares what type and shape need with the bytes that the tensor has.
func (t storedTensor) checkSize() error {
	kind, ok := floats[t.dtype]
	if !ok {
		kind, ok = integers[t.dtype]
	}
	if !ok {
		return fmt.Errorf("it has the type %s, which is not supported; get the checkpoint in float32, float16 or bfloat16",
			strconv.Quote(t.dtype))
	}
	n, ok := elements(t.shape)
	if !ok || int64(n) > math.MaxInt64/int64(kind.size) {
		return fmt.Errorf("shape %v has more elements than can be counted; the file is damaged or hostile", t.shape)
	}
	if need, has := int64(n)*int64(kind.size), t.end-t.start; need != has {
		return fmt.Errorf("shape %v of %s needs %d bytes, its data_offsets span %d; the file is damaged",
			t.shape, t.dtype, need, has)
	}
	return nil
}

// elements is the product of a shape; false if it does not fit.
func elements(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d < 0 || d > 0 && n > math.MaxInt/d {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// checkData moves the offsets to the start of the file, and checks that the tensors fill it from there on.
func checkData(tensors []storedTensor, start, size int64) error {
	order := make([]*storedTensor, len(tensors))
	for i := range tensors {
		t := &tensors[i]
		if t.end > size-start {
			return fmt.Errorf("tensor %q should end at byte %d of a file that has %d; it is truncated or damaged, "+
				"get the file again", t.name, uint64(t.end)+uint64(start), size)
		}
		t.start, t.end = t.start+start, t.end+start
		order[i] = t
	}
	slices.SortFunc(order, func(a, b *storedTensor) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	at, before := start, "the header"
	for _, t := range order {
		switch {
		case t.start < at:
			return fmt.Errorf("tensors %q and %q overlap: one ends at byte %d, the other starts at %d; "+
				"the file is damaged or hostile", before, t.name, at, t.start)
		case t.start > at:
			return fmt.Errorf("%d bytes before tensor %q belong to none; the file is damaged", t.start-at, t.name)
		}
		at, before = t.end, t.name
	}
	if at < size {
		return fmt.Errorf("%d bytes at the end belong to no tensor; the file is damaged", size-at)
	}
	return nil
}
