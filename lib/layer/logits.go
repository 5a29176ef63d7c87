package layer

// Logits is the list without the softmax that it ends in: the loss is computed from logits, since the logarithm of a
// softmax that has gone to zero is lost, and gradients of classes are taken of them. ok reports whether it ends in a
// softmax; if not, the list comes back as it is.
func (ls List) Logits() (logits List, ok bool) {
	last := *ls[len(ls)-1]
	switch op := last.Op.(type) {
	case Dense:
		if ok = op.Activation == "softmax"; ok {
			op.Activation = ""
			last.Op = op
			return append(append(List{}, ls[:len(ls)-1]...), &last), true
		}
	case Activation:
		if op.Activation == "softmax" {
			return ls[:len(ls)-1], true
		}
	case Softmax:
		return ls[:len(ls)-1], true
	}
	return ls, false
}
