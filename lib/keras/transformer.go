package keras

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

func readLayerNormalization(f *fields) layer.Op {
	f.only("center", "true")
	f.only("scale", "true")
	f.only("rms_scaling", "false")
	f.only("axis", "-1", "[-1]", "2", "[2]") // the last of tokens
	f.ignore("beta_initializer", "gamma_initializer")
	f.training("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
	op := layer.LayerNormalization{Epsilon: 1e-3}
	f.read("epsilon", &op.Epsilon)
	if op.Epsilon <= 0 {
		f.fail("epsilon is %v; it must be positive", op.Epsilon)
	}
	return op
}

func readMultiHeadAttention(f *fields) layer.Op {
	var op layer.MultiHeadAttention
	f.positive("num_heads", &op.NumHeads)
	f.positive("key_dim", &op.KeyDim)
	f.only("value_dim", fmt.Sprint(op.KeyDim))
	f.read("dropout", &op.Dropout)
	if op.Dropout < 0 || op.Dropout >= 1 {
		f.fail("dropout is %v; it must be in [0, 1)", op.Dropout)
	}
	f.only("use_bias", "true")
	f.only("use_gate", "false")
	f.only("output_shape")
	f.only("attention_axes", "1", "[1]")
	f.only("sliding_window")
	f.ignore("seed", "kernel_initializer", "bias_initializer", "flash_attention", "query_shape", "key_shape", "value_shape")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	return op
}

func readReshape(f *fields) layer.Op {
	var op layer.Reshaping
	f.need("target_shape", &op.Shape)
	return op
}

func readGlobalAveragePooling1D(f *fields) layer.Op {
	readGlobalPooling(f)
	return layer.GlobalAveragePooling1D{}
}

func readCropping1D(f *fields) layer.Op {
	var op layer.Cropping1D
	var both int
	if raw := f.values["cropping"]; json.Unmarshal(raw, &both) == nil {
		f.ignore("cropping")
		op.Cropping = [2]int{both, both}
		return op
	}
	f.need("cropping", &op.Cropping)
	return op
}

// selfAttention takes the value and the key of an attention from its call, which may name them, and leaves the one tensor
// that they are.
func (p *parser) selfAttention(n *node) {
	for _, name := range []string{"query", "value", "key"} {
		raw, ok := n.call.Kwargs[name]
		if !ok || string(raw) == "null" {
			continue
		}
		a, err := newArgument(raw)
		if err != nil {
			a.Layer, err = history(raw) // Keras 2 writes ["layer", 0, 0]
		}
		if err != nil {
			p.fail("layer %s (%s): its %s: %v", n.name, n.class, name, err)
			return
		}
		n.call.Args = append(n.call.Args, a)
		delete(n.call.Kwargs, name)
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

// parts of an attention are layers of their own in a file of Keras 3's variables, with a kernel and a bias each.
var parts = []string{"query_dense", "key_dense", "value_dense", "output_dense"}

// attentionParts are their names in other files.
var attentionParts = []string{"query", "key", "value", "attention_output"}

// splitAttention writes an attention as its parts.
func splitAttention(row weights.Layer) []weights.Layer {
	var out []weights.Layer
	for i, part := range parts {
		l := weights.Layer{Name: row.Name + "/" + part}
		for j, t := range row.Tensors[2*i : 2*i+2] {
			t.Name = fmt.Sprint(j)
			l.Tensors = append(l.Tensors, t)
		}
		out = append(out, l)
	}
	return out
}

// joinAttention puts the parts of attentions together. names are the layers by their paths.
func joinAttention(rows []weights.Layer, names map[string]*layer.Layer) []weights.Layer {
	var out []weights.Layer
	at := map[string]int{}
	for _, row := range rows {
		path, part, _ := cutLast(row.Name)
		l := names[path]
		if l == nil {
			out = append(out, row)
			continue
		}
		first := -1
		for i, p := range parts {
			if p == part && len(l.W) == 2*len(parts) {
				first = 2 * i
			}
		}
		if first < 0 || len(row.Tensors) != 2 {
			out = append(out, row)
			continue
		}
		if _, ok := at[path]; !ok {
			at[path] = len(out)
			out = append(out, weights.Layer{Name: path})
		}
		for i, t := range row.Tensors {
			t.Name = l.W[first+i].Name
			out[at[path]].Tensors = append(out[at[path]].Tensors, t)
		}
	}
	return out
}

func cutLast(path string) (before, after string, ok bool) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return "", path, false
	}
	return path[:at], path[at+1:], true
}
