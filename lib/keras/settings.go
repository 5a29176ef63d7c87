package keras

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/layer"
)

type settings map[string]any

// configOf is the configuration of a layer in Keras's terms, without what all layers have.
func configOf(op layer.Op) (settings, error) {
	switch o := op.(type) {
	case layer.Input:
		return settings{"batch_shape": append([]any{nil}, anys(o.Shape)...), "sparse": false}, nil
	case layer.Conv2D:
		if o.Pad != [4]int{} || o.Scaled {
			return nil, fmt.Errorf("the list is folded for inference: save the model that it comes from")
		}
		return settings{"filters": o.Filters, "kernel_size": pair(o.Kernel), "strides": pair(max(1, o.Strides)),
			"padding": padding(o.Padding), "data_format": "channels_last", "dilation_rate": pair(1), "groups": 1,
			"activation": activation(o.Activation), "use_bias": o.UseBias}, nil
	case layer.DepthwiseConv2D:
		if o.Pad != [4]int{} || o.Scaled {
			return nil, fmt.Errorf("the list is folded for inference: save the model that it comes from")
		}
		return settings{"kernel_size": pair(o.Kernel), "strides": pair(max(1, o.Strides)), "padding": padding(o.Padding),
			"depth_multiplier": 1, "data_format": "channels_last", "dilation_rate": pair(1),
			"activation": activation(o.Activation), "use_bias": o.UseBias}, nil
	case layer.ZeroPadding2D:
		return settings{"padding": [2][2]int{{o.Pad[0], o.Pad[1]}, {o.Pad[2], o.Pad[3]}},
			"data_format": "channels_last"}, nil
	case layer.BatchNormalization:
		return settings{"axis": -1, "momentum": orDefault(o.Momentum, 0.99), "epsilon": orDefault(o.Epsilon, 1e-3),
			"center": true, "scale": true}, nil
	case layer.ReLU:
		var most any
		if o.MaxValue > 0 {
			most = o.MaxValue
		}
		return settings{"max_value": most, "negative_slope": 0.0, "threshold": 0.0}, nil
	case layer.Activation:
		return settings{"activation": activation(o.Activation)}, nil
	case layer.Sum:
		return settings{}, nil
	case layer.MaxPooling2D:
		return pooling(o.Pool, o.Strides, o.Padding), nil
	case layer.AveragePooling2D:
		return pooling(o.Pool, o.Strides, o.Padding), nil
	case layer.GlobalAveragePooling2D, layer.GlobalMaxPooling2D:
		return settings{"data_format": "channels_last", "keepdims": false}, nil
	case layer.Flatten:
		return settings{"data_format": "channels_last"}, nil
	case layer.Dense:
		return settings{"units": o.Units, "activation": activation(o.Activation), "use_bias": true}, nil
	case layer.Dropout:
		return settings{"rate": o.Rate, "seed": nil, "noise_shape": nil}, nil
	case layer.Rescaling:
		return settings{"scale": o.Scale, "offset": o.Offset}, nil
	case layer.Resizing:
		return settings{"height": o.Height, "width": o.Width, "interpolation": "bilinear",
			"crop_to_aspect_ratio": false}, nil
	case layer.Reshaping:
		return settings{"target_shape": o.Shape}, nil
	case layer.LayerNormalization:
		return settings{"axis": -1, "epsilon": orDefault(o.Epsilon, 1e-3), "center": true, "scale": true}, nil
	case layer.MultiHeadAttention:
		return settings{"num_heads": o.NumHeads, "key_dim": o.KeyDim, "value_dim": o.KeyDim, "dropout": o.Dropout,
			"use_bias": true, "output_shape": nil, "attention_axes": nil}, nil
	case layer.GlobalAveragePooling1D:
		return settings{"data_format": "channels_last", "keepdims": false}, nil
	case layer.Cropping1D:
		return settings{"cropping": o.Cropping}, nil
	case table:
		return settings{"equation": tableEquation, "output_shape": o.Shape, "activation": "linear", "bias_axes": nil}, nil
	case concatenation:
		return settings{"axis": 1}, nil
	}
	return nil, fmt.Errorf("a layer of class %s cannot be written as Keras's", op.Class())
}

func anys(shape []int) (out []any) {
	for _, n := range shape {
		out = append(out, n)
	}
	return out
}

func pair(n int) [2]int { return [2]int{n, n} }

func padding(name string) string {
	if name == "" {
		return "valid"
	}
	return name
}

func activation(name string) string {
	if name == "" {
		return "linear"
	}
	return name
}

func orDefault(v, value float64) float64 {
	if v == 0 {
		return value
	}
	return v
}

func pooling(pool, strides int, pad string) settings {
	if strides == 0 {
		strides = pool
	}
	return settings{"pool_size": pair(pool), "strides": pair(strides), "padding": padding(pad),
		"data_format": "channels_last"}
}
