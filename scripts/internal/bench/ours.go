package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/onnx"
	"github.com/transfer-learning-go/defects/lib/result"
)

// ours is our side: "worker" answers questions as peers.py does, "train" is one of the lesson's trainings, "limits" tells
// what they could reach at most.
func ours(args []string) int {
	var err error
	switch {
	case slices.Equal(args, []string{"worker"}):
		err = serve(os.Stdin, os.Stdout)
	case len(args) == 3 && args[0] == "train":
		err = train(os.Stdout, args[1], args[2])
	case slices.Equal(args, []string{"limits"}):
		err = measureLimits(os.Stdout)
	default:
		err = errors.New("usage: bench ours worker | bench ours train PLAN RUN | bench ours limits")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// newModel is the lesson's model on a frozen base.
func newModel(network string, c backbone.Config, imageSize int, classes []string) (*classifier.Model, error) {
	base, err := backbone.New(network, c)
	if err != nil {
		return nil, err
	}
	base.Layers.Freeze()
	return classifier.New(classifier.Config{Base: base, ImageSize: imageSize, Classes: classes, Seed: 100,
		Head: classifier.Head(base, len(classes))})
}

// openModel opens the whole model of a .keras file, or puts the lesson's head on a base with the weights of a file.
func openModel(network string, alpha float64, weights string, imageSize int, classes []string) (
	*classifier.Model, error) {
	if filepath.Ext(weights) == ".keras" {
		m, _, err := classifier.Load(weights)
		return m, err
	}
	return newModel(network, backbone.Config{Alpha: alpha, Weights: weights}, imageSize, classes)
}

// train is a training of the lesson as a program of its own, from opened images to the last validation.
func train(w io.Writer, planJSON, run string) error {
	var p plan
	if err := json.Unmarshal([]byte(planJSON), &p); err != nil {
		return err
	}
	data, err := images.Open(p.Folder)
	if err != nil {
		return err
	}
	m, err := openModel(p.Network, p.Alpha, p.Weights, 0, data.Classes)
	if err != nil {
		return err
	}
	unfreeze(m, p.Above)
	start, features := time.Now(), time.Now()
	var ends []time.Time
	history, err := m.Fit(context.Background(), data.Train, data.Validation, classifier.FitConfig{Epochs: p.Epochs, LearningRate: p.LearningRate, Run: run,
		Watch: func(p result.Progress) {
			switch {
			case strings.HasPrefix(p.Phase, "features"):
				features = time.Now()
			case p.History.Epochs() > len(ends):
				ends = append(ends, time.Now())
			}
		}})
	if err != nil {
		return err
	}
	t := outcome{Accuracy: history.ValAccuracy, Features: features.Sub(start).Seconds()}
	for i := 1; i < len(ends); i++ { // the first epoch also compiles; one lasts until the next is saved
		t.Epochs = append(t.Epochs, ends[i].Sub(ends[i-1]).Seconds())
	}
	return json.NewEncoder(w).Encode(t)
}

// unfreeze has the base trained from a layer on: see training.
func unfreeze(m *classifier.Model, above int) {
	if above > 0 {
		m.Base.Layers[above:].Unfreeze()
	} else {
		m.Base.Layers.Last(-above).Unfreeze()
	}
}

// served holds one program for images of each size, with everything compiled before anything is timed: the pooled
// output of a base or, of a whole model, its probabilities.
type served struct {
	pixels           []float32
	small, fromFiles *inference.Program // for images of the base's size and of the lesson's
}

func serve(r io.Reader, w io.Writer) error {
	var s served
	questions, answers := json.NewDecoder(r), json.NewEncoder(w)
	for {
		var q question
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a, err := s.answer(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Do, err)
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

func (s *served) answer(q question) (answer, error) {
	switch q.Do {
	case "describe":
		return describe()
	case "load":
		return answer{}, s.load(q)
	case "infer":
		return s.infer(q.Out)
	case "features":
		return s.features(q.Folder)
	}
	return answer{}, errors.New("no such question")
}

func describe() (answer, error) {
	d, err := device.Open()
	if err != nil {
		return answer{}, err
	}
	note := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/gomlx/gomlx" {
				note += ", GoMLX " + dep.Version
			}
		}
	}
	return answer{Note: note + ", " + d.String()}, nil
}

func (s *served) load(q question) (err error) {
	if s.pixels, err = readFloats(q.Pixels); err != nil {
		return err
	}
	if filepath.Ext(q.Weights) == ".keras" {
		m, _, err := classifier.Load(q.Weights)
		if err != nil {
			return err
		}
		if s.small, err = compiled(m.Layers, m.Values); err != nil {
			return err
		}
		return m.Save(q.ONNX)
	}
	base, err := backbone.New(q.Network, backbone.Config{Alpha: *q.Alpha, Weights: q.Weights})
	if err != nil {
		return err
	}
	small, err := base.Pooled(base.Config.Input)
	if err != nil {
		return err
	}
	if s.small, err = compiled(small, base.Values); err != nil {
		return err
	}
	if err := onnx.Save(q.ONNX, &onnx.Model{Name: base.String(), Layers: small, Values: base.Values}); err != nil {
		return err
	}
	fromFiles, err := base.Pooled(255)
	if err != nil {
		return err
	}
	s.fromFiles, err = compiled(fromFiles, base.Values)
	return err
}

func compiled(ls layer.List, v layer.Values) (*inference.Program, error) {
	p, err := inference.New(ls, v)
	if err != nil {
		return nil, err
	}
	size := ls[0].Shape[0]
	_, err = p.Run(context.Background(), make([]float32, 32*size*size*3))
	return p, err
}

// infer times the program on the pixels, 32 images at a time, and stores what it gives.
func (s *served) infer(out string) (answer, error) {
	size := s.small.In()[0] * s.small.In()[1] * 3
	var all []float32
	start := time.Now()
	for batch := range slices.Chunk(s.pixels, 32*size) {
		rows, err := s.small.Run(context.Background(), batch)
		if err != nil {
			return answer{}, err
		}
		all = append(all, rows...)
	}
	a := answer{Seconds: time.Since(start).Seconds(), Images: len(s.pixels) / size}
	return a, writeFloats(out, all)
}

// features times the way from the files of both splits to their features.
func (s *served) features(folder string) (answer, error) {
	start := time.Now()
	data, err := images.Open(folder)
	if err != nil {
		return answer{}, err
	}
	var a answer
	for _, split := range []*images.Set{data.Train, data.Validation} {
		for batch, err := range split.Batches(images.Batches{}).Epoch(0) {
			if err != nil {
				return a, err
			}
			if _, err := s.fromFiles.Run(context.Background(), batch.Pixels); err != nil {
				return a, err
			}
			a.Images += len(batch.Indices)
		}
	}
	a.Seconds = time.Since(start).Seconds()
	return a, nil
}
