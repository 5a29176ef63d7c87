package keras

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Match takes the weights of a known architecture from a checkpoint of any format that Keras saved of it alone, or of a
// model in which it is nested: weights, whole models and .keras archives. The error lists every difference, as that of
// layer.List.Match.
func Match(ls layer.List, c *weights.Checkpoint) (layer.Values, error) {
	file, err := expand(&Model{Layers: ls})
	if err != nil {
		return nil, err
	}
	v, err := match(file.Layers, nil, c)
	if err != nil {
		nested := matchNested(file.Layers, c)
		if nested == nil {
			return nil, err
		}
		v = nested
	}
	_, tables := collapse(file)
	takeTables(v, tables)
	return v, nil
}

// matchNested takes the weights from the first nested model of a checkpoint that fits; nil if none does.
func matchNested(ls layer.List, c *weights.Checkpoint) layer.Values {
	models := map[string][]weights.Layer{}
	var order []string
	for _, l := range c.Layers {
		name := l.Name
		if c.Format == weights.KerasVariables { // layers/functional/layers/conv2d is in layers/functional
			at := strings.LastIndex(name, "/layers/")
			if at < 0 {
				continue
			}
			name, l.Name = name[:at], name[at+1:]
		}
		if models[name] == nil {
			order = append(order, name)
		}
		models[name] = append(models[name], l)
	}
	for _, name := range order {
		one := *c
		one.Layers = models[name]
		nested := []layer.Nested{{Name: name, End: len(ls)}}
		if c.Format == weights.KerasVariables {
			nested = nil
		}
		if v, err := match(ls, nested, &one); err == nil {
			return v
		}
	}
	return nil
}

// match takes the weights of the layers of a file from it. nested says which of them form nested models. The error
// lists every difference, as that of layer.List.Match.
func match(ls layer.List, nested []layer.Nested, c *weights.Checkpoint) (layer.Values, error) {
	flat := *c
	flat.Layers = nil
	if c.Format == weights.KerasVariables {
		names := map[string]*layer.Layer{}
		for i, path := range paths(ls, nested) {
			names[path] = ls[i]
		}
		for _, l := range join(c.Layers, names) {
			if isGenerator(l.Name) {
				continue
			}
			if named, ok := names[l.Name]; ok {
				l.Name = named.Name
			}
			flat.Layers = append(flat.Layers, l)
		}
		return ls.Match(&flat)
	}
	for _, l := range c.Layers {
		flat.Layers = append(flat.Layers, inline(ls, nested, l)...)
	}
	return ls.Match(&flat)
}

// isGenerator reports whether a path leads to the state of a random generator, of dropout or augmentation layers.
func isGenerator(path string) bool { return strings.HasSuffix(path, "generator") }

// inline splits what the file keeps as one layer, a nested model, into its layers. Keras sorts its tensors by whether
// they are trained; their names, such as "conv/kernel", tell what they belong to.
func inline(ls layer.List, nested []layer.Nested, l weights.Layer) []weights.Layer {
	at := slices.IndexFunc(nested, func(n layer.Nested) bool { return n.Name == l.Name })
	if at < 0 || ls.Index(l.Name) >= 0 {
		return []weights.Layer{l}
	}
	n := nested[at]
	var out []weights.Layer
	for _, t := range l.Tensors {
		layerName, tensor := owner(ls, nested, n, t.Name)
		t.Name = tensor
		if i := slices.IndexFunc(out, func(o weights.Layer) bool { return o.Name == layerName }); i >= 0 {
			out[i].Tensors = append(out[i].Tensors, t)
		} else {
			out = append(out, weights.Layer{Name: layerName, Tensors: []weights.Tensor{t}})
		}
	}
	return out
}

// owner finds the layer of a nested model that a weight belongs to, and what the layer calls it: "conv" and "kernel" of
// "base/conv/kernel". A weight of an attention has a name of two parts, such as "query/kernel".
func owner(ls layer.List, nested []layer.Nested, n layer.Nested, path string) (name, tensor string) {
	words := strings.Split(path, "/")
	last := len(words) - 1
	if last >= 2 {
		tensor = words[last-1] + "/" + words[last]
		name = inner(ls, nested, n, words[last-2], tensor)
		isPart := func(s layer.Sublayer) bool { return s.Name == words[last-1] }
		if i := ls.Index(name); i >= 0 && slices.ContainsFunc(layer.Sublayers(ls[i].Op), isPart) {
			return name, tensor
		}
	}
	own := ""
	if last >= 1 {
		own = words[last-1]
	}
	return inner(ls, nested, n, own, words[last]), words[last]
}

// inner is the flat name of a layer of a nested model. Where the file has no name for it, since the model has but one
// layer with weights, it is that layer.
func inner(ls layer.List, nested []layer.Nested, n layer.Nested, own, tensor string) string {
	within := ls[n.Start:n.End]
	candidates := []string{own, n.Name + "_" + own}
	for _, deeper := range nested {
		if deeper.Start >= n.Start && deeper.End <= n.End && deeper.Name != n.Name {
			candidates = append(candidates, deeper.Name+"_"+own, n.Name+"_"+deeper.Name+"_"+own)
		}
	}
	for _, name := range candidates {
		if within.Index(name) >= 0 {
			return name
		}
	}
	for _, l := range within {
		has := slices.ContainsFunc(l.W, func(w layer.Weight) bool { return w.Name == tensor || w.Former == tensor })
		if own == "" && has {
			return l.Name
		}
	}
	return n.Name + "/" + own
}

// paths gives, by position, the path of each layer in a file of Keras 3's variables: classes in snake case, those of one
// class numbered in the order of the model, such as "layers/functional/layers/conv2d_3".
func paths(ls layer.List, nested []layer.Nested) []string {
	out := make([]string, len(ls))
	var number func(start, end int, nested []layer.Nested, prefix string)
	number = func(start, end int, nested []layer.Nested, prefix string) {
		count := map[string]int{}
		next := func(class string) string {
			name := prefix + "layers/" + layer.Snake(class)
			if n := count[class]; n > 0 {
				name = fmt.Sprintf("%s_%d", name, n)
			}
			count[class]++
			return name
		}
		for i := start; ; {
			for len(nested) > 0 && nested[0].Start == i {
				n, rest := nested[0], 1
				for rest < len(nested) && nested[rest].End <= n.End && nested[rest].Start < n.End {
					rest++
				}
				number(n.Start, n.End, nested[1:rest], next(cmp.Or(n.Class, "Functional"))+"/")
				i, nested = n.End, nested[rest:]
			}
			if i >= end {
				return
			}
			out[i] = next(ls[i].Op.Class())
			i++
		}
	}
	number(0, len(ls), nested, "")
	return out
}
