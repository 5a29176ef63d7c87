package keras

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// classes reads the configuration of a layer by its Keras class.
var classes = map[string]func(*fields) layer.Op{
	"InputLayer":             readInput,
	"Conv2D":                 readConv2D,
	"DepthwiseConv2D":        readDepthwiseConv2D,
	"ZeroPadding2D":          readZeroPadding2D,
	"BatchNormalization":     readBatchNormalization,
	"ReLU":                   readReLU,
	"Activation":             readActivation,
	"Add":                    func(*fields) layer.Op { return layer.Sum{} },
	"MaxPooling2D":           readMaxPooling2D,
	"AveragePooling2D":       readAveragePooling2D,
	"GlobalAveragePooling2D": readGlobalAveragePooling2D,
	"GlobalMaxPooling2D":     readGlobalMaxPooling2D,
	"Flatten":                readFlatten,
	"Dense":                  readDense,
	"Dropout":                readDropout,
	"Rescaling":              readRescaling,
	"Resizing":               readResizing,
	"Reshape":                readReshape,
	"LayerNormalization":     readLayerNormalization,
	"MultiHeadAttention":     readMultiHeadAttention,
	"GlobalAveragePooling1D": readGlobalAveragePooling1D,
	"Cropping1D":             readCropping1D,
	"EinsumDense":            readTable,
	"Concatenate":            readConcatenation,
}

// augmentations act in training alone: at inference they give what they get.
var augmentations = []string{"RandomBrightness", "RandomContrast", "RandomFlip", "RandomHeight", "RandomRotation",
	"RandomTranslation", "RandomWidth", "RandomZoom", "GaussianNoise", "GaussianDropout", "SpatialDropout2D"}

// known lists the classes of layers that Open reads.
func known() []string {
	names := append(slices.Collect(maps.Keys(classes)), "Functional", "Sequential")
	return slices.Sorted(slices.Values(names))
}

func channelsLast(f *fields) { f.only("data_format", `"channels_last"`) }

func readInput(f *fields) layer.Op {
	f.only("sparse", "false")
	f.only("ragged", "false")
	f.ignore("optional", "input_tensor")
	var batch []*int
	if !f.read("batch_shape", &batch) && !f.read("batch_input_shape", &batch) {
		f.fail("it has neither batch_shape nor batch_input_shape")
	}
	return layer.Input{Shape: sizes(batch)}
}

// sizes leaves the batch out; sizes that the model leaves open are 0.
func sizes(batch []*int) []int {
	shape := []int{}
	for i, n := range batch {
		if i == 0 {
			continue
		}
		if n == nil {
			n = new(int)
		}
		shape = append(shape, *n)
	}
	return shape
}

// readConvolution reads what Conv2D and DepthwiseConv2D share.
func readConvolution(f *fields) (kernel, strides int, padding string, bias bool) {
	channelsLast(f)
	f.only("dilation_rate", "1", "[1,1]")
	f.only("groups", "1")
	bias = true
	f.read("use_bias", &bias)
	f.ignore("kernel_initializer", "depthwise_initializer", "bias_initializer")
	f.training("kernel_regularizer", "depthwise_regularizer", "bias_regularizer", "activity_regularizer",
		"kernel_constraint", "depthwise_constraint", "bias_constraint")
	return f.square("kernel_size"), f.square("strides"), f.padding(), bias
}

func readConv2D(f *fields) layer.Op {
	op := layer.Conv2D{Activation: f.activation()}
	op.Kernel, op.Strides, op.Padding, op.UseBias = readConvolution(f)
	f.positive("filters", &op.Filters)
	return op
}

func readDepthwiseConv2D(f *fields) layer.Op {
	op := layer.DepthwiseConv2D{Activation: f.activation()}
	op.Kernel, op.Strides, op.Padding, op.UseBias = readConvolution(f)
	f.only("depth_multiplier", "1")
	return op
}

func readZeroPadding2D(f *fields) layer.Op {
	channelsLast(f)
	var op layer.ZeroPadding2D
	var pad [2][2]int
	var both [2]int
	var all int
	raw := f.values["padding"]
	switch { // ((top, bottom), (left, right)), (vertical, horizontal), or one number
	case json.Unmarshal(raw, &all) == nil:
		pad = [2][2]int{{all, all}, {all, all}}
	case json.Unmarshal(raw, &both) == nil:
		pad = [2][2]int{{both[0], both[0]}, {both[1], both[1]}}
	default:
		f.need("padding", &pad)
	}
	f.ignore("padding")
	op.Pad = [4]int{pad[0][0], pad[0][1], pad[1][0], pad[1][1]}
	if slices.Min(op.Pad[:]) < 0 {
		f.fail("padding is %s; it must not be negative", short(raw))
	}
	return op
}

func readBatchNormalization(f *fields) layer.Op {
	f.only("center", "true")
	f.only("scale", "true")
	f.only("renorm", "false")
	f.ignore("synchronized", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size", "adjustment",
		"beta_initializer", "gamma_initializer", "moving_mean_initializer", "moving_variance_initializer")
	f.training("beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint")
	f.only("axis", "-1", "[-1]", "3", "[3]", "1", "[1]") // the last of an image, or of a row of features: see lastAxis
	op := layer.BatchNormalization{Epsilon: 1e-3, Momentum: 0.99}
	f.read("epsilon", &op.Epsilon)
	f.read("momentum", &op.Momentum)
	if op.Epsilon <= 0 {
		f.fail("epsilon is %v; it must be positive", op.Epsilon)
	}
	if op.Momentum <= 0 || op.Momentum > 1 {
		f.fail("momentum is %v; known here are values above 0, up to 1", op.Momentum)
	}
	return op
}

// lastAxis checks the axis of a normalization, once the shape of its input is known.
func lastAxis(f *fields, in []int) {
	var axis []int
	if raw := f.values["axis"]; json.Unmarshal(raw, &axis) != nil {
		axis = []int{-1}
		json.Unmarshal(raw, &axis[0])
	}
	if len(axis) == 1 && axis[0] != -1 && axis[0] != len(in) {
		f.fail("axis is %d; known here is the last one, %d or -1", axis[0], len(in))
	}
}

func readReLU(f *fields) layer.Op {
	f.only("negative_slope", "0.0", "0")
	f.only("threshold", "0.0", "0")
	var op layer.ReLU
	if f.read("max_value", &op.MaxValue) && op.MaxValue <= 0 {
		f.fail("max_value is %v; it must be positive", op.MaxValue)
	}
	return op
}

func readActivation(f *fields) layer.Op { return layer.Activation{Activation: f.activation()} }

func readPooling(f *fields) (pool, strides int, padding string) {
	channelsLast(f)
	pool = f.square("pool_size")
	strides = pool
	if f.read("strides", new(json.RawMessage)) {
		strides = f.square("strides")
	}
	return pool, strides, f.padding()
}

func readMaxPooling2D(f *fields) layer.Op {
	var op layer.MaxPooling2D
	op.Pool, op.Strides, op.Padding = readPooling(f)
	return op
}

func readAveragePooling2D(f *fields) layer.Op {
	var op layer.AveragePooling2D
	op.Pool, op.Strides, op.Padding = readPooling(f)
	return op
}

func readGlobalPooling(f *fields) {
	channelsLast(f)
	f.only("keepdims", "false")
}

func readGlobalAveragePooling2D(f *fields) layer.Op {
	readGlobalPooling(f)
	return layer.GlobalAveragePooling2D{}
}

func readGlobalMaxPooling2D(f *fields) layer.Op {
	readGlobalPooling(f)
	return layer.GlobalMaxPooling2D{}
}

func readFlatten(f *fields) layer.Op {
	channelsLast(f)
	return layer.Flatten{}
}

func readDense(f *fields) layer.Op {
	f.only("use_bias", "true")
	f.only("lora_rank")
	f.only("quantization_config")
	f.ignore("kernel_initializer", "bias_initializer")
	f.training("kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint")
	op := layer.Dense{Activation: f.activation()}
	f.positive("units", &op.Units)
	return op
}

func readDropout(f *fields) layer.Op {
	f.only("noise_shape")
	f.ignore("seed")
	var op layer.Dropout
	f.need("rate", &op.Rate)
	if op.Rate < 0 || op.Rate >= 1 {
		f.fail("rate is %v; it must be in [0, 1)", op.Rate)
	}
	return op
}

func readRescaling(f *fields) layer.Op {
	var op layer.Rescaling
	f.need("scale", &op.Scale)
	f.read("offset", &op.Offset)
	return op
}

func readResizing(f *fields) layer.Op {
	f.only("data_format", `"channels_last"`)
	f.only("interpolation", `"bilinear"`)
	f.only("crop_to_aspect_ratio", "false")
	f.only("pad_to_aspect_ratio", "false")
	f.only("antialias", "false")
	f.ignore("fill_mode", "fill_value")
	var op layer.Resizing
	f.positive("height", &op.Height)
	f.positive("width", &op.Width)
	return op
}
