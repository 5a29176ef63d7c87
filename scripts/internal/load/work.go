package main

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"path/filepath"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// pictures is how many different images are sent, synthetic ones of NEU-DET's size.
const pictures = 96

// work is what is asked of the model, offline and of the server.
type work struct {
	name, model string // as people and as `defects serve` call the model
	images      []images.Image
	size        int
	path        string
	bodies      [][]byte
	headers     map[string]string
	sent        images.Source // what clients send, as a source
}

// prepare makes the model, if none is named, and the requests.
func prepare(folder string, o options) (*work, error) {
	w := &work{name: o.model, model: o.model, path: "/classify", headers: map[string]string{"Content-Type": "image/jpeg"}}
	if o.model == "" {
		base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Weights: "best"})
		if err != nil {
			return nil, err
		}
		base.Layers.Freeze()
		m, err := classifier.New(classifier.Config{Base: base, ImageSize: 255, Classes: surfaces.Classes, Seed: 100,
			Head: classifier.Head(base, len(surfaces.Classes))})
		if err != nil {
			return nil, err
		}
		w.name = fmt.Sprintf("%s, weights %s, with the lesson's head", base, base.Source)
		w.model = filepath.Join(folder, "model.keras")
		if err := m.Save(w.model); err != nil {
			return nil, err
		}
	}
	m, _, err := classifier.Load(w.model)
	if err != nil {
		return nil, err
	}
	w.size = m.ImageSize
	for i := range pictures {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, surfaces.Image(i%len(surfaces.Classes), 1, i), &jpeg.Options{Quality: 90}); err != nil {
			return nil, err
		}
		w.images = append(w.images, images.Encoded(fmt.Sprintf("picture %d", i), b.Bytes()))
		w.bodies = append(w.bodies, b.Bytes())
	}
	w.sent = images.Of(w.images...)
	if o.send == "pixels" {
		err = w.sendPixels()
	}
	return w, err
}

// sendPixels sends what a camera gives: the images in the model's size, as UINT8 in a binary tensor.
func (w *work) sendPixels() error {
	w.path = "/v2/models/load/infer"
	each := w.size * w.size * 3
	head := fmt.Sprintf(`{"inputs": [{"name": "image", "shape": [1, %d, %d, 3], "datatype": "UINT8", "parameters": `+
		`{"binary_data_size": %d}}], "outputs": [{"name": "probabilities", "parameters": {"binary_data": true}}]}`, w.size, w.size, each)
	w.headers = map[string]string{"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": fmt.Sprint(len(head))}
	var all ready
	for i, img := range w.images {
		pixels, err := img.Pixels(w.size, w.size)
		if err != nil {
			return err
		}
		body := []byte(head)
		for k, v := range pixels {
			body = append(body, uint8(v+0.5))
			pixels[k] = float32(uint8(v + 0.5))
		}
		w.bodies[i] = body
		all = append(all, pixels)
	}
	w.sent = all
	return nil
}

// ready are images in the model's size, as a source.
type ready [][]float32

func (r ready) About() images.About                   { return images.About{Name: "pixels"} }
func (r ready) Len() int                              { return len(r) }
func (r ready) Info(int) images.Info                  { return images.Info{Name: "pixels", Label: -1} }
func (r ready) Pixels(i, _, _ int) ([]float32, error) { return r[i], nil }

// offline measures the model without a server, on what clients send, and gives the images per second of the best batch
// size.
func offline(ctx context.Context, w *work) (best float64, err error) {
	m, _, err := classifier.Load(w.model)
	if err != nil {
		return 0, err
	}
	if m.Classes == nil {
		m.Classes = make([]string, m.Layers.Output()[0])
	}
	p, err := m.Predictor()
	if err != nil {
		return 0, err
	}
	defer p.Close()
	for _, n := range []int{1, 2, 4, 8, 16, 32, pictures} {
		batch := images.Select(w.sent, firstOf(n))
		if _, err := p.Predict(ctx, batch); err != nil { // compiles
			return 0, err
		}
		began, done := time.Now(), 0
		for time.Since(began) < 5*time.Second {
			if _, err := p.Predict(ctx, batch); err != nil {
				return 0, err
			}
			done += n
		}
		rate := float64(done) / time.Since(began).Seconds()
		best = max(best, rate)
		fmt.Printf("offline, batches of %2d: %7.1f images/s\n", n, rate)
	}
	return best, nil
}

func firstOf(n int) (indices []int) {
	for i := range n {
		indices = append(indices, i)
	}
	return indices
}
