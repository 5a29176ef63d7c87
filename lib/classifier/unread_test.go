package classifier

import (
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
)

func TestLayersThatLeadNowhereAreRefused(t *testing.T) {
	_, err := New(Config{Layers: func(b *layer.Builder) {
		b.Add("image", layer.Input{Shape: []int{32, 32, 3}})
		b.Add("lost", layer.Flatten{})
		b.Add("pooled", layer.GlobalAveragePooling2D{}, "image")
		b.Add("", layer.Dense{Units: 2, Activation: "softmax"})
	}})
	if err == nil || !strings.Contains(err.Error(), "layers lost do not lead to the output") {
		t.Errorf("the error is %v", err)
	}
}
