package weights

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// SaveSafetensors writes a safetensors file of float32 tensors with the names and in the order of layers: NAME.TENSOR,
// or TENSOR in a layer without a name. It has the metadata {"format": "pt"}, without which transformers loads no file:
// give shapes and values in PyTorch's layout. Layers without tensors leave no trace in such a file.
//
// The file appears whole or not at all, and NaN and infinite values are refused, as Save says.
func SaveSafetensors(path string, layers []Layer) error {
	header, err := safetensorsHeader(layers)
	return save(path, err, func(w io.Writer) error {
		b := bufio.NewWriter(w)
		b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header))))
		b.Write(header)
		for _, l := range layers {
			for _, t := range l.Tensors {
				if err := binary.Write(b, binary.LittleEndian, t.Data); err != nil {
					return err
				}
			}
		}
		return b.Flush()
	})
}

// safetensorsHeader checks the layers. Spaces at its end let the data start at a multiple of eight bytes.
func safetensorsHeader(layers []Layer) ([]byte, error) {
	if err := checkFinite(layers); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(`{"__metadata__":{"format":"pt"}`)
	seen := map[string]bool{}
	at := 0
	for _, l := range layers {
		for _, t := range l.Tensors {
			name := strings.TrimPrefix(l.Name+"."+t.Name, ".")
			if seen[name] {
				return nil, fmt.Errorf("two tensors are named %q", name)
			}
			seen[name] = true
			if err := checkSaved(l, t); err != nil {
				return nil, fmt.Errorf("tensor %q: %w", name, err)
			}
			entry, err := json.Marshal(map[string]struct {
				Dtype   string `json:"dtype"`
				Shape   []int  `json:"shape"`
				Offsets [2]int `json:"data_offsets"`
			}{name: {"F32", append([]int{}, t.Shape...), [2]int{at, at + 4*len(t.Data)}}})
			if err != nil {
				return nil, err
			}
			b.WriteByte(',')
			b.Write(entry[1 : len(entry)-1])
			at += 4 * len(t.Data)
		}
	}
	b.WriteByte('}')
	b.WriteString(strings.Repeat(" ", -b.Len()&7))
	return b.Bytes(), nil
}

// checkSaved refuses what would read back as something else.
func checkSaved(l Layer, t Tensor) error {
	if n, ok := elements(t.Shape); !ok || n != len(t.Data) {
		return fmt.Errorf("shape %v needs %d values, not %d", t.Shape, n, len(t.Data))
	}
	if len(t.Shape) > maxRank {
		return fmt.Errorf("it has %d dimensions, of %d at most", len(t.Shape), maxRank)
	}
	name := l.Name + t.Name
	if t.Name == "" || strings.Contains(t.Name, ".") || strings.HasPrefix(l.Name, ".") || !utf8.ValidString(name) {
		return errors.New("such a name does not read back: that of a tensor has no dot and is not empty, " +
			"that of a layer does not begin with one, and both are UTF-8")
	}
	return nil
}
