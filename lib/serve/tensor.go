package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Datatypes of the protocol.
const (
	uint8Type = "UINT8"
	fp32Type  = "FP32"
	bytesType = "BYTES"
)

// input gives the tensor of images, and how many they are. What it holds is not read yet.
func (r *inferRequest) input(a about) (*inputTensor, int, error) {
	if len(r.Inputs) != 1 || r.Inputs[0].Name != imageName {
		names := []string{}
		for _, in := range r.Inputs {
			names = append(names, in.Name)
		}
		return nil, 0, wrong("the inputs are %q: give one, %s", names, imageName)
	}
	in := &r.Inputs[0]
	switch in.Datatype {
	case uint8Type, fp32Type:
		if s := a.shape; len(in.Shape) != 4 || !slices.Equal(in.Shape[1:], []int64{int64(s[0]), int64(s[1]), int64(s[2])}) {
			return nil, 0, wrong("input %s has the shape %v, the model takes [n, %d, %d, %d]: scale the images, or send them encoded, as %s",
				imageName, in.Shape, s[0], s[1], s[2], bytesType)
		}
	case bytesType:
		if len(in.Shape) != 1 && (len(in.Shape) != 2 || in.Shape[1] != 1) {
			return nil, 0, wrong("input %s has the shape %v: encoded images are of shape [n]", imageName, in.Shape)
		}
	default:
		return nil, 0, wrong("input %s is %s: send pixels from 0 to 255 as %s or %s, or encoded images as %s", imageName, in.Datatype,
			uint8Type, fp32Type, bytesType)
	}
	if in.Shape[0] < 1 {
		return nil, 0, wrong("input %s has the shape %v: send at least one image", imageName, in.Shape)
	}
	return in, int(in.Shape[0]), nil
}

// pixels reads n images, each in the model's shape.
func (s *Server) pixels(ctx context.Context, in *inputTensor, n int, a about) ([][]float32, error) {
	if in.Datatype == bytesType {
		return s.encoded(ctx, in, n, a)
	}
	each := layer.Size(a.shape)
	if err := s.flatten(in, n*each); err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(in.flat, each)), nil
}

// flatten reads n values of pixels, which must be from 0 to 255. For more of them there is no memory.
func (s *Server) flatten(in *inputTensor, n int) (err error) {
	size := 1
	if in.Datatype == fp32Type {
		size = 4
	}
	switch {
	case in.binary == nil:
		if in.flat, err = in.numbers(n); err == nil && len(in.flat) != n {
			err = wrong("input %s has %d values, its shape %v needs %d", imageName, len(in.flat), in.Shape, n)
		}
	case len(in.binary) != size*n:
		err = wrong("input %s has %d bytes, its shape %v of %s needs %d", imageName, len(in.binary), in.Shape, in.Datatype, size*n)
	case in.Datatype == uint8Type:
		in.flat = s.room(n)
		for i, v := range in.binary {
			in.flat[i] = float32(v)
		}
		return nil
	default:
		in.flat = s.room(n)
		for i := range in.flat {
			in.flat[i] = math.Float32frombits(binary.LittleEndian.Uint32(in.binary[4*i:]))
		}
	}
	if err != nil {
		return err
	}
	for i, v := range in.flat {
		if !(v >= 0 && v <= 255) {
			return wrong("input %s: value %d is %v: pixels are from 0 to 255; the model scales them itself", imageName, i, v)
		}
	}
	return nil
}

// room gives a slice that may hold anything: one that a request before has given to s.rooms, if it is large enough. New ones
// for each image cost 4 % of the processors' time with MobileNetV2 α=0.35.
func (s *Server) room(n int) []float32 {
	if used, ok := s.rooms.Get().(*[]float32); ok && cap(*used) >= n {
		return (*used)[:n]
	}
	return make([]float32, n)
}

// encoded decodes n images.
func (s *Server) encoded(ctx context.Context, in *inputTensor, n int, a about) ([][]float32, error) {
	files, err := in.files()
	if err != nil {
		return nil, err
	}
	if len(files) != n {
		return nil, wrong("input %s has %d images, its shape is %v", imageName, len(files), in.Shape)
	}
	pixels := make([][]float32, n)
	for i, file := range files {
		image, err := s.decode(ctx, file, fmt.Sprintf("image %d", i), a, false)
		if err != nil {
			return nil, err
		}
		pixels[i], in.notice = image.pixels, notice.Join(in.notice, image.notice)
	}
	return pixels, nil
}

// files are the elements of a tensor of BYTES: each with its length before it or, in JSON, base64.
func (in *inputTensor) files() (files [][]byte, err error) {
	if in.binary == nil {
		if len(in.Shape) == 2 && in.nested() {
			var rows [][][]byte // []byte is a string in base64
			err = json.Unmarshal(in.Data, &rows)
			for _, row := range rows {
				if len(row) != 1 {
					return nil, wrong("input %s: a row of %d images: its shape %v has an image in each row", imageName, len(row), in.Shape)
				}
				files = append(files, row[0])
			}
		} else {
			err = json.Unmarshal(in.Data, &files)
		}
		if err != nil {
			return nil, wrong("input %s: encoded images in JSON are strings in base64, in an array that is flat or as of shape %v: %v",
				imageName, in.Shape, err)
		}
		return files, nil
	}
	for rest := in.binary; len(rest) > 0; {
		if len(rest) < 4 || int64(binary.LittleEndian.Uint32(rest)) > int64(len(rest)-4) {
			return nil, wrong("input %s: element %d is longer than the data: each has its length before it, in 4 bytes", imageName,
				len(files))
		}
		size := 4 + int(binary.LittleEndian.Uint32(rest))
		files, rest = append(files, rest[4:size:size]), rest[size:]
	}
	return files, nil
}

// nested reports whether the data is an array of arrays.
func (in *inputTensor) nested() bool {
	const space = " \t\r\n"
	first, ok := bytes.CutPrefix(bytes.TrimLeft(in.Data, space), []byte("["))
	return ok && bytes.HasPrefix(bytes.TrimLeft(first, space), []byte("["))
}

// numbers reads a tensor of JSON, flat or nested as its shape says, of at most so many values.
func (in *inputTensor) numbers(most int) ([]float32, error) {
	d := numberReader{text: in.Data, shape: in.Shape, nested: in.nested(), most: most}
	if err := d.array(0); err != nil {
		return nil, err
	}
	return d.values, nil
}

// numberReader reads arrays of numbers from JSON that is known to be well formed.
type numberReader struct {
	text   []byte
	at     int
	shape  []int64
	nested bool
	most   int
	values []float32
}

func (d *numberReader) skip() byte {
	for d.at < len(d.text) && bytes.IndexByte([]byte(" \t\r\n,"), d.text[d.at]) >= 0 {
		d.at++
	}
	if d.at == len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *numberReader) array(depth int) error {
	if d.skip() != '[' {
		return wrong("input %s: data is no array of numbers, flat or nested as its shape %v", imageName, d.shape)
	}
	d.at++
	inner := d.nested && depth < len(d.shape)-1
	count := int64(0)
	for ; ; count++ {
		c := d.skip()
		if c == ']' {
			d.at++
			break
		}
		err := error(nil)
		if inner {
			err = d.array(depth + 1)
		} else {
			err = d.number()
		}
		if err != nil {
			return err
		}
	}
	if d.nested && count != d.shape[depth] {
		return wrong("input %s: an array of %d at depth %d, its shape is %v", imageName, count, depth, d.shape)
	}
	return nil
}

func (d *numberReader) number() error {
	if len(d.values) == d.most {
		return wrong("input %s has more than the %d values that its shape %v needs", imageName, d.most, d.shape)
	}
	start := d.at
	for d.at < len(d.text) && bytes.IndexByte([]byte("+-0123456789.eE"), d.text[d.at]) >= 0 {
		d.at++
	}
	v, err := strconv.ParseFloat(string(d.text[start:d.at]), 32)
	if err != nil {
		return wrong("input %s: value %d is no number that fits %s", imageName, len(d.values), fp32Type)
	}
	d.values = append(d.values, float32(v))
	return nil
}
