package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// alphas are the widths that are measured. Keras publishes weights for both; the lesson uses 1.0.
var alphas = []float64{0.35, 1}

const epochs = 5

// size says how much is measured.
type size struct {
	pixels    int            // images of an inference sample, a multiple of 32
	images    map[string]int // images per class and split; 0 is all
	inference int            // repetitions
	features  int
	sections  map[float64]int // by width: at full width Keras's takes minutes
	kernels   int
}

var (
	full  = size{pixels: 192, inference: 5, features: 2, sections: map[float64]int{0.35: 2, 1: 1}, kernels: 3}
	quick = size{pixels: 64, inference: 2, features: 1, sections: map[float64]int{0.35: 1, 1: 1}, kernels: 1,
		images: map[string]int{"train": 16, "validation": 8}}
)

// bench is one run of all measurements.
type bench struct {
	ctx         context.Context
	root, tmp   string
	environment []string
	binary      string // this program, which is also our side
	size        size
	started     time.Time
	images      string             // folder
	count       int                // of all images
	pixels      string             // file
	weights     map[float64]string // files
	rows        []*row
	notes       []string
	versions    []string
}

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *bench) row(r row) *row {
	b.rows = append(b.rows, &r)
	return &r
}

// inference measures models that are loaded and compiled, by turns.
func (b *bench) inference() error {
	var workers [sides]*worker
	var err error
	if workers[oursSide], err = b.startWorker(b.binary, "ours", "worker"); err != nil {
		return err
	}
	defer workers[oursSide].stop()
	peers, err := b.startWorker(b.venv("bin", "python"), filepath.Join(b.folder(), "peers.py"), "worker")
	if err != nil {
		return err
	}
	defer peers.stop()
	workers[kerasSide], workers[functionSide], workers[onnxSide] = peers, peers, peers
	for _, w := range []*worker{workers[oursSide], peers} {
		a, err := w.ask(question{Do: "describe"})
		if err != nil {
			return err
		}
		b.versions = append(b.versions, a.Note)
	}
	for _, alpha := range alphas {
		b.step("loading and compiling MobileNetV2 α=%.2f", alpha)
		for _, w := range []*worker{workers[oursSide], peers} {
			a, err := w.ask(question{Do: "load", Alpha: &alpha, Weights: b.weights[alpha], Pixels: b.pixels})
			if err != nil {
				return err
			}
			if a.Note != "" {
				b.note("tf.function: %s; the faster is taken.", a.Note)
			}
		}
		if err := b.inferPixels(workers, alpha); err != nil {
			return err
		}
		if alpha == alphas[0] {
			if err := b.inferFiles(workers, alpha); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) inferPixels(workers [sides]*worker, alpha float64) error {
	r := b.row(row{measure: fmt.Sprintf("inference, MobileNetV2 α=%.2f, batch 32", alpha), unit: "images/s", target: 1.2})
	for i := range b.size.inference {
		b.step("inference α=%.2f, round %d of %d", alpha, i+1, b.size.inference)
		for s, w := range workers {
			a, err := w.ask(question{Do: "infer", Peer: peerNames[s], Out: b.features(side(s))})
			if err != nil {
				return err
			}
			r.add(side(s), float64(a.Images)/a.Seconds)
		}
	}
	return b.compare(alpha)
}

func (b *bench) features(s side) string {
	return filepath.Join(b.tmp, fmt.Sprintf("features-%d.f32", s))
}

// compare notes how far the peers' features of the same pixels are from ours: what is timed must be the same work.
func (b *bench) compare(alpha float64) error {
	ours, err := readFloats(b.features(oursSide))
	if err != nil {
		return err
	}
	largest := 0.0
	for _, v := range ours {
		largest = max(largest, math.Abs(float64(v)))
	}
	var differences []string
	for s := kerasSide; s < sides; s++ {
		peer, err := readFloats(b.features(s))
		if err != nil {
			return err
		}
		if len(peer) != len(ours) {
			return fmt.Errorf("features of α=%.2f: ours are %d values, those of %s %d", alpha, len(ours), peerNames[s], len(peer))
		}
		difference := 0.0
		for i := range ours {
			difference = max(difference, math.Abs(float64(ours[i]-peer[i])))
		}
		differences = append(differences, fmt.Sprintf("%.1g (%s)", difference, peerNames[s]))
	}
	b.note("The same pixels have the same features at α=%.2f: the largest is %.2g, the largest difference to ours %s.",
		alpha, largest, strings.Join(differences, ", "))
	return nil
}

func (b *bench) inferFiles(workers [sides]*worker, alpha float64) error {
	name := fmt.Sprintf("features of %d JPEG files, α=%.2f", b.count, alpha)
	seconds := b.row(row{measure: name, unit: "s", lower: true})
	speed := b.row(row{measure: name, unit: "images/s"})
	for i := range b.size.features {
		b.step("features of all files α=%.2f, round %d of %d", alpha, i+1, b.size.features)
		for s, w := range workers {
			a, err := w.ask(question{Do: "features", Peer: peerNames[s], Folder: b.images})
			if err != nil {
				return err
			}
			if a.Images != b.count {
				return fmt.Errorf("features of %d files: %s gives %d", b.count, strings.Join(w.cmd.Args, " "), a.Images)
			}
			seconds.add(side(s), a.Seconds)
			speed.add(side(s), float64(a.Images)/a.Seconds)
		}
	}
	return nil
}

// sections measures the lesson's section 2.3.1 as programs, from start to end.
func (b *bench) sections() error {
	for _, alpha := range alphas {
		name := fmt.Sprintf("section 2.3.1, α=%.2f: ", alpha)
		first := b.row(row{measure: name + "whole program", unit: "s", lower: true, target: 4})
		second := b.row(row{measure: name + "second run, another run folder", unit: "s", lower: true, target: 20})
		memory := b.row(row{measure: name + "peak memory", unit: "MB", lower: true, target: 1})
		accuracy := b.row(row{measure: name + "validation accuracy", unit: "%", noRatio: true})
		for i := range b.size.sections[alpha] {
			cache, err := b.emptyCache(fmt.Sprintf("cache-%.2f-%d", alpha, i))
			if err != nil {
				return err
			}
			for j, r := range []*row{first, second} {
				b.step("section 2.3.1 α=%.2f, ours, run %d", alpha, j+1)
				cmd := b.command(b.binary, "ours", "section", b.images, fmt.Sprint(alpha), b.weights[alpha], fmt.Sprint(epochs),
					filepath.Join(cache, fmt.Sprintf("run-%d", j)))
				cmd.Env = append(cmd.Env, "DEFECTS_CACHE="+cache)
				f, val, err := section231(cmd)
				if err != nil {
					return err
				}
				r.add(oursSide, f.seconds)
				if r == first {
					memory.add(oursSide, f.memory)
					accuracy.add(oursSide, val)
				}
			}
			b.step("section 2.3.1 α=%.2f, Keras", alpha)
			f, val, err := section231(b.command(b.venv("bin", "python"), filepath.Join(b.folder(), "peers.py"), "section",
				b.images, fmt.Sprint(alpha), b.weights[alpha], fmt.Sprint(epochs)))
			if err != nil {
				return err
			}
			first.add(kerasSide, f.seconds)
			second.add(kerasSide, f.seconds)
			memory.add(kerasSide, f.memory)
			accuracy.add(kerasSide, val)
		}
	}
	return nil
}

// section231 runs a side's program; it also returns the last validation accuracy in per cent.
func section231(cmd *exec.Cmd) (finished, float64, error) {
	f, err := program(cmd)
	if err != nil {
		return f, 0, err
	}
	var history struct {
		Accuracy []float64 `json:"val_accuracy"`
	}
	if err := json.Unmarshal(f.stdout, &history); err != nil {
		return f, 0, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	if len(history.Accuracy) != epochs {
		return f, 0, fmt.Errorf("%s: a history of %d epochs, want %d", strings.Join(cmd.Args, " "), len(history.Accuracy), epochs)
	}
	return f, 100 * history.Accuracy[epochs-1], nil
}
