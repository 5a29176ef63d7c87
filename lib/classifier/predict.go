package classifier

import (
	"context"
	"fmt"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/result"
)

// compiled keeps the graphs of a model between predictions, as long as its cut stays where it is.
type compiled struct {
	cut          int
	frozen, head *runner
	explainer    *explainer
}

func (m *Model) compiledCut() int {
	cut := m.cut()
	if m.compiled.cut != cut {
		m.compiled = compiled{cut: cut}
	}
	return cut
}

// frozen is the runner of the layers below the cut; without a cut, of the whole model.
func (m *Model) frozen() (*runner, error) {
	cut := m.compiledCut()
	if m.compiled.frozen == nil {
		if cut == 0 {
			cut = len(m.Layers)
		}
		r, err := newRunner(m.Layers[:cut], m.Values)
		if err != nil {
			return nil, err
		}
		m.compiled.frozen = r
	}
	return m.compiled.frozen, nil
}

// head is the runner of the layers above the cut, nil without a cut or when nothing lies above it.
func (m *Model) head() (*runner, error) {
	cut := m.compiledCut()
	if m.compiled.head == nil && cut > 0 && cut < len(m.Layers) {
		r, err := newRunner(m.Layers.Above(cut), m.Values)
		if err != nil {
			return nil, err
		}
		m.compiled.head = r
	}
	return m.compiled.head, nil
}

// Predict gives class probabilities for every image of a split, from stored features where the base is frozen.
func (m *Model) Predict(s *images.Set) (*result.Predictions, error) {
	if m.cut() == 0 {
		return m.PredictFiles(s.Images)
	}
	features, err := m.stored(context.Background(), SplitImages(s, m.ImageSize), nil)
	if err != nil {
		return nil, err
	}
	defer features.Close()
	p := &result.Predictions{Classes: m.Classes, Notice: m.Notice()}
	for start := 0; start < len(s.Images); start += chunk {
		end := min(start+chunk, len(s.Images))
		rows, err := features.rows(sequence(start, end))
		if err != nil {
			return nil, err
		}
		if err := m.predict(p, rows, s.Images[start:end]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// PredictFiles gives class probabilities for images, computing everything anew.
func (m *Model) PredictFiles(files []images.Image) (*result.Predictions, error) {
	r, err := m.frozen()
	if err != nil {
		return nil, err
	}
	all := &images.Set{Name: "images", Classes: m.Classes, Images: files}
	p := &result.Predictions{Classes: m.Classes, Notice: m.Notice()}
	for b := range SplitImages(all, m.ImageSize).chunks(0) {
		if b.err != nil {
			return nil, b.err
		}
		features, err := r.run(b.pixels)
		if err != nil {
			return nil, err
		}
		if err := m.predict(p, features, files[len(p.Names):min(len(p.Names)+chunk, len(files))]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// PredictPixels gives class probabilities [n, classes] for pixels [n, ImageSize, ImageSize, 3] of 0…255.
func (m *Model) PredictPixels(pixels []float32) ([]float32, error) {
	features, _, err := m.Features(pixels)
	if err != nil {
		return nil, err
	}
	return m.above(features)
}

// above runs the layers above the cut on features.
func (m *Model) above(features []float32) ([]float32, error) {
	head, err := m.head()
	if err != nil || head == nil {
		return features, err
	}
	return head.run(features)
}

// predict appends what the layers above the cut say of the features of some images.
func (m *Model) predict(p *result.Predictions, features []float32, files []images.Image) error {
	flat, err := m.above(features)
	if err != nil {
		return err
	}
	classes := len(m.Classes)
	if len(flat) != classes*len(files) {
		return fmt.Errorf("the model gives %d values for %d images and %d classes: end its head with "+
			"layer.Dense{Units: %d, Activation: \"softmax\"}", len(flat), len(files), classes, classes)
	}
	for i, f := range files {
		row := flat[i*classes : (i+1)*classes]
		best := 0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		p.Names = append(p.Names, f.Name)
		p.Probabilities = append(p.Probabilities, row)
		p.Predicted = append(p.Predicted, best)
		p.Actual = append(p.Actual, f.Label)
	}
	return nil
}
