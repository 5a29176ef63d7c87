package classifier

import (
	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// loadPretrained opens what others have trained and saved with the libraries transformers and timm.
func loadPretrained(path string) (*Model, error) {
	c, err := backbone.OpenClassifier(path)
	if err != nil {
		return nil, err
	}
	m, err := New(Config{Classes: c.Classes, Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{c.Size, c.Size, 3}})
		if in := c.Base.Config.Input; in != c.Size {
			b.Add("center_crop", layer.CenterCrop{Height: in, Width: in})
		}
		c.Base.AddTo(b)
		for _, l := range c.Head[1:] {
			b.Add(l.Name, l.Op)
			if values, ok := c.Values[l.Name]; ok && b.Err == nil {
				b.Values[l.Name] = values
			}
		}
	}})
	if err != nil {
		return nil, err
	}
	m.Notes, m.Decoder = c.Notes, images.Pillow
	return m, nil
}
