package classifier_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/janpfeifer/must"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/lesson"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/notebook"
)

// A folder of one's own: FOLDER/CLASS/*.jpg, of which a fifth is drawn for validation, or with train and validation above
// the classes.
func Example_ownFolder() {
	ctx, data := context.Background(), must.M1(images.Open("photographs"))
	base := must.M1(backbone.MobileNetV2(backbone.Config{Weights: "best", Input: 64}))
	base.Layers.Freeze()
	model := must.M1(classifier.New(classifier.Config{Base: base, Head: classifier.Head(base, len(data.Classes))}))
	fmt.Println(must.M1(model.Fit(ctx, data.Train, data.Validation, classifier.FitConfig{Epochs: 3})))
}

// All networks in one table: accuracy with its interval, the time that training took, and what was trained.
func Example_allNetworks() {
	ctx, data, row := context.Background(), must.M1(neudet.Find()), lesson.Results("networks")
	for _, network := range backbone.Networks() {
		base := must.M1(backbone.New(network.Name, backbone.Config{Weights: "best", Input: 64}))
		base.Layers.Freeze()
		model := must.M1(classifier.New(classifier.Config{Base: base, ImageSize: 64, Classes: data.Classes,
			Head: classifier.Head(base, len(data.Classes))}))
		if base.Source == "random" {
			must.M(model.Calibrate(ctx, data.Train))
		}
		history := must.M1(model.Fit(ctx, data.Train, data.Validation, classifier.FitConfig{Epochs: 2}))
		row(network.Title, model.Layers.TrainableParams(), history, must.M1(must.M1(model.Predict(ctx, data.Validation)).Confusion()))
	}
}

// Three phases in one run with one curve. Interrupted in any of them, it goes on there.
func Example_phases() {
	ctx, data := context.Background(), must.M1(neudet.Find())
	base := must.M1(backbone.MobileNetV2(backbone.Config{Weights: "best", Input: 64}))
	base.Layers.Freeze()
	model := must.M1(classifier.New(classifier.Config{Base: base, Head: classifier.Head(base, len(data.Classes))}))
	history := must.M1(model.Fit(ctx, data.Train, data.Validation, classifier.FitConfig{Run: "strategies", Phases: []classifier.Phase{
		{Name: "head", Epochs: 3, LearningRate: 1e-3},
		{Name: "last 10 layers", Epochs: 2, LearningRate: 1e-5, Unfreeze: func(base layer.List) layer.List { return base.Last(10) }},
		{Name: "last 20 layers", Epochs: 2, LearningRate: 1e-6, Unfreeze: func(base layer.List) layer.List { return base.Last(20) }}}}))
	notebook.Show(figure.Curves(history, figure.CurvesOptions{}))
}

// A hybrid: convolutions see edges, attention relates what they find. Once from scratch with a residual block, once on a
// pretrained base.
func Example_hybrid() {
	ctx, data := context.Background(), must.M1(neudet.Find())
	attention := func(b *layer.Builder) { // [rows, columns, channels] to one probability per class
		shape := b.List.Output()
		b.Add("", layer.Reshape{Shape: []int{shape[0] * shape[1], shape[2]}})
		tokens := b.Add("", layer.PositionEmbedding{})
		b.Add("", layer.LayerNormalization{})
		b.Add("", layer.MultiHeadAttention{NumHeads: 4, KeyDim: 16})
		b.Add("", layer.Add{}, tokens, b.Last())
		layer.Sequential(layer.GlobalAveragePooling1D{}, layer.Dense{Units: len(data.Classes), Activation: "softmax"})(b)
	}
	scratch := func(b *layer.Builder) {
		convolution := layer.Conv2D{Filters: 16, Kernel: 3, Padding: "same", Activation: "relu"}
		layer.Sequential(layer.Input{Shape: []int{64, 64, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
			layer.Conv2D{Filters: 16, Kernel: 4, Strides: 4}, convolution)(b)
		before := b.Last()
		b.Add("", convolution)
		b.Add("", layer.Add{}, before, b.Last())
		attention(b)
	}
	base := must.M1(backbone.MobileNetV2(backbone.Config{Weights: "best", Input: 64}))
	base.Layers.Freeze()
	for _, c := range []classifier.Config{{Layers: scratch}, {Base: base, Head: attention}} {
		model := must.M1(classifier.New(c))
		fmt.Println(must.M1(model.Fit(ctx, data.Train, data.Validation, classifier.FitConfig{Epochs: 2})))
	}
}

// Stratified 5-fold, three times with other folds. The features are computed once per image; the fifteen trainings take
// them. They share images, which metrics.MeanOfFolds accounts for.
func Example_kFold() {
	ctx, data, accuracies := context.Background(), must.M1(neudet.Find()), []float64{}
	base := must.M1(backbone.MobileNetV2(backbone.Config{Weights: "best", Input: 64}))
	base.Layers.Freeze()
	config, fit := classifier.Config{Base: base, Head: classifier.Head(base, len(data.Classes))}, classifier.FitConfig{Epochs: 2}
	features := must.M1(must.M1(classifier.New(config)).Features(ctx, data.All(), nil))
	defer features.Close()
	for config.Seed = range 3 {
		for _, fold := range must.M1(images.KFold(features, 5, config.Seed)) {
			accuracies = append(accuracies, must.M1(must.M1(classifier.New(config)).Fit(ctx, fold.Train, fold.Validation, fit)).ValAccuracy[1])
		}
	}
	fmt.Println(must.M2(metrics.MeanOfFolds(accuracies, 5))) // the mean accuracy, and its 95 % interval
}

// What a model bears: the share of right images under noise, blur, brightness, contrast, rotation and JPEG, at five
// strengths each; strength 0 is without.
func Example_robustness() {
	ctx, data, lines := context.Background(), must.M1(neudet.Find()), []figure.Line{}
	model, _ := must.M2(classifier.Load("model.keras"))
	without := must.M1(must.M1(model.Predict(ctx, data.Validation)).Confusion())
	for _, c := range images.Corruptions() {
		x, y, intervals := []float64{0}, []float64{without.Accuracy()}, []metrics.Interval{without.Interval()}
		for k, strength := range c.Strengths {
			with := must.M1(must.M1(model.Predict(ctx, images.Changed(data.Validation, c.Change(strength)))).Confusion())
			x, y, intervals = append(x, float64(k+1)), append(y, with.Accuracy()), append(intervals, with.Interval())
		}
		lines = append(lines, figure.Line{Name: c.Name, X: x, Y: y, Intervals: intervals})
	}
	notebook.Show(figure.Lines(lines, figure.LinesOptions{X: "strength", Y: "share of right images", Notice: without.Notice}))
}

// An HTTP handler that names the defect on an uploaded picture. Any number of requests share one predictor.
func Example_handler() {
	model, _ := must.M2(classifier.Load("model.keras"))
	predictor := must.M1(model.Predictor())
	http.HandleFunc("POST /classify", func(w http.ResponseWriter, r *http.Request) {
		picture, err := images.Read(r.Body, "upload")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := predictor.Predict(r.Context(), images.Of(picture))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"class": answer.Classes[answer.Predicted[0]], "probability": answer.Confidence(0)})
	})
}
