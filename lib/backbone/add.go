package backbone

import "github.com/transfer-learning-go/defects/lib/layer"

// AddTo puts the backbone into a network that is being built: the layer before it gives pixels 0…255 of the size of its
// input, which pass its preprocessing and then its layers, nested and in inference mode as Keras's
// base(preprocess_input(x), training=False). It returns the name of the last layer. Errors stay in the builder's Err.
func (b *Backbone) AddTo(to *layer.Builder) string {
	to.Add("preprocess_input", b.Preprocess())
	name := to.Nest(b.String(), b.Layers, b.Values)
	if to.Err == nil {
		to.Nested[len(to.Nested)-1].Of = b
	}
	return name
}
