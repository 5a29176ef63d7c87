package hdf5

import (
	"fmt"
	"math"
	"strings"
)

func encodeDataspace(shape []int) []byte {
	w := &writer{b: []byte{1, byte(len(shape)), 0, 0, 0, 0, 0, 0}}
	for _, d := range shape {
		w.u64(uint64(d))
	}
	return w.b
}

// float32Type is a little-endian IEEE 754 number: sign at bit 31, 8 bits of exponent at 23, 23 bits of mantissa at 0.
func float32Type() []byte {
	w := &writer{b: []byte{0x11, 0x20, 31, 0}}
	w.u32(4)
	w.u16(0)
	w.u16(32)
	w.b = append(w.b, 23, 8, 0, 23)
	w.u32(127)
	return w.b
}

// fixedStringType is a string of size bytes, NUL-padded, UTF-8.
func fixedStringType(size int) []byte {
	w := &writer{b: []byte{0x13, 0x11, 0, 0}}
	w.u32(size)
	return w.b
}

// variableStringType is a sequence of bytes in a global heap that is a string, NUL-terminated, UTF-8.
func variableStringType() []byte {
	w := &writer{b: []byte{0x19, 0x01, 0x01, 0}}
	w.u32(16)
	w.b = append(w.b, 0x10, 0, 0, 0) // unsigned integers
	w.u32(1)
	w.u16(0)
	w.u16(8)
	return w.b
}

// maxMessage is the largest body of an object header message that can still be padded to a multiple of 8.
const maxMessage = math.MaxUint16 - 7

// attribute encodes an attribute message. It writes a global heap first if the strings are too long for the message.
func (w *writer) attribute(a Attribute) ([]byte, error) {
	if a.Scalar && len(a.Values) != 1 {
		return nil, fmt.Errorf("attribute %q is a scalar with %d values", a.Name, len(a.Values))
	}
	size := 1
	for _, v := range a.Values {
		size = max(size, len(v))
	}
	if len(a.Values) <= maxMessage/size {
		data := &writer{}
		for _, v := range a.Values {
			data.b = append(data.b, v...)
			data.zeros(size - len(v))
		}
		if b := encodeAttribute(a, fixedStringType(size), data.b); len(b) <= maxMessage {
			return b, nil
		}
	}
	const pointer = 16
	if len(a.Name)+len(a.Values)*pointer > maxMessage-100 { // a datatype and a dataspace are there, too
		return nil, fmt.Errorf("attribute %q has %d strings, too many for its 64 KiB", a.Name, len(a.Values))
	}
	heap, err := w.globalHeap(a)
	if err != nil {
		return nil, err
	}
	data := &writer{}
	for i, v := range a.Values {
		data.u32(len(v))
		data.u64(heap)
		data.u32(i + 1)
	}
	return encodeAttribute(a, variableStringType(), data.b), nil
}

func encodeAttribute(a Attribute, datatype, data []byte) []byte {
	space := encodeDataspace(nil)
	if !a.Scalar {
		space = encodeDataspace([]int{len(a.Values)})
	}
	w := &writer{b: []byte{1, 0}}
	w.u16(len(a.Name) + 1)
	w.u16(len(datatype))
	w.u16(len(space))
	for _, part := range [][]byte{append([]byte(a.Name), 0), datatype, space} {
		w.b = append(w.b, part...)
		w.zeros(-len(part) & 7)
	}
	w.b = append(w.b, data...)
	return w.b
}

// globalHeap writes a collection with the strings as its objects 1, 2, …, and returns its address.
func (w *writer) globalHeap(a Attribute) (uint64, error) {
	const header, smallest = 16, 4096
	objects := &writer{}
	for i, v := range a.Values {
		if strings.ContainsRune(v, 0) {
			return 0, fmt.Errorf("attribute %q: string %d has a NUL, which ends a string of this length", a.Name, i)
		}
		objects.u16(i + 1)
		objects.u16(0)
		objects.u32(0)
		objects.u64(uint64(len(v)))
		objects.b = append(objects.b, v...)
		objects.zeros(-len(v) & 7)
	}
	// Object 0 is what is free, its own header included.
	size := max(smallest, header+len(objects.b)+header)
	free := size - header - len(objects.b)
	objects.u64(0)
	objects.u64(uint64(free))
	objects.zeros(free - header)

	addr := w.next()
	w.b = append(w.b, "GCOL\x01\x00\x00\x00"...)
	w.u64(uint64(size))
	w.b = append(w.b, objects.b...)
	return addr, nil
}
