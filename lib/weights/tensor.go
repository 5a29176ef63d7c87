package weights

import (
	"fmt"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights/hdf5"
)

// tensorReader reads the tensors of one file. It bounds what they take together, since several names can lead to the
// same bytes, and counts those of other types than float32.
type tensorReader struct {
	bytes, values int64 // that may still be read
	converted     map[string]int
}

func newReader(size int64) *tensorReader {
	return &tensorReader{bytes: size, values: max(16<<20, 4*size), converted: map[string]int{}}
}

func (r *tensorReader) read(group *hdf5.Group, path string) ([]int, []float32, error) {
	d, err := group.Dataset(path)
	if err != nil {
		return nil, nil, err
	}
	r.bytes -= d.Stored()
	r.values -= int64(d.Count())
	if r.bytes < 0 || r.values < 0 {
		return nil, nil, fmt.Errorf("%q: the tensors up to here claim more data than the file has; "+
			"it is damaged or hostile", path)
	}
	switch kind := d.Type(); kind {
	case "float32":
	case "int8", "uint8":
		return nil, nil, fmt.Errorf("%q has the type %s: quantized weights are not supported; "+
			"save the model before model.quantize", path, kind)
	default:
		r.converted[kind]++
	}
	values, err := d.Float32s()
	return d.Shape, values, err
}

func (r *tensorReader) notes() (notes []string) {
	for _, kind := range slices.Sorted(maps.Keys(r.converted)) {
		if n := r.converted[kind]; n == 1 {
			notes = append(notes, fmt.Sprintf("1 tensor of type %s was converted to float32", kind))
		} else {
			notes = append(notes, fmt.Sprintf("%d tensors of type %s were converted to float32", n, kind))
		}
	}
	return notes
}

// checkFinite lists the tensors with values that no training can start from.
func checkFinite(layers []Layer) error {
	const shown = 10
	var bad []string
	for _, l := range layers {
		for _, t := range l.Tensors {
			n := 0
			for _, v := range t.Data {
				if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
					n++
				}
			}
			if n > 0 {
				bad = append(bad, fmt.Sprintf("%s (%d of %d)", path.Join(l.Name, t.Name), n, len(t.Data)))
			}
		}
	}
	if len(bad) == 0 {
		return nil
	}
	more := ""
	if n := len(bad) - shown; n > 0 {
		bad, more = bad[:shown], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("NaN or infinite values in %s%s; the training that made them diverged, use an earlier checkpoint",
		strings.Join(bad, ", "), more)
}
