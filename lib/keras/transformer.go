package keras

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

func readLayerNormalization(f *fields) layer.Op {
	f.only("center", "true")
	f.only("scale", "true")
	f.only("rms_scaling", "false")
	f.only("axis", "-1", "[-1]", "1", "[1]", "2", "[2]", "3", "[3]") // the last one: see lastAxis
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
	f.ignore("output_shape") // see sameWidth
	f.only("attention_axes", "1", "[1]")
	f.only("sliding_window")
	f.ignore("seed", "kernel_initializer", "bias_initializer", "flash_attention", "softmax_robust_masking", "query_shape",
		"key_shape", "value_shape")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	return op
}

// sameWidth checks the output_shape of an attention, once the shape of its input is known.
func sameWidth(f *fields, in []int) {
	width := in[len(in)-1]
	f.only("output_shape", fmt.Sprint(width), fmt.Sprintf("[%d]", width))
}

func readReshape(f *fields) layer.Op {
	var op layer.Reshaping
	f.need("target_shape", &op.Shape)
	return op
}

// withoutOpen fills in the one size that a target shape may leave open, as −1.
func withoutOpen(op layer.Reshaping, in []int) layer.Reshaping {
	open := slices.Index(op.Shape, -1)
	if open < 0 {
		return op
	}
	shape := slices.Clone(op.Shape)
	size := 1
	for _, n := range in {
		size *= n
	}
	for i, n := range shape {
		if i != open && n > 0 {
			size /= n
		}
	}
	shape[open] = size
	return layer.Reshaping{Shape: shape}
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
		if err != nil {
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

// An attention keeps its weights in four layers with a kernel and a bias each. attentionVariables are their names in
// Keras 3's files of variables, where older versions put an underscore before them; attentionParts those elsewhere.
var (
	attentionVariables = []string{"query_dense", "key_dense", "value_dense", "output_dense"}
	attentionParts     = []string{"query", "key", "value", "attention_output"}
)

// splitAttention writes an attention as its four layers.
func splitAttention(row weights.Layer) (out []weights.Layer) {
	for i, part := range attentionVariables {
		l := weights.Layer{Name: row.Name + "/" + part}
		for j, t := range row.Tensors[2*i : 2*i+2] {
			t.Name = fmt.Sprint(j)
			l.Tensors = append(l.Tensors, t)
		}
		out = append(out, l)
	}
	return out
}

// joinAttention puts the four layers of each attention together. byPath are the layers of the model.
func joinAttention(rows []weights.Layer, byPath map[string]*layer.Layer) (out []weights.Layer) {
	at := map[string]int{} // path of an attention → its row
	for _, row := range rows {
		slash := strings.LastIndexByte(row.Name, '/')
		path, part := row.Name[:max(0, slash)], strings.TrimPrefix(row.Name[slash+1:], "_")
		l, first := byPath[path], 2*slices.Index(attentionVariables, part)
		if l == nil || !attends(layer.List{l}) || first < 0 || len(row.Tensors) != 2 {
			out = append(out, row)
			continue
		}
		if _, ok := at[path]; !ok {
			at[path] = len(out)
			out = append(out, weights.Layer{Name: path})
		}
		joined := &out[at[path]]
		for i, t := range row.Tensors {
			t.Name = l.W[first+i].Name
			joined.Tensors = append(joined.Tensors, t)
		}
	}
	return out
}
