package classifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/ahead"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Predictor is a model as it was when the predictor was made, ready to classify images: for a service, or wherever a
// model may change meanwhile. It may be used from several goroutines at once.
//
// It holds the weights twice at most, once in Go's memory and once where they are computed with, and the activations of
// few images however many are asked for at once (see inference.Program).
type Predictor struct {
	list    layer.List             // the layers below the cut; without one, the whole model
	values  layer.Values           // of these
	frozen  func() (string, error) // tells which features are those of list; nil if there are none
	above   *inference.Program
	shape   []int // of images
	decoder images.Decoder
	classes []string
	labels  bool // each class has a probability of its own
	notice  string

	use    sync.RWMutex // read while predicting
	closed bool
	mutex  sync.Mutex
	below  *inference.Program // of list, made when pixels come: features need none
}

// Predictor makes a predictor of the model as it is now. Its graphs are compiled at their first use; Close frees them.
func (m *Model) Predictor() (*Predictor, error) {
	if err := m.checkPredicted(); err != nil {
		return nil, err
	}
	if m.Classes == nil {
		return nil, fmt.Errorf("the model names no classes for its %d outputs: set Classes", m.Layers.Output()[0])
	}
	if err := m.checkClasses(); err != nil {
		return nil, err
	}
	cut := m.cut()
	p := &Predictor{list: m.Layers[:cmp.Or(cut, len(m.Layers))].Clone(), values: layer.Values{},
		shape: slices.Clone(m.Layers[0].Shape), decoder: m.Decoder, classes: slices.Clone(m.Classes), labels: m.MultiLabel(),
		notice: m.Notice()}
	for _, l := range p.list {
		p.values[l.Name] = slices.Clone(m.Values[l.Name])
	}
	if cut == 0 || cut == len(m.Layers) {
		return p, nil
	}
	p.frozen = sync.OnceValues(func() (string, error) { // hashing all weights takes time, and pixels do not need it
		e, err := features.New(p.list, p.values)
		if err != nil {
			return "", err
		}
		return e.Layers(), e.Close()
	})
	above, err := inference.New(m.Layers.Above(cut), m.Values)
	if err != nil {
		return nil, err
	}
	p.above = above
	return p, nil
}

// program computes the layers below the cut.
func (p *Predictor) program() (*inference.Program, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var err error
	if p.below == nil {
		p.below, err = inference.New(p.list, p.values)
	}
	return p.below, err
}

// Batch is how many images are computed at a time, a power of two up to 32 on each device: Predict is fastest for multiples
// of it.
func (p *Predictor) Batch() (int, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return 0, inference.ErrClosed
	}
	below, err := p.program()
	if err != nil {
		return 0, err
	}
	return below.Batch() * below.Devices(), nil
}

// checkClasses compares the classes of a source, if it names any, with the model's: labels are numbers.
func (p *Predictor) checkClasses(s images.Source) error {
	if about := s.About(); about.Classes != nil && !slices.Equal(about.Classes, p.classes) {
		return fmt.Errorf("the model knows the classes %q, but %s has %q: give images of its classes", p.classes, about.Name,
			about.Classes)
	}
	return nil
}

// chunk is how many images are held at a time for each device that computes.
const chunk = 32

// Predict gives class probabilities for images. Features of the layers that are frozen in this model are taken as they
// are; all else is computed from pixels, and nothing is stored. A single image is computed alone, and its probabilities
// are those of the same image among others up to rounding, 1e-5; otherwise they do not depend on the other images.
func (p *Predictor) Predict(ctx context.Context, s images.Source) (*result.Predictions, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return nil, inference.ErrClosed
	}
	if err := p.checkClasses(s); err != nil {
		return nil, err
	}
	out := &result.Predictions{Classes: p.classes, MultiLabel: p.labels, Notice: notice.Join(p.notice, s.About().Notice)}
	s = decoded(s, p.decoder)
	f, _ := s.(*features.Features)
	ready := false
	if f != nil && p.frozen != nil {
		frozen, err := p.frozen()
		if err != nil {
			return nil, err
		}
		ready = f.Layers() == frozen
	}
	program := p.above
	if !ready {
		var err error
		if program, err = p.program(); err != nil {
			return nil, err
		}
	}
	n, held := s.Len(), chunk*program.Devices()
	type rows struct {
		values []float32
		err    error
	}
	for r := range ahead.Of((n+held-1)/held, func(i int) (r rows) {
		indices := sequence(i*held, min((i+1)*held, n))
		if ready {
			r.values, r.err = f.Rows(indices)
		} else {
			r.values, r.err = images.Shaped(s, indices, p.shape)
		}
		return r
	}) {
		if err := cmp.Or(r.err, ctx.Err()); err != nil {
			return nil, err
		}
		probabilities, err := p.run(ctx, r.values, ready, n == 1)
		if err != nil {
			return nil, err
		}
		for row := range slices.Chunk(probabilities, len(p.classes)) {
			info := s.Info(len(out.Names))
			out.Names, out.Actual = append(out.Names, info.Name), append(out.Actual, info.Label)
			out.Probabilities = append(out.Probabilities, row)
			out.Predicted = append(out.Predicted, largest(row))
		}
	}
	return out, nil
}

// run computes pixels or, if ready, features.
func (p *Predictor) run(ctx context.Context, values []float32, ready, single bool) ([]float32, error) {
	compute := (*inference.Program).Run
	if single {
		compute = (*inference.Program).One
	}
	if !ready {
		below, err := p.program()
		if err != nil {
			return nil, err
		}
		if values, err = compute(below, ctx, values); err != nil {
			return nil, err
		}
	}
	if p.above == nil {
		return values, nil
	}
	return compute(p.above, ctx, values)
}

func largest(row []float32) int {
	best := 0
	for c, v := range row {
		if v > row[best] {
			best = c
		}
	}
	return best
}

// Close waits for calls that are running and frees what the predictor holds; later calls fail.
func (p *Predictor) Close() error {
	p.use.Lock()
	defer p.use.Unlock()
	p.closed = true
	var err error
	for _, program := range []*inference.Program{p.below, p.above} {
		if program != nil {
			err = errors.Join(err, program.Close())
		}
	}
	return err
}
