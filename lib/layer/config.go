package layer

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// classes maps a Keras class name to the Go type of its Op.
var classes = map[string]reflect.Type{}

func init() {
	for _, op := range []Op{Input{}, Conv2D{}, DepthwiseConv2D{}, ZeroPadding2D{}, BatchNormalization{}, ReLU{},
		Activation{}, MaxPooling2D{}, AveragePooling2D{}, Sum{}, GlobalAveragePooling2D{}, GlobalMaxPooling2D{},
		Flatten{}, Dense{}, Dropout{}, Rescaling{}, Resizing{}, Reshaping{}, LayerNormalization{}, MultiHeadAttention{},
		PositionEmbedding{}, ClassToken{}, GlobalAveragePooling1D{}, Cropping1D{}} {
		classes[op.Class()] = reflect.TypeOf(op)
	}
}

// Config is the JSON form of an Op: its Keras class and configuration.
type Config struct {
	Class  string          `json:"class_name"`
	Config json.RawMessage `json:"config"`
}

// Configs describes ops so that Ops can build them again.
func Configs(ops []Op) ([]Config, error) {
	out := make([]Config, len(ops))
	for i, op := range ops {
		raw, err := json.Marshal(op)
		if err != nil {
			return nil, fmt.Errorf("layer %d (%s): %w", i, op.Class(), err)
		}
		out[i] = Config{op.Class(), raw}
	}
	return out, nil
}

// Ops builds ops from their description. It fails for classes that this package does not have, naming those it has.
func Ops(configs []Config) ([]Op, error) {
	out := make([]Op, len(configs))
	for i, c := range configs {
		t, ok := classes[c.Class]
		if !ok {
			var known []string
			for name := range classes {
				known = append(known, name)
			}
			sort.Strings(known)
			return nil, fmt.Errorf("layer %d is of unknown class %q: known are %s", i, c.Class, strings.Join(known, ", "))
		}
		op := reflect.New(t)
		if err := json.Unmarshal(c.Config, op.Interface()); err != nil {
			return nil, fmt.Errorf("layer %d (%s): %w", i, c.Class, err)
		}
		out[i] = complete(op.Elem().Interface().(Op))
	}
	return out, nil
}
