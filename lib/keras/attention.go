package keras

import (
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// selfAttention leaves of the call of an attention the one tensor that is its query, value and key. The call may name
// them.
func (p *parser) selfAttention(n *node) {
	for _, name := range []string{"query", "value", "key"} {
		raw, ok := n.call.Kwargs[name]
		if !ok || string(raw) == "null" {
			continue
		}
		delete(n.call.Kwargs, name)
		a, err := newArgument(raw)
		if err != nil || !a.isTensor() {
			a = argument{}
			a.Layer, err = history(raw) // Keras 2 writes ["layer", 0, 0]
		}
		if err != nil {
			p.fail("layer %s (%s): its %s: %v", n.name, n.class, name, err)
			return
		}
		n.call.Args = append(n.call.Args, a)
	}
	for _, name := range []string{"return_attention_scores", "use_causal_mask"} {
		if string(n.call.Kwargs[name]) == "false" {
			delete(n.call.Kwargs, name)
		}
	}
	read := n.call.tensors()
	for _, name := range read {
		if name != read[0] {
			p.fail("layer %s (%s) compares %s with %s; known here is self-attention, of one tensor with itself", n.name,
				n.class, read[0], name)
			return
		}
	}
	if len(read) < 2 {
		p.fail("layer %s (%s) is called on %d tensors; an attention reads a query and a value", n.name, n.class, len(read))
		return
	}
	n.call.Args = n.call.Args[:1]
}

// split writes a layer that Keras keeps the weights of in others, such as an attention, as these.
func split(row weights.Layer, parts []layer.Sublayer) (out []weights.Layer) {
	for i, part := range parts {
		l := weights.Layer{Name: row.Name + "/" + part.Attribute}
		for j, t := range row.Tensors[2*i : 2*i+2] {
			t.Name = fmt.Sprint(j)
			l.Tensors = append(l.Tensors, t)
		}
		out = append(out, l)
	}
	return out
}

// join undoes split. byPath are the layers of the model. Older versions of Keras put an underscore before the names of
// the parts.
func join(rows []weights.Layer, byPath map[string]*layer.Layer) (out []weights.Layer) {
	at := map[string]int{} // path of a split layer → its row
	for _, row := range rows {
		slash := strings.LastIndexByte(row.Name, '/')
		path, part := row.Name[:max(0, slash)], strings.TrimPrefix(row.Name[slash+1:], "_")
		l, first := byPath[path], -1
		if l != nil {
			first = slices.IndexFunc(layer.Sublayers(l.Op), func(s layer.Sublayer) bool { return s.Attribute == part })
		}
		if first < 0 || len(row.Tensors) != 2 {
			out = append(out, row)
			continue
		}
		if _, ok := at[path]; !ok {
			at[path] = len(out)
			out = append(out, weights.Layer{Name: path})
		}
		joined := &out[at[path]]
		for i, t := range row.Tensors {
			t.Name = l.W[2*first+i].Name
			joined.Tensors = append(joined.Tensors, t)
		}
	}
	return out
}
