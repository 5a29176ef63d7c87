package keras

import (
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// defaultSize is the height and width of images where nobody says them: that of most networks of keras.applications.
const defaultSize = 224

// OpenSized is Open for a model that takes images of any size, (None, None, 3): the layers are built for this height and
// width. If both are 0, they are those that a layer resizes the images to before any other works on them, else 224, and
// Model.Assumed says so. A model that says its size takes no other.
func OpenSized(path string, height, width int) (*Model, error) {
	return openFile(path, size{height, width})
}

type size struct{ height, width int }

func (s size) String() string { return fmt.Sprintf("%d×%d", s.height, s.width) }

// closeInput fills in the size of a model's images where it is open, and reports whether that was assumed.
func (p *parser) closeInput(m *model, told size) (assumed bool) {
	at := slices.IndexFunc(m.nodes, func(n *node) bool { return n.name == m.input })
	if at < 0 {
		return false
	}
	input, ok := m.nodes[at].op.(layer.Input)
	if !ok || len(input.Shape) != 3 || slices.Min(input.Shape) < 0 {
		return false
	}
	height, width := input.Shape[0], input.Shape[1]
	if height > 0 && width > 0 {
		if told != (size{}) && told != (size{height, width}) {
			p.fail("its images are of %v pixels: they cannot be of %v", size{height, width}, told)
		}
		return false
	}
	chosen, why := told, ""
	if chosen == (size{}) {
		if resizing := m.resizing(m.input); resizing != nil {
			chosen, why = resizing.size, fmt.Sprintf(", to which its layer %s brings all", resizing.name)
		} else {
			chosen, assumed = size{defaultSize, defaultSize}, true
		}
	}
	if height > 0 && height != chosen.height || width > 0 && width != chosen.width {
		p.fail("its images are of height %d and width %d, where 0 is any: they cannot be of %v", height, width, chosen)
	}
	m.nodes[at].op = layer.Input{Shape: []int{chosen.height, chosen.width, input.Shape[2]}}
	p.notes = append(p.notes, fmt.Sprintf("it takes images of any size: here they are of %v pixels%s", chosen, why))
	return assumed
}

type resizing struct {
	name string
	size size
}

// resizing finds the layer that resizes what another gives before any other works on it; nil if there is none.
func (m *model) resizing(from string) *resizing {
	var next *node
	for _, n := range m.nodes {
		if !slices.Contains(n.call.tensors(), from) {
			continue
		}
		if next != nil {
			return nil
		}
		next = n
	}
	switch {
	case next == nil:
		return nil
	case next.model != nil:
		return next.model.resizing(next.model.input)
	case next.op == nil: // it does nothing here
		return m.resizing(next.name)
	}
	if op, ok := next.op.(layer.Resizing); ok {
		return &resizing{next.name, size{op.Height, op.Width}}
	}
	return nil
}
