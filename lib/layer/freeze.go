package layer

import "strings"

// Freeze keeps the weights of these layers as they are in training. A part of a model can be frozen by slicing:
// Keras's `for layer in base.layers[:100]: layer.trainable = False` is base.Layers[:100].Freeze().
func (ls List) Freeze() {
	for _, l := range ls {
		l.Frozen = true
	}
}

// Unfreeze lets the weights of these layers be trained.
func (ls List) Unfreeze() {
	for _, l := range ls {
		l.Frozen = false
	}
}

// Last is the last n layers, or all if there are fewer.
func (ls List) Last(n int) List { return ls[max(0, len(ls)-n):] }

// WithPrefix is the layers whose names begin with prefix, such as "conv5_".
func (ls List) WithPrefix(prefix string) List {
	var out List
	for _, l := range ls {
		if strings.HasPrefix(l.Name, prefix) {
			out = append(out, l)
		}
	}
	return out
}
