package main

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
)

// inference measures models that are loaded and compiled, by turns. It also notes the versions of both sides.
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
	if b.only == lessonPart {
		return nil
	}
	for _, n := range b.networks {
		b.part = n.part()
		if err := b.lookAtLimits(); err != nil {
			return err
		}
		for i, w := range []*worker{workers[oursSide], peers} {
			b.step("loading and compiling %s, %s", n.title, []string{"ours", "Keras and its peers"}[i])
			a, err := w.ask(question{Do: "load", Network: n.name, Alpha: &n.alpha, Weights: b.weights[n.title],
				Input: n.input, Pixels: b.pixels(n), ONNX: filepath.Join(b.tmp, "ours.onnx")})
			if err != nil {
				return err
			}
			if a.Note != "" {
				b.note("tf.function of %s: %s; the faster is taken.", n.title, a.Note)
			}
		}
		timed, err := n.timed(b.classes)
		if err != nil {
			return err
		}
		image := ofInference(timed)
		if err := b.inferPixels(workers, n, image); err != nil {
			return err
		}
		if n.files {
			if err := b.inferFiles(workers, n, image); err != nil {
				return err
			}
		}
	}
	return nil
}

// pixels is the file that holds the images of the network's inference samples.
func (b *bench) pixels(n network) string {
	return filepath.Join(b.tmp, fmt.Sprintf("pixels-%s.f32", n.name))
}

// sample is how many images they are.
func (b *bench) sample(n network) int { return min(n.pixels, b.size.pixels) }

func (b *bench) inferPixels(workers [sides]*worker, n network, image work) error {
	r := b.row(row{measure: "inference, " + n.title + ", batch 32", unit: "images/s", target: n.target, work: image})
	exported := b.row(row{measure: "inference, " + n.title + ", batch 32, our .onnx file", unit: "images/s"})
	for i, start := 0, time.Now(); i < b.size.inference || time.Since(start) < b.size.inferring; i++ {
		b.step("inference %s, round %d", n.title, i+1)
		for s, w := range workers {
			a, err := w.ask(question{Do: "infer", Peer: peerNames[s], Out: b.features(side(s))})
			if err != nil {
				return err
			}
			r.add(side(s), float64(a.Images)/a.Seconds)
		}
		a, err := workers[onnxSide].ask(question{Do: "infer", Peer: ourONNX, Out: b.features(sides)})
		if err != nil {
			return err
		}
		exported.add(onnxSide, float64(a.Images)/a.Seconds)
	}
	return b.compare(n)
}

func (b *bench) features(s side) string {
	return filepath.Join(b.tmp, fmt.Sprintf("features-%d.f32", s))
}

// compare notes how far the peers' features of the same pixels are from ours: what is timed must be the same work.
func (b *bench) compare(n network) error {
	ours, err := readFloats(b.features(oursSide))
	if err != nil {
		return err
	}
	largest := 0.0
	for _, v := range ours {
		largest = max(largest, math.Abs(float64(v)))
	}
	var differences []string
	for s := kerasSide; s <= sides; s++ {
		name := ourONNX
		if s < sides {
			name = peerNames[s]
		}
		peer, err := readFloats(b.features(s))
		if err != nil {
			return err
		}
		if len(peer) != len(ours) {
			return fmt.Errorf("features of %s: ours are %d values, those of %s %d", n.title, len(ours), name, len(peer))
		}
		difference := 0.0
		for i := range ours {
			difference = max(difference, math.Abs(float64(ours[i]-peer[i])))
		}
		differences = append(differences, fmt.Sprintf("%.1g (%s)", difference, name))
	}
	b.note("The same pixels have the same features with %s: the largest is %.2g, the largest difference to ours %s.",
		n.title, largest, strings.Join(differences, ", "))
	return nil
}

func (b *bench) inferFiles(workers [sides]*worker, n network, image work) error {
	name := fmt.Sprintf("features of %d JPEG files, %s", b.count, n.title)
	seconds := b.row(row{measure: name, unit: "s", lower: true, work: work{}.add(image, float64(b.count))})
	speed := b.row(row{measure: name, unit: "images/s", work: image})
	for i := range b.size.features {
		b.step("features of all files %s, round %d of %d", n.title, i+1, b.size.features)
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
