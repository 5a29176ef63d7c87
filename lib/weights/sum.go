package weights

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// sumName is the attribute with the checksum of what a file of ours holds. HDF5 has none of its own for weights, and a
// flipped bit changes what a model says without a word. Archives (.keras) have those of zip files.
const sumName = "defects_sha256"

// sum is the SHA-256, in hexadecimal, of layers with their values, in any order, and of texts.
func sum(layers []Layer, texts ...[]byte) string {
	h := sha256.New()
	var row []byte
	ordered := slices.Clone(layers)
	slices.SortStableFunc(ordered, func(a, b Layer) int { return cmp.Compare(a.Name, b.Name) })
	for _, l := range ordered {
		if len(l.Tensors) == 0 {
			continue // some formats do not list these
		}
		fmt.Fprintf(h, "%q\n", l.Name)
		for _, t := range l.Tensors {
			fmt.Fprintf(h, "%v\n", t.Shape)
			for part := range slices.Chunk(t.Data, 1<<14) { // stays in cache
				row = row[:0]
				for _, v := range part {
					row = binary.LittleEndian.AppendUint32(row, math.Float32bits(v))
				}
				h.Write(row)
			}
		}
	}
	for _, text := range texts {
		fmt.Fprintf(h, "%q\n", text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Sum is the checksum that a .h5 file of ours holds of its content, "" for other files. The content is not read: Open
// compares it.
func Sum(path string) (string, error) {
	f, err := files.Open(path)
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("weights: %w", err)
	}
	file, err := hdf5.Open(f, info.Size())
	if err != nil {
		return "", fmt.Errorf("weights: %s: %w", path, err)
	}
	got, err := file.Root().Strings(sumName)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil || len(got) != 1 {
		return "", fmt.Errorf("weights: %s: its checksum cannot be read: %w", path, err)
	}
	return got[0], nil
}

func sumAttribute(sum string) hdf5.Attribute {
	return hdf5.Attribute{Name: sumName, Values: []string{sum}, Scalar: true}
}

// checkSum compares what was read with the checksum in the file, if it has one.
func (c *Checkpoint) checkSum(root *hdf5.Group) error {
	want, err := root.Strings(sumName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var texts [][]byte
	if c.Format == KerasModel {
		texts = [][]byte{c.Config, c.Extra}
	}
	if len(want) != 1 || want[0] != sum(c.Layers, texts...) {
		return errors.New("it does not hold what was written: its checksum differs; it is damaged, or was changed by a " +
			"program that does not know the checksum: get or write the file again")
	}
	return nil
}
