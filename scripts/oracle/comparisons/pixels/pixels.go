// Package pixels gives images to the programs that are compared with other libraries: as numbers, so that no decoder and
// no resizing comes between.
package pixels

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/images"
)

// Images are square images in the order of Order, or as they stand without one.
type Images struct {
	Values  []float32 // 0…255, [n, size, size, 3]
	Size    int
	Labels  []int    // by position in the file
	Classes []string // of the labels
	Order   []int    // the position in the file of each image; nil if they come as there
}

// Read reads little-endian float32 values.
func Read(path string) ([]float32, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	values := make([]float32, len(raw)/4)
	return values, binary.Read(bytes.NewReader(raw), binary.LittleEndian, values)
}

// Write writes what Read reads.
func Write(path string, values []float32) error {
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, values); err != nil {
		return err
	}
	return os.WriteFile(path, raw.Bytes(), 0o644)
}

func (s Images) About() images.About { return images.About{Name: "images", Classes: s.Classes} }
func (s Images) Len() int            { return len(s.Values) / (s.Size * s.Size * 3) }

// Info gives no ID: what is computed is of no use to anybody else, and not to be stored.
func (s Images) Info(i int) images.Info {
	at := s.position(i)
	info := images.Info{Name: fmt.Sprint("image ", at), Label: -1}
	if s.Labels != nil {
		info.Label = s.Labels[at]
	}
	return info
}

func (s Images) Pixels(i, height, width int) ([]float32, error) {
	if height != s.Size || width != s.Size {
		return nil, fmt.Errorf("the images have %d×%d pixels, not %d×%d", s.Size, s.Size, height, width)
	}
	each, at := s.Size*s.Size*3, s.position(i)
	return s.Values[at*each : (at+1)*each], nil
}

func (s Images) position(i int) int {
	if s.Order == nil {
		return i
	}
	return s.Order[i]
}
