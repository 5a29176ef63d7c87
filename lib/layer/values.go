package layer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/weights"
)

// Values holds the weights of a List: by layer name, one flat slice per weight in the order of Layer.W.
type Values map[string][][]float32

// Initial draws initial values for all weights from a seed. See Weight.Initial.
func (ls List) Initial(seed int64) Values {
	v := Values{}
	for _, l := range ls {
		for _, w := range l.W {
			v[l.Name] = append(v[l.Name], w.Initial(l.Name, seed))
		}
	}
	return v
}

// Match takes the values of all weights from a checkpoint. Layers are found by name; layers that the file names
// otherwise are taken in order if every shape agrees, as Keras does. The error lists every layer that is missing,
// unexpected, or of another shape.
func (ls List) Match(c *weights.Checkpoint) (Values, error) {
	var mine []*Layer
	for _, l := range ls {
		if len(l.W) > 0 {
			mine = append(mine, l)
		}
	}
	var theirs []weights.Layer
	for _, l := range c.Layers {
		if len(l.Tensors) > 0 {
			theirs = append(theirs, l)
		}
	}
	find := func(l *Layer) int {
		return slices.IndexFunc(theirs, func(t weights.Layer) bool { return t.Name == l.Name })
	}
	unnamed := slices.IndexFunc(mine, func(l *Layer) bool { return find(l) < 0 }) >= 0
	if unnamed && len(mine) == len(theirs) && inOrder(mine, theirs) {
		renamed := slices.Clone(theirs)
		for i, l := range mine {
			renamed[i].Name = l.Name
		}
		theirs = renamed
	}

	values, known := Values{}, map[string]bool{}
	var problems []string
	for _, l := range mine {
		known[l.Name] = true
		at := find(l)
		if at < 0 {
			problems = append(problems, fmt.Sprintf("missing layer %s %s", l.Name, shapesOf(l)))
			continue
		}
		got, err := l.match(theirs[at].Tensors)
		if err != nil {
			problems = append(problems, fmt.Sprintf("layer %s: %v", l.Name, err))
			continue
		}
		values[l.Name] = got
	}
	var unexpected []string
	for _, t := range theirs {
		if !known[t.Name] {
			unexpected = append(unexpected, "unexpected layer "+t.Name)
		}
	}
	if len(problems)+len(unexpected) > 0 {
		return nil, fmt.Errorf("differences from the %d layers with weights:%s%s\ngive the file of this architecture, "+
			"width and top", len(mine), firstOf(problems), firstOf(unexpected))
	}
	return values, nil
}

// firstOf keeps an error readable when a whole file is of another architecture.
func firstOf(problems []string) string {
	const most = 15
	more := ""
	if n := len(problems); n > most {
		more = fmt.Sprintf("\n  … and %d more", n-most)
		problems = problems[:most]
	}
	list := ""
	for _, p := range problems {
		list += "\n  " + p
	}
	return list + more
}

func inOrder(mine []*Layer, theirs []weights.Layer) bool {
	for i, l := range mine {
		if _, err := l.match(theirs[i].Tensors); err != nil {
			return false
		}
	}
	return true
}

// match orders tensors as l.W: by name where all names agree, else as they stand (Keras has renamed the depthwise
// kernel over time).
func (l *Layer) match(tensors []weights.Tensor) ([][]float32, error) {
	if len(tensors) != len(l.W) {
		return nil, fmt.Errorf("has %d weights, want %d: %s", len(tensors), len(l.W), shapesOf(l))
	}
	byName := map[string]weights.Tensor{}
	for _, t := range tensors {
		byName[t.Name] = t
	}
	ordered := make([]weights.Tensor, len(l.W))
	for i, w := range l.W {
		t, ok := byName[w.Name]
		if !ok {
			ordered = tensors
			break
		}
		ordered[i] = t
	}
	out := make([][]float32, len(l.W))
	for i, w := range l.W {
		if !slices.Equal(ordered[i].Shape, w.Shape) {
			return nil, fmt.Errorf("%s has shape %v, want %v", w.Name, ordered[i].Shape, w.Shape)
		}
		out[i] = ordered[i].Data
	}
	return out, nil
}

func shapesOf(l *Layer) string {
	var parts []string
	for _, w := range l.W {
		parts = append(parts, fmt.Sprintf("%s%v", w.Name, w.Shape))
	}
	return strings.Join(parts, " ")
}

// Checkpoint arranges values as the layers of a checkpoint file, in order.
func (ls List) Checkpoint(v Values) []weights.Layer {
	var out []weights.Layer
	for _, l := range ls {
		row := weights.Layer{Name: l.Name}
		for i, w := range l.W {
			row.Tensors = append(row.Tensors, weights.Tensor{Name: w.Name, Shape: w.Shape, Data: v[l.Name][i]})
		}
		out = append(out, row)
	}
	return out
}

// Hash is a SHA-256 over the list (classes, configuration, connections) and its values: equal hashes compute equal
// outputs.
func (ls List) Hash(v Values) string {
	h := sha256.New()
	var buf []byte
	for _, l := range ls {
		fmt.Fprintf(h, "%s %s %s %v %v\n", l.Name, l.Op.Class(), identity(l.Op), l.Inputs, l.Shape)
		for _, values := range v[l.Name] {
			buf = buf[:0]
			for _, x := range values {
				buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(x))
			}
			h.Write(buf)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// identity prints an Op as earlier versions did where its configuration is one that they had.
func identity(op Op) string {
	if i, ok := op.(identified); ok {
		return i.identity()
	}
	return fmt.Sprintf("%+v", op)
}
