package classifier

import (
	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Head gives the head that the notebooks and commands put on a base: the mean over all places of a feature map, or over all
// tokens (Backbone.Pooling), then dropout 0.3, dense 256 with ReLU, dropout 0.2, and dense with softmax.
func Head(base *backbone.Backbone, classes int) func(*layer.Builder) {
	return layer.Sequential(
		base.Pooling(),
		layer.Dropout{Rate: 0.3},
		layer.Dense{Units: 256, Activation: "relu"},
		layer.Dropout{Rate: 0.2},
		layer.Dense{Units: classes, Activation: "softmax"},
	)
}
