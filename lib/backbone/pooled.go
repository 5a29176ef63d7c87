package backbone

import "github.com/transfer-learning-go/defects/lib/layer"

// Pooled is the way from an image of size×size pixels 0…255 to one vector, the mean over all places of what the backbone
// gives: for comparing images, or for a classifier of another kind. Its values are b.Values.
func (b *Backbone) Pooled(size int) (layer.List, error) {
	l := &layer.Builder{}
	l.Add("image", layer.Input{Shape: []int{size, size, 3}})
	if size != b.Config.Input {
		l.Add("resizing", layer.Resizing{Height: b.Config.Input, Width: b.Config.Input})
	}
	b.AddTo(l)
	l.Add("", b.Pooling())
	return l.List, l.Err
}
