package main

import (
	"fmt"
	"slices"

	"github.com/transfer-learning-go/defects/lib/backbone"
)

// network is a backbone that is measured.
type network struct {
	name   string  // as backbone.New and peers.py call it
	title  string  // in the table
	alpha  float64 // width, 0 where there is none
	input  int     // pixels of the base's images, or of the whole model's
	pixels int     // images of an inference sample, a multiple of 32
	target float64 // the least ratio of inference that we want
	files  bool    // whether features of files are measured too
	// whole says that a file of ours holds the whole model, from images of 255 pixels to classes, and that Keras runs
	// it: keras.applications has no such network.
	whole bool
}

// Keras publishes weights for both widths of MobileNetV2; the lesson uses 1.0.
var (
	narrow = network{name: "mobilenetv2", title: "MobileNetV2 α=0.35", alpha: 0.35, input: inputOf("mobilenetv2"),
		pixels: 192, target: 1.2, files: true}
	wide = network{name: "mobilenetv2", title: "MobileNetV2 α=1.0", alpha: 1, input: inputOf("mobilenetv2"), pixels: 192,
		target: 1.2}
	resNet   = network{name: "resnet50v2", title: "ResNet50V2", input: inputOf("resnet50v2"), pixels: 96, target: 1}
	smallViT = network{name: "small_vit", title: "small ViT", input: 255, pixels: 192, target: 1.4, whole: true}
	vitB16   = network{name: "vit", title: "ViT-B/16", input: 255, pixels: 32, target: 1.2, whole: true}
	networks = []network{narrow, wide, resNet, smallViT, vitB16}
)

// inputOf is the lesson's input of a network.
func inputOf(name string) int {
	n, err := backbone.Lookup(name)
	if err != nil {
		panic(err)
	}
	return n.Input
}

// training is one of the lesson's trainings. Where a side needs minutes per epoch it trains fewer than the lesson, and
// the time of all is taken from them: epochs of the same work take the same time.
type training struct {
	network
	label        string
	above        int // the first layer of the base that is trained; −10 is the tenth from the end; 0 is none
	learningRate float64
	epochs       int
	trained      [2]int // how many of them are really trained: ours and Keras's
	repetitions  int
	lesson       bool // it is one of those that the lesson has, with these epochs: see addLesson
	// The least ratios that we want: of the whole program, of a second run on stored features, of an epoch. Those
	// of the last two have no row if they are 0.
	whole, second, epoch float64
}

var trainings = []training{
	{network: narrow, label: "the MobileNetV2 section, α=0.35", learningRate: 1e-3, epochs: 5, trained: [2]int{5, 5}, repetitions: 2,
		whole: 4, second: 20},
	{network: wide, label: "the MobileNetV2 section, α=1.0", learningRate: 1e-3, epochs: 5, trained: [2]int{5, 5}, repetitions: 1,
		lesson: true, whole: 4, second: 20},
	{network: resNet, label: "ResNet50V2, frozen base", learningRate: 1e-3, epochs: 10, trained: [2]int{10, 2},
		repetitions: 1, lesson: true, whole: 8},
	{network: resNet, label: "ResNet50V2, fine-tuning from layer 100", above: 100, learningRate: 1e-5, epochs: 5,
		trained: [2]int{2, 1}, repetitions: 1, lesson: true, whole: 1.2, epoch: 1.5},
	{network: resNet, label: "ResNet50V2, last 10 layers unfrozen", above: -10, learningRate: 1e-5, epochs: 5,
		trained: [2]int{3, 1}, repetitions: 1, epoch: 10},
	{network: smallViT, label: "small ViT", learningRate: 1e-3, epochs: 10, trained: [2]int{4, 3},
		repetitions: 1, lesson: true, epoch: 1.3},
	{network: vitB16, label: "ViT-B/16, frozen base", learningRate: 1e-3, epochs: 10, trained: [2]int{10, 1},
		repetitions: 1, lesson: true, whole: 8},
}

// complete reports whether both sides train all epochs.
func (t training) complete() bool { return t.trained == [2]int{t.epochs, t.epochs} }

// share says in a row's name which sides did not train all epochs.
func (t training) share() string {
	text := ""
	for s, name := range []string{"ours", "Keras"} {
		if t.trained[s] < t.epochs {
			text += fmt.Sprintf(", %s from %d of %d", name, t.trained[s], t.epochs)
		}
	}
	return text
}

// parts are what --only chooses from.
var parts = []string{"mobilenetv2", "resnet50v2", "vit", "notebook", lessonPart}

// lessonPart is the whole computation of the lesson: its trainings without inference, and their sum.
const lessonPart = "lesson"

// part is the one that measures the network.
func (n network) part() string {
	if n.whole {
		return "vit"
	}
	return n.name
}

// chosen keeps the networks, and the trainings, that --only leaves.
func chosen(only string) ([]network, []training) {
	switch only {
	case "":
		return networks, trainings
	case lessonPart:
		var ns []network
		ts := slices.DeleteFunc(slices.Clone(trainings), func(t training) bool { return !t.lesson })
		for _, t := range ts {
			if !slices.Contains(ns, t.network) {
				ns = append(ns, t.network)
			}
		}
		return ns, ts
	}
	return slices.DeleteFunc(slices.Clone(networks), func(n network) bool { return n.part() != only }),
		slices.DeleteFunc(slices.Clone(trainings), func(t training) bool { return t.part() != only })
}
