package keras

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

const (
	input = `{"class_name":"InputLayer","name":"image","config":{"name":"image","batch_shape":[null,8,8,3]},"inbound_nodes":[]}`
	conv  = `"filters":4,"kernel_size":[3,3],"strides":[1,1],"padding":"valid"`

	attention = `"num_heads":2,"key_dim":4`
	table1    = `"equation":"btd,td->btd","output_shape":[64,3]`
)

// at is a layer in the style of Keras 2, called on others.
func at(name, class, config string, inputs ...string) string {
	var calls []string
	for _, i := range inputs {
		calls = append(calls, fmt.Sprintf(`[%q,0,0,{}]`, i))
	}
	return fmt.Sprintf(`{"class_name":%q,"name":%q,"config":{"name":%[2]q,"trainable":true,"dtype":"float32"%s},
		"inbound_nodes":[[%s]]}`, class, name, prefixed(config), strings.Join(calls, ","))
}

func prefixed(config string) string {
	if config == "" {
		return ""
	}
	return "," + config
}

// functional is a model of an image and these layers, the last of which is its output.
func functional(layers ...string) string {
	var last struct{ Name string }
	json.Unmarshal([]byte(layers[len(layers)-1]), &last)
	return fmt.Sprintf(`{"class_name":"Functional","config":{"name":"model","layers":[%s],
		"input_layers":[["image",0,0]],"output_layers":[[%q,0,0]]}}`,
		strings.Join(append([]string{input}, layers...), ","), last.Name)
}

func TestSettingsThatWouldChangeTheResultAreRefused(t *testing.T) {
	for _, c := range []struct{ class, config, want string }{
		{"Conv2D", conv + `,"dilation_rate":[0,2]`, "dilation_rate is [0,2]; it must be positive"},
		{"Conv2D", `"filters":4,"kernel_size":[3,3],"strides":[2,2],"dilation_rate":2`, "strides [2 2] with dilation [2 2]: give one"},
		{"Conv2D", conv + `,"groups":2`, "2 groups: they must divide the 3 channels and the 4 filters"},
		{"Conv2D", conv + `,"groups":0`, "groups is 0"},
		{"Conv2D", conv + `,"data_format":"channels_first"`, `data_format is "channels_first"`},
		{"Conv2D", conv + `,"activation":"celu"`, `activation is "celu"; known here are "linear" and elu, exponential`},
		{"Conv2D", conv + `,"activation":"hard_sigmoid"`, `activation is "hard_sigmoid" of Keras 2`},
		{"Conv2D", conv + `,"activation":{"class_name":"function","config":"mine"}`, "activation is {"},
		{"Conv2D", `"filters":4,"kernel_size":[3],"strides":[1,1]`, "kernel_size is [3]; it must be height and width"},
		{"Conv2D", `"filters":4,"kernel_size":[3,3],"strides":[1,0]`, "strides is [1,0]; it must be positive"},
		{"Conv2D", `"filters":4,"kernel_size":[3,3],"strides":[1,1],"padding":"causal"`, `padding is "causal"`},
		{"Conv2D", `"filters":-4,"kernel_size":[3,3],"strides":[1,1]`, "filters is -4"},
		{"Conv2D", `"kernel_size":[3,3],"strides":[1,1]`, "filters is missing"},
		{"Conv2D", conv + `,"new_in_keras_4":true`, "new_in_keras_4 = true"},
		{"DepthwiseConv2D", `"kernel_size":[3,3],"strides":[1,1],"depth_multiplier":0`, "depth_multiplier is 0"},
		{"SeparableConv2D", conv + `,"groups":2`, "groups is 2"},
		{"PReLU", `"shared_axes":[4]`, "shared axis 4: give 1 to 3"},
		{"ELU", `"alpha":-1`, "alpha is -1; it must be positive"},
		{"Cropping2D", `"cropping":4`, "leaves nothing of 8×8 pixels"},
		{"Cropping2D", `"cropping":[[1,-1],[0,0]]`, "cropping is [[1,-1],[0,0]]; it must not be negative"},
		{"CenterCrop", `"height":9,"width":4`, "the centre of 9×4 pixels is cut out of 8×8"},
		{"RandomCrop", `"height":4,"width":4`, "that of Keras 2 crops the centre at inference"},
		{"Pipeline", `"layers":[{"class_name":"Normalization","config":{"name":"n"}}]`, "its layer n (Normalization) is not known in a Pipeline"},
		{"LayerScale", `"init_values":1e-6,"projection_dim":4`, "it has numbers for 4 channels, its input has 3"},
		{"StochasticDepth", `"drop_path_rate":1`, "drop_path_rate is 1"},
		{"ZeroPadding2D", `"padding":[[1,-1],[0,0]]`, "padding is [[1,-1],[0,0]]"},
		{"BatchNormalization", `"axis":1`, "axis is 1"},
		{"BatchNormalization", `"scale":"no"`, `scale is "no"`},
		{"BatchNormalization", `"epsilon":0`, "epsilon is 0"},
		{"ReLU", `"negative_slope":0.1`, "negative_slope is 0.1"},
		{"ReLU", `"threshold":1`, "threshold is 1"},
		{"Activation", `"activation":"glu"`, `activation is "glu"`},
		{"Activation", `"activation":"hard_swish"`, `activation is "hard_silu" of Keras 2`},
		{"LeakyReLU", `"negative_slope":-0.1`, "negative_slope is -0.1"},
		{"LeakyReLU", `"alpha":2`, "negative_slope is 2"},
		{"Softmax", `"axis":1`, "axis is 1; known here is the last one, 3 or -1"},
		{"Softmax", `"axis":[1,2]`, "axis is [1,2]"},
		{"Normalization", `"axis":[1]`, "axis is 1; known here is the last one, 3 or -1"},
		{"Normalization", `"axis":[1,3]`, "axis is [1,3]"},
		{"Normalization", `"invert":true`, "invert is true"},
		{"Normalization", `"mean":[1,2,3]`, "mean is [1,2,3] and variance is missing"},
		{"Normalization", `"mean":[1,2],"variance":[1,2]`, "it has 2 means and 2 variances"},
		{"Normalization", `"mean":[1,2,3],"variance":[1,-2,3]`, "variance is [1,-2,3]; it must not be negative"},
		{"MaxPooling2D", `"pool_size":[2,3]`, "pool_size is [2,3]"},
		{"GlobalAveragePooling2D", `"keepdims":"yes"`, `keepdims is "yes"`},
		{"Dense", `"units":4,"use_bias":0`, "use_bias is 0"},
		{"Dense", `"units":4,"quantization_config":{"mode":"int8"}`, "quantization_config is {"},
		{"Dropout", `"rate":1.5`, "rate is 1.5"},
		{"Dropout", `"rate":0.5,"noise_shape":[1]`, "noise_shape is [1]"},
		{"Dropout", `"rate":0.5,"noise_shape":[1,1,1,1]`, "noise_shape is [1,1,1,1]"},
		{"Dropout", `"rate":0.5,"noise_shape":[null,null,1,1]`, "noise_shape is [null,null,1,1]"},
		{"Dropout", `"rate":0.5,"noise_shape":[null,1]`, "noise shape [1]: give 1 or the size"},
		{"Dropout", `"rate":0.5,"noise_shape":[null,1,2,1]`, "noise shape [1 2 1]: give 1 or the size"},
		{"Rescaling", `"scale":[1,2]`, "it has 2 scales and 2 offsets"},
		{"Rescaling", `"scale":[[1,2,3]]`, "scale is [[1,2,3]]"},
		{"Rescaling", `"offset":1`, "scale is missing"},
		{"Resizing", `"height":4,"width":4,"interpolation":"lanczos3"`, `interpolation is "lanczos3"`},
		{"Resizing", `"height":4,"width":4,"crop_to_aspect_ratio":true`, "crop_to_aspect_ratio is true"},
		{"Resizing", `"height":4,"width":4,"antialias":true`, "antialias is true"},
		{"Reshape", `"target_shape":"flat"`, `target_shape is "flat"`},
		{"LayerNormalization", `"axis":[1,2]`, "axis is [1,2]"},
		{"LayerNormalization", `"axis":[2]`, "axis is 2; known here is the last one, 3 or -1"},
		{"LayerNormalization", `"center":false`, "center is false"},
		{"LayerNormalization", `"scale":false`, "scale is false"},
		{"LayerNormalization", `"rms_scaling":true`, "rms_scaling is true"},
		{"LayerNormalization", `"epsilon":-1`, "epsilon is -1"},
		{"MultiHeadAttention", `"num_heads":0,"key_dim":4`, "num_heads is 0"},
		{"MultiHeadAttention", `"num_heads":2`, "key_dim is missing"},
		{"MultiHeadAttention", attention + `,"value_dim":5`, "value_dim is 5; known here is 4"},
		{"MultiHeadAttention", attention + `,"dropout":1`, "dropout is 1"},
		{"MultiHeadAttention", attention + `,"use_bias":false`, "use_bias is false"},
		{"MultiHeadAttention", attention + `,"use_gate":true`, "use_gate is true"},
		{"MultiHeadAttention", attention + `,"attention_axes":[1,2]`, "attention_axes is [1,2]"},
		{"MultiHeadAttention", attention + `,"sliding_window":3`, "sliding_window is 3"},
		{"GlobalAveragePooling1D", `"keepdims":true`, "keepdims is true"},
		{"GlobalAveragePooling1D", `"data_format":"channels_first"`, `data_format is "channels_first"`},
		{"Cropping1D", `"cropping":"all"`, `cropping is "all"`},
		{"EinsumDense", `"equation":"abc,cd->abd","output_shape":[8,4]`, `equation is "abc,cd->abd"; known here is "btd,td->btd"`},
		{"EinsumDense", table1 + `,"bias_axes":"d"`, `bias_axes is "d"`},
		{"EinsumDense", table1 + `,"activation":"relu"`, `activation is "relu"`},
		{"EinsumDense", table1 + `,"lora_rank":2`, "lora_rank is 2"},
		{"EinsumDense", table1 + `,"quantization_config":{"mode":"int8"}`, "quantization_config is {"},
		{"Concatenate", `"axis":0`, "axis is 0"},
		{"Concatenate", `"axis":4`, "there is no axis 4"},
		{"Concatenate", `"axis":-4`, "there is no axis -4"},
		{"Dense", `"units":4,"activation":{"class_name":"function","config":"approximate"}`, "activation is {"},
		{"Gelu", `"approximate":true`, "approximate is true"},
		{"TFOpLambda", `"function":"nn.gelu","approximate":true`, "approximate is true"},
		{"Lambda", `"function":["4wEAAA=="]`, "Python code cannot be run here; use layers such as Rescaling"},
		{"LSTM", `"units":4`, "this class is not known here\n  known classes are Activation, Add"},
		{"TFOpLambda", `"function":"math.erf"`, `the function "math.erf" is not known; known are`},
		{"TFOpLambda", `"function":"image.resize","size":[4,4],"method":"area"`, `method is "area"`},
		{"TFOpLambda", `"function":"math.truediv"`, "called on 1 arguments"},
	} {
		_, err := architecture([]byte(functional(at("x", c.class, c.config, "image"))), size{})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(strings.ReplaceAll(err.Error(), `"x"`, "x"), "layer x ("+c.class+")") {
			t.Errorf("%s %s: %v; want the layer, its class and %s", c.class, c.config, err, c.want)
		}
	}
}

func TestDtypesThatAreNotFloatsAreRefused(t *testing.T) {
	config := strings.Replace(functional(at("x", "Flatten", "", "image")), `"dtype":"float32"`, `"dtype":"int8"`, 1)
	if _, err := architecture([]byte(config), size{}); err == nil || !strings.Contains(err.Error(), `dtype is "int8"`) {
		t.Errorf("int8: %v", err)
	}
}

func TestGraphsWithSeveralWaysAreRefused(t *testing.T) {
	flat := at("flat", "Flatten", "", "image")
	dense := at("dense", "Dense", `"units":2`, "flat")
	two := strings.Replace(dense, `[[["flat",0,0,{}]]]`, `[[["flat",0,0,{}]],[["flat",0,0,{}]]]`, 1)
	nested := `{"class_name":"Functional","name":"base","config":{"name":"base","layers":[` +
		strings.Replace(input, "8,8,3", "9,9,3", 1) + `],"input_layers":[["image",0,0]],"output_layers":[["image",0,0]]},
		"inbound_nodes":[[["image",0,0,{}]]]}`
	other := strings.ReplaceAll(input, `"image"`, `"other"`)
	for name, c := range map[string]struct{ config, want string }{
		"shared":     {functional(flat, two), "layer dense (Dense) is called 2 times"},
		"inputs":     {strings.Replace(functional(flat, dense), `[["image",0,0]]`, `[["image",0,0],["b",0,0]]`, 1), "has 2 inputs"},
		"outputs":    {strings.Replace(functional(flat, dense), `[["dense",0,0]]`, `[["dense",0,0],["b",0,0]]`, 1), "has 2 outputs"},
		"second":     {functional(other, flat, dense), `input layers "image" and "other"`},
		"loop":       {functional(at("a", "Flatten", "", "b"), at("b", "Flatten", "", "a")), "layers a, b read layers"},
		"unread":     {functional(flat, at("lost", "Flatten", "", "image"), dense), "layers lost do not lead to the output"},
		"same name":  {functional(flat, flat), `two layers named "flat"`},
		"shape":      {functional(at("pool", "GlobalAveragePooling1D", "", "image")), `layer "pool" (GlobalAveragePooling1D) on inputs of shape [[8 8 3]]`},
		"nested":     {functional(nested), `model "base" takes an input of shape [9 9 3], but is called on one of shape [8 8 3]`},
		"channels":   {strings.Replace(functional(flat), "null,8,8,3", "null,null,null,null", 1), "leaves its shape open"},
		"second use": {strings.Replace(functional(flat), `["image",0,0,{}]`, `["image",0,1,{}]`, 1), "output 1 of"},
		"mask":       {strings.Replace(functional(flat), `0,{}]`, `0,{"mask":true}]`, 1), "called with mask = true"},
		"active":     {strings.Replace(functional(at("d", "Dropout", `"rate":0.5`, "image")), `0,{}]`, `0,{"training":true}]`, 1), "training=True"},
		"subclassed": {`{"class_name":"MyModel","config":{}}`, `class "MyModel"`},
		"two images": {functional(flat, at("r", "ReLU", "", "image", "image"), dense), "layer r (ReLU) is called on 2 arguments"},
		"negative":   {strings.Replace(functional(flat), "null,8,8,3", "null,-8,8,3", 1), "leaves its shape open"},
		"two open":   {functional(at("r", "Reshape", `"target_shape":[-1,-1]`, "image")), "cannot be reshaped to [192 -1]"},
		"not whole":  {functional(at("r", "Reshape", `"target_shape":[-1,7]`, "image")), "cannot be reshaped to [27 7]"},
		"cropped":    {functional(at("tokens", "Reshape", `"target_shape":[64,3]`, "image"), at("c", "Cropping1D", `"cropping":32`, "tokens")), "cropping [32 32] leaves nothing of 64"},
		"text":       {`"model"`, "configuration is damaged"},
		"no layers":  {`{"class_name":"Sequential","config":{"name":"s","layers":[]}}`, "has no layers"},
		"no shape":   {`{"class_name":"Sequential","config":{"name":"s","layers":[{"class_name":"Flatten","config":{"name":"f"}}]}}`, "shape of its input"},
		"config":     {`{"class_name":"Functional","config":[]}`, "config is damaged"},
		"deep":       {strings.Repeat(`{"class_name":"Sequential","config":{"name":"s","layers":[`, 40) + strings.Repeat(`]}}`, 40), "models in one another"},
	} {
		if _, err := architecture([]byte(c.config), size{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	_, err := architecture([]byte(functional(at("a", "Conv2D", conv+`,"groups":0,"dilation_rate":[0,2]`, "image"),
		at("b", "Lambda", "", "a"), at("c", "GroupNormalization", "", "b"))), size{})
	for _, want := range []string{"groups is 0", "dilation_rate", "layer b (Lambda)", "layer c (GroupNormalization)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

// What many layers have in common is said once, and so is which classes are known.
func TestRefusalsOfLargeModelsAreShort(t *testing.T) {
	var layers []string
	last := "image"
	for i := range 90 {
		norm, conv2 := fmt.Sprintf("norm_%d", i), fmt.Sprintf("conv_%d", i)
		layers = append(layers, at(norm, "GroupNormalization", `"groups":1`, last), at(conv2, "Conv2D", conv+`,"data_format":"channels_first"`, norm))
		last = conv2
	}
	_, err := architecture([]byte(functional(layers...)), size{})
	if err == nil {
		t.Fatal("it is accepted")
	}
	for _, want := range []string{"layers norm_0, norm_1, norm_2 and 87 more (GroupNormalization): this class is not known here",
		`layers conv_0, conv_1, conv_2 and 87 more (Conv2D): data_format is "channels_first"`, "known classes are Activation, Add"} {
		if strings.Count(err.Error(), want) != 1 {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	if n := strings.Count(err.Error(), "\n"); n > 4 || len(err.Error()) > 1500 {
		t.Errorf("%d lines of %d characters", n, len(err.Error()))
	}
	layers = nil
	for i := range 60 {
		layers = append(layers, at(fmt.Sprintf("l%d", i), fmt.Sprintf("Mine%d", i), "", "image"))
	}
	if _, err := architecture([]byte(functional(layers...)), size{}); err == nil || !strings.Contains(err.Error(), "… and 40 problems more") {
		t.Errorf("%v", err)
	}
}

func TestConfigurationAndWeightsThatDisagreeAreListed(t *testing.T) {
	folder, _ := unpack(t)
	m := open(t, filepath.Join(folder, "lesson-keras3.h5"))
	var config []byte
	if c, err := weights.Open(filepath.Join(folder, "lesson-keras3.keras")); err == nil {
		config = c.Config
	}
	rows := m.Layers.Checkpoint(m.Values)
	var named []weights.Layer
	for _, row := range rows {
		switch row.Name {
		case "classes":
			row.Tensors[0].Shape = []int{6, 7}
		case "conv":
			row.Name = "renamed"
		}
		named = append(named, row)
	}
	path := filepath.Join(t.TempDir(), "model.h5")
	if err := weights.SaveModel(path, named, config, nil); err != nil {
		t.Fatal(err)
	}
	_, err := Open(path)
	for _, want := range []string{"disagree", "layer classes: kernel has shape [6 7], want [7 6]", "missing layer conv",
		"unexpected layer renamed"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}

func TestSaveRefusesWhatKerasWouldNotRead(t *testing.T) {
	folder, _ := unpack(t)
	lesson := func() *Model { return open(t, filepath.Join(folder, "lesson-keras3.h5")) }
	for _, c := range []struct {
		name, file string
		change     func(m *Model)
		want       string
	}{
		{"extension", "x.onnx", func(*Model) {}, "must end in"},
		{"range", "x.h5", func(m *Model) { m.Nested[0].End = 99 }, "has the layers 3 up to 99"},
		{"no input", "x.h5", func(m *Model) { m.Nested[0].Start++ }, "not with an Input"},
		{"two outputs", "x.keras", func(m *Model) { m.Nested[0].End -= 3 }, "have one input and one output"},
		{"values", "x.h5", func(m *Model) { delete(m.Values, "classes") }, "layer classes has 2 weights, but values for 0"},
		{"one name twice", "x.keras", func(m *Model) { m.Nested[0].Name = "classes" }, `the name "classes"`},
		{"slash", "x.h5", func(m *Model) { m.Nested[0].Name = "a/b" }, `the name "a/b"`},
		{"folded", "x.h5", func(m *Model) { m.Layers, m.Values = m.Layers.Fold(m.Values); m.Nested = nil }, "folded for inference"},
		{"class", "x.h5", func(m *Model) { m.Layers[1].Op = strange{m.Layers[1].Op} }, "class Strange cannot be written"},
	} {
		m := lesson()
		c.change(m)
		if err := Save(filepath.Join(t.TempDir(), c.file), m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
	}
}

type strange struct{ layer.Op }

func (strange) Class() string { return "Strange" }
