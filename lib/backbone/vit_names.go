package backbone

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

const (
	patchEmbedding    = "patch_embedding"
	positionEmbedding = "position_embedding"
	predictions       = "predictions"
)

// naming is what the files of one library have in common.
type naming struct {
	title string
	// names leads from a layer of the list, of a block without its prefix, to the library's name.
	names   map[string]string
	block   func(n int) string // prefix of the names in block n
	wrapper string             // the part of the backbone's prefix that the names of the classes do not have
	epsilon float64            // of layer normalization, which no file of weights holds
	// pytorch tells that weights are called "weight" and "bias" and have outputs before inputs. Else they are numbered,
	// and arranged as Keras does.
	pytorch bool
}

const timm = "timm" // a title

// fused is the last part of timm's name for the one tensor of queries, keys and values.
const fused = "qkv"

var namings = []naming{
	{
		title: "Hugging Face", epsilon: 1e-12, pytorch: true, wrapper: "vit.",
		block: func(n int) string { return "encoder.layer." + strconv.Itoa(n) + "." },
		names: map[string]string{
			patchEmbedding:               "embeddings.patch_embeddings.projection",
			"class_token":                "embeddings.cls_token",
			positionEmbedding:            "embeddings.position_embeddings",
			"norm1":                      "layernorm_before",
			"attention/query":            "attention.attention.query",
			"attention/key":              "attention.attention.key",
			"attention/value":            "attention.attention.value",
			"attention/attention_output": "attention.output.dense",
			"norm2":                      "layernorm_after",
			"mlp1":                       "intermediate.dense",
			"mlp2":                       "output.dense",
			"norm":                       "layernorm",
			predictions:                  "classifier",
		},
	},
	{
		title: timm, epsilon: 1e-6, pytorch: true,
		block: func(n int) string { return "blocks." + strconv.Itoa(n) + "." },
		names: map[string]string{
			patchEmbedding:               "patch_embed.proj",
			"class_token":                "cls_token",
			positionEmbedding:            "pos_embed",
			"norm1":                      "norm1",
			"attention/query":            "attn." + fused,
			"attention/key":              "attn." + fused,
			"attention/value":            "attn." + fused,
			"attention/attention_output": "attn.proj",
			"norm2":                      "norm2",
			"mlp1":                       "mlp.fc1",
			"mlp2":                       "mlp.fc2",
			"norm":                       "norm",
			predictions:                  "head",
		},
	},
	{
		title: "KerasHub", epsilon: 1e-6, wrapper: "vi_t_backbone/layers/",
		block: func(n int) string {
			const first = "vi_t_encoder/encoder_layers/vi_t_encoder_block"
			if n == 0 {
				return first + "/"
			}
			return first + "_" + strconv.Itoa(n) + "/"
		},
		names: map[string]string{
			patchEmbedding:               "vi_t_patching_and_embedding/patch_embedding",
			"class_token":                "vi_t_patching_and_embedding",
			positionEmbedding:            "vi_t_patching_and_embedding/position_embedding",
			"norm1":                      "layer_norm_1",
			"attention/query":            "mha/query_dense",
			"attention/key":              "mha/key_dense",
			"attention/value":            "mha/value_dense",
			"attention/attention_output": "mha/output_dense",
			"norm2":                      "layer_norm_2",
			"mlp1":                       "mlp/dense_1",
			"mlp2":                       "mlp/dense_2",
			"norm":                       "vi_t_encoder/layer_norm",
			predictions:                  "dense",
		},
	},
}

// of is the library's name for a weight of a layer, without the prefix of the file: of("block3_norm1", "gamma") is
// "encoder.layer.3.layernorm_before.weight" in the names of Hugging Face.
func (n naming) of(layer, weight string) string {
	prefix := ""
	if block, part, ok := strings.Cut(strings.TrimPrefix(layer, "block"), "_"); ok {
		if i, err := strconv.Atoi(block); err == nil {
			prefix, layer = n.block(i), part
		}
	}
	module := prefix + n.names[path.Join(layer, path.Dir(weight))]
	weight = path.Base(weight)
	isBias := weight == "bias" || weight == "beta"
	switch {
	case n.pytorch && isBias:
		return module + ".bias"
	case n.pytorch && slices.Contains([]string{"kernel", "gamma"}, weight):
		return module + ".weight"
	case n.pytorch: // a single tensor
		return module
	case isBias:
		return module + "/1"
	}
	return module + "/0"
}

// shape is that of the tensor in the file that holds a weight. For the position embeddings it is that of the list's own
// number of patches.
func (n naming) shape(w layer.Weight) []int {
	switch {
	case w.Name == "class_token" || n.pytorch && w.Name == "embeddings":
		return append([]int{1}, w.Shape...)
	case !n.pytorch:
		return w.Shape
	}
	outputs, inputs, pixels := sizes(w)
	if n.isFused(w) {
		outputs *= 3
	}
	switch {
	case pixels > 0:
		return []int{outputs, inputs, w.Shape[0], w.Shape[1]}
	case inputs > 0:
		return []int{outputs, inputs}
	}
	return []int{outputs}
}

// values brings what a tensor of that shape holds into the order of the weight.
func (n naming) values(w layer.Weight, stored []float32) []float32 {
	if n.isFused(w) {
		part := len(stored) / 3
		i := slices.Index([]string{"query", "key", "value"}, path.Dir(w.Name))
		stored = stored[i*part:][:part]
	}
	outputs, inputs, pixels := sizes(w)
	if !n.pytorch || inputs == 0 {
		return stored
	}
	pixels = max(1, pixels)
	out := make([]float32, len(stored))
	for o := range outputs {
		for i := range inputs {
			for p := range pixels {
				out[(p*inputs+i)*outputs+o] = stored[(o*inputs+i)*pixels+p]
			}
		}
	}
	return out
}

func (n naming) isFused(w layer.Weight) bool {
	return path.Base(n.names["attention/"+path.Dir(w.Name)]) == "attn."+fused
}

// sizes counts what a kernel leads from and to: pixels of its window, 0 for a dense layer; inputs, 0 for a bias. A head
// of attention and the number in it count as one: the query's kernel [d, heads, key] has heads·key outputs, that of the
// output [heads, key, d] as many inputs.
func sizes(w layer.Weight) (outputs, inputs, pixels int) {
	s := w.Shape
	switch {
	case path.Base(w.Name) != "kernel":
		return w.Size(), 0, 0
	case len(s) == 4:
		return s[3], s[2], s[0] * s[1]
	case path.Dir(w.Name) == "attention_output":
		return s[2], s[0] * s[1], 0
	}
	return w.Size() / s[0], s[0], 0
}
