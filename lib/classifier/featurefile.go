package classifier

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
)

// featureFile holds the features of some images on disk: one row per image, float32 in little-endian order. Rows are
// read when they are needed, since those at a deep cut need not fit into memory: 1,800 images at 13×13×1024 are
// 1.2 GB. The operating system keeps in memory what it has room for.
type featureFile struct {
	file *os.File
	size int // values per row
}

func openFeatures(path string, size, rows int) (*featureFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && info.Size() != int64(4*size)*int64(rows) {
		err = fmt.Errorf("%s has %d bytes, not %d rows of %d values", path, info.Size(), rows, size)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &featureFile{file, size}, nil
}

func (f *featureFile) Close() error { return f.file.Close() }

// rows reads the features of some images, [len(indices), size].
func (f *featureFile) rows(indices []int) ([]float32, error) {
	values := make([]float32, 0, f.size*len(indices))
	row := make([]byte, 4*f.size)
	for _, i := range indices {
		if _, err := f.file.ReadAt(row, int64(i)*int64(len(row))); err != nil {
			return nil, fmt.Errorf("reading stored features: %w: remove %s to have them computed again", err, f.file.Name())
		}
		for at := 0; at < len(row); at += 4 {
			values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(row[at:])))
		}
	}
	return values, nil
}

func writeFloats(w io.Writer, values []float32) error {
	buffer := make([]byte, 0, 4*len(values))
	for _, v := range values {
		buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
	}
	_, err := w.Write(buffer)
	return err
}
