package backbone

import "github.com/transfer-learning-go/defects/lib/layer"

// Pooling is the layer that makes one vector per image of what the base gives: the mean over all places of a feature
// map, or over all tokens of a ViT, its class token included.
func (b *Backbone) Pooling() layer.Op {
	if len(b.Layers.Output()) == 2 {
		return layer.GlobalAveragePooling1D{}
	}
	return layer.GlobalAveragePooling2D{}
}
