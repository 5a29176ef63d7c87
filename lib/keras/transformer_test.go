package keras

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

func TestTransformersOfKerasKeepTheirParts(t *testing.T) {
	folder, _ := unpack(t)
	for _, file := range []string{"attention-keras3.h5", "attention-keras3.keras", "attention-keras2.h5",
		"attention-keras2.keras"} {
		m := open(t, filepath.Join(folder, file))
		var got []string
		for _, l := range m.Layers {
			frozen := ""
			if l.Frozen {
				frozen = " frozen"
			}
			got = append(got, fmt.Sprintf("%s(%s)%s", l.Op.Class(), strings.Join(l.Inputs, " "), frozen))
			if within := len(got) > 2 && len(got) <= 19; l.Inference != within {
				t.Errorf("%s: layer %s: called with training=False: %v", file, l.Name, l.Inference)
			}
		}
		want := []string{"InputLayer()", "Rescaling(pixels)", "InputLayer(rescaling)", "Conv2D(image) frozen",
			"Reshape(patch_embedding) frozen", "ClassToken(patches) frozen", "PositionEmbedding(class_token) frozen",
			"LayerNormalization(positions) frozen", "MultiHeadAttention(norm1) frozen", "Add(positions attention1)",
			"LayerNormalization(add1)", "Dense(norm2)", "Dropout(mlp1)", "Dense(mlp_dropout)", "Add(add1 mlp2)",
			"MultiHeadAttention(add2)", "Add(add2 attention2)", "LayerNormalization(add3)", "Cropping1D(norm3)",
			"MultiHeadAttention(some_tokens)", "GlobalAveragePooling1D(attention)", "LayerNormalization(pool)",
			"Activation(norm)", "Dense(gelu)"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", file, got, want)
		}
		if !reflect.DeepEqual(m.Nested, []layer.Nested{{Name: "transformer", Start: 2, End: 19}}) {
			t.Errorf("%s: nested models %v", file, m.Nested)
		}
		for i, op := range map[int]layer.Op{4: layer.Reshape{Shape: []int{16, 8}}, 7: layer.LayerNormalization{Epsilon: 1e-6},
			8: layer.MultiHeadAttention{NumHeads: 2, KeyDim: 3, Dropout: 0.1}, 10: layer.LayerNormalization{Epsilon: 1e-3},
			18: layer.Cropping1D{Cropping: [2]int{0, 9}}} {
			if !reflect.DeepEqual(m.Layers[i].Op, op) {
				t.Errorf("%s: layer %d is %+v, want %+v", file, i, m.Layers[i].Op, op)
			}
		}
	}
}

// transformer is a model as this module builds it, with a base that is frozen up to its first attention.
func transformer(t *testing.T) *Model {
	t.Helper()
	b := &layer.Builder{}
	b.Add("pixels", layer.Input{Shape: []int{9, 8, 3}})
	b.Add("input_layer", layer.Input{Shape: []int{9, 8, 3}}, "pixels")
	b.Add("patch_embedding", layer.Conv2D{Filters: 6, Kernel: 4, Strides: 4, NoBias: true})
	b.Add("", layer.Reshape{Shape: []int{4, 6}})
	b.Add("", layer.ClassToken{})
	x := b.Add("", layer.PositionEmbedding{})
	b.Add("", layer.LayerNormalization{})
	b.Add("", layer.MultiHeadAttention{NumHeads: 2, KeyDim: 3})
	b.Add("", layer.Add{}, x, b.Last())
	b.Add("", layer.PositionEmbedding{})
	b.Add("", layer.ClassToken{})
	b.Add("", layer.MultiHeadAttention{NumHeads: 1, KeyDim: 2, Dropout: 0.5})
	b.Add("", layer.GlobalAveragePooling1D{})
	b.Add("", layer.Dense{Units: 3, Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	base := b.List[1:10]
	base[1:7].Freeze() // up to the first attention
	for _, l := range base {
		l.Inference = true
	}
	return &Model{Name: "functional", Layers: b.List, Values: b.List.Initial(1),
		Nested: []layer.Nested{{Name: "base", Start: 1, End: 10}}}
}

func TestTransformersKeepTheirHash(t *testing.T) {
	m := transformer(t)
	for _, extension := range []string{".h5", ".keras"} {
		path := filepath.Join(t.TempDir(), "saved"+extension)
		if err := Save(path, m); err != nil {
			t.Fatal(err)
		}
		again := open(t, path)
		if again.Layers.Hash(again.Values) != m.Layers.Hash(m.Values) {
			t.Errorf("%s: another hash: %s", extension, difference(again, m))
		}
		again.Format = ""
		if !reflect.DeepEqual(again, m) {
			t.Errorf("%s: another model: %s", extension, difference(again, m))
		}
	}
	path := filepath.Join(t.TempDir(), "saved.weights.h5")
	if err := Save(path, m); err != nil {
		t.Fatal(err)
	}
	c, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := matchAny(m.Layers, m.Nested, c); err != nil || !reflect.DeepEqual(v, m.Values) {
		t.Errorf(".weights.h5: other values, %v", err)
	}
	m.Layers[len(m.Layers)-1].W[0].Shape = []int{6, 4}
	if _, err := matchAny(m.Layers, m.Nested, c); err == nil || !strings.Contains(err.Error(), "kernel has shape [6 3], want [6 4]") {
		t.Errorf("another shape: %v", err)
	}
}

func TestNamesThatTheLayersOfTablesTakeAreRefused(t *testing.T) {
	m := transformer(t)
	m.Layers[len(m.Layers)-1].Name, m.Values["position_embedding_table"] = "position_embedding_table", m.Values["dense"]
	err := Save(filepath.Join(t.TempDir(), "x.h5"), m)
	if err == nil || !strings.Contains(err.Error(), `layer position_embedding: its file takes the name "position_embedding_table"`) {
		t.Error(err)
	}
}

// tokens are [64, 3], made of the image.
var tokens = at("tokens", "Reshape", `"target_shape":[64,3]`, "image")

// called is an attention with options of its call.
func called(options string, inputs ...string) string {
	x := at("x", "MultiHeadAttention", attention, inputs...)
	return strings.Replace(x, ",0,0,{}", ",0,0,{"+options+"}", 1)
}

func TestAttentionsOfOneTensorWithItselfAreRead(t *testing.T) {
	for _, x := range []string{
		called("", "tokens", "tokens"),
		called("", "tokens", "tokens", "tokens"),
		called(`"value":["tokens",0,0],"key":null,"attention_mask":null`, "tokens"),
		called(`"value":["tokens",0,0],"key":["tokens",0,0],"use_causal_mask":false`, "tokens"),
		called(`"value":["tokens",0,0],"return_attention_scores":false,"training":null`, "tokens"),
		strings.Replace(called("", "tokens", "tokens"), attention, attention+`,"output_shape":[3],"flash_attention":true`, 1),
	} {
		m, err := architecture([]byte(functional(tokens, x)), size{})
		if err != nil {
			t.Error(err)
			continue
		}
		l := m.Layers[len(m.Layers)-1]
		if l.Op != (layer.MultiHeadAttention{NumHeads: 2, KeyDim: 4}) || !reflect.DeepEqual(l.Inputs, []string{"tokens"}) {
			t.Errorf("%+v", *l)
		}
	}
}

func TestOtherAttentionsAreRefused(t *testing.T) {
	other := at("other", "LayerNormalization", "", "tokens")
	for want, x := range map[string]string{
		"x (MultiHeadAttention) compares tokens with other; known here is self-attention": called("", "tokens", "other"),
		"compares other with tokens":                                  called(`"value":["other",0,0],"key":["tokens",0,0]`, "other"),
		"compares tokens with other":                                  called(`"value":["tokens",0,0],"key":["other",0,0]`, "tokens"),
		"is called on 1 tensors; an attention reads a query":          called("", "other"),
		"called with attention_mask = [\"other\",0,0]":                called(`"value":["other",0,0],"attention_mask":["other",0,0]`, "other"),
		"called with query_mask = [":                                  called(`"value":["other",0,0],"query_mask":["tokens",0,0]`, "other"),
		"called with return_attention_scores = true":                  called(`"value":["other",0,0],"return_attention_scores":true`, "other"),
		"called with use_causal_mask = true":                          called(`"value":["other",0,0],"use_causal_mask":true`, "other"),
		"called with training=True":                                   called(`"value":["other",0,0],"training":true`, "other"),
		"its key: [3] does not name a layer's output":                 called(`"value":["other",0,0],"key":[3]`, "other"),
		"output_shape is 5; known here is 3 or [3]":                   strings.Replace(called("", "other", "other"), attention, attention+`,"output_shape":5`, 1),
		"x (MultiHeadAttention) is called on 0 tensors":               `{"class_name":"MultiHeadAttention","name":"x","config":{"num_heads":1,"key_dim":1},"inbound_nodes":[]}`,
		`layer "x" (MultiHeadAttention) on inputs of shape [[8 8 3]]`: called("", "image", "image"),
	} {
		_, err := architecture([]byte(functional(tokens, other, x)), size{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

// What looks like the layers that files have for a table or a class token, but is not, is computed as it stands.
func TestTablesAndConcatenationsElsewhereStayAsTheyAre(t *testing.T) {
	classes := func(config string) (list string) {
		m, err := architecture([]byte(config), size{})
		if err != nil {
			t.Fatal(err)
		}
		m, tables := collapse(m)
		if names := len(tables); names > 1 {
			t.Errorf("%d tables", names)
		}
		for _, l := range m.Layers {
			list += " " + l.Op.Class()
		}
		return list
	}
	ones := at("ones", "Rescaling", `"scale":0,"offset":1`, "tokens")
	learned := at("learned", "EinsumDense", table1, "ones")
	sum := at("sum", "Add", "", "tokens", "learned")
	if got := classes(functional(tokens, ones, learned, sum)); got != " InputLayer Reshape PositionEmbedding" {
		t.Error(got)
	}
	first := at("first", "Cropping1D", `"cropping":[0,63]`, "tokens")
	firstOnes := at("ones", "Rescaling", `"scale":0,"offset":1`, "first")
	token := strings.Replace(learned, "[64,3]", "[1,3]", 1)
	joined := at("joined", "Concatenate", `"axis":1`, "learned", "tokens")
	if got := classes(functional(tokens, first, firstOnes, token, joined)); got != " InputLayer Reshape ClassToken" {
		t.Error(got)
	}
	wide := strings.Replace(joined, `"axis":1`, `"axis":2`, 1)
	for name, c := range map[string]struct{ config, want string }{
		"other numbers": {functional(tokens, strings.Replace(ones, `"offset":1`, `"offset":2`, 1), learned, sum), "Rescaling EinsumDense Add"},
		"of tokens":     {functional(tokens, strings.Replace(learned, `"ones"`, `"tokens"`, 1), sum), "EinsumDense Add"},
		"other tokens":  {functional(tokens, at("norm", "LayerNormalization", "", "tokens"), ones, learned, strings.Replace(sum, `"tokens"`, `"norm"`, 1)), "LayerNormalization Rescaling EinsumDense Add"},
		"read twice":    {functional(tokens, ones, learned, sum, at("twice", "Add", "", "sum", "learned")), "Rescaling EinsumDense Add Add"},
		"ones, twice":   {functional(tokens, ones, learned, sum, at("twice", "Add", "", "sum", "ones")), "Rescaling EinsumDense Add Add"},
		"not added":     {functional(tokens, ones, learned), "Rescaling EinsumDense"},
		"plain":         {functional(tokens, at("joined", "Concatenate", `"axis":1`, "tokens", "tokens")), "Concatenate"},
		"behind":        {functional(tokens, first, firstOnes, token, at("joined", "Concatenate", `"axis":1`, "tokens", "learned")), "Cropping1D Rescaling EinsumDense Concatenate"},
		"beside":        {functional(at("tokens", "Reshape", `"target_shape":[1,192]`, "image"), strings.Replace(first, "63", "0", 1), firstOnes, strings.Replace(token, "[1,3]", "[1,192]", 1), wide), "Cropping1D Rescaling EinsumDense Concatenate"},
		"image":         {functional(at("joined", "Concatenate", `"axis":1`, "image", "image")), "InputLayer Concatenate"},
	} {
		if got := classes(c.config); !strings.HasSuffix(got, " "+c.want) {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
	_, err := architecture([]byte(functional(tokens, ones, token, sum)), size{})
	if err == nil || !strings.Contains(err.Error(), "its output_shape is [1 3]") {
		t.Errorf("a table of another shape: %v", err)
	}
}
