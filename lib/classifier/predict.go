package classifier

import (
	"context"
	"errors"
	"slices"

	"github.com/transfer-learning-go/defects/lib/features"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// compiled keeps the graphs of a model between predictions, as long as it stays as it is.
type compiled struct {
	state     []*float32 // where the values of all weights lie: training replaces them
	cut       int
	extractor *features.Extractor
	predictor *Predictor
}

func (c *compiled) close() {
	if c.extractor != nil {
		c.extractor.Close()
	}
	if c.predictor != nil {
		c.predictor.Close()
	}
	*c = compiled{}
}

// forget drops what was compiled.
func (m *Model) forget() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.compiled.close()
}

// current is what is compiled for the model as it is. The mutex must be held.
func (m *Model) current() *compiled {
	var state []*float32
	for _, l := range m.Layers {
		for _, values := range m.Values[l.Name] {
			if len(values) > 0 {
				state = append(state, &values[0])
			}
		}
	}
	if cut := m.cut(); m.compiled.cut != cut || !slices.Equal(m.compiled.state, state) {
		m.compiled.close()
		m.compiled.cut, m.compiled.state = cut, state
	}
	if p := m.compiled.predictor; p != nil && (!slices.Equal(p.classes, m.Classes) || p.notice != m.Notice() || p.decoder != m.Decoder) {
		p.Close()
		m.compiled.predictor = nil
	}
	return &m.compiled
}

// Features computes what the frozen layers give for images, or reads it where it is stored: the features at the model's
// cut, the last single tensor below all that is trained or acts at random. They are a source of the same images, which
// Fit and Predict of all models with the same frozen layers take without computing those layers again. Close them. It is
// an error if nothing is frozen. watch may be nil.
func (m *Model) Features(ctx context.Context, s images.Source, watch result.Watcher) (*features.Features, error) {
	e, err := m.extractor()
	if err != nil {
		return nil, err
	}
	s = decoded(s, m.Decoder)
	if f, ok := s.(*features.Features); ok && f.Layers() == e.Layers() {
		return f, nil
	}
	return e.Extract(ctx, s, watch)
}

// borrow is Features with what closes them: nothing if they are the caller's own.
func (m *Model) borrow(ctx context.Context, s images.Source, watch result.Watcher) (f *features.Features, done func() error,
	err error) {
	f, err = m.Features(ctx, s, watch)
	if given, ok := s.(*features.Features); err != nil || ok && given == f {
		return f, func() error { return nil }, err
	}
	return f, f.Close, nil
}

func (m *Model) extractor() (*features.Extractor, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	c := m.current()
	if c.cut == 0 {
		return nil, errors.New("no layer with weights is frozen, so there are no features to keep: freeze the base")
	}
	if c.extractor == nil {
		var err error
		if c.extractor, err = features.New(m.Layers[:c.cut], m.Values); err != nil {
			return nil, err
		}
		c.extractor.Notice = notice.Join(m.Base.Notice, m.inputNotice, m.sizeNotice)
	}
	return c.extractor, nil
}

// Predict gives class probabilities for images, from stored features where layers are frozen.
func (m *Model) Predict(ctx context.Context, s images.Source) (*result.Predictions, error) {
	p, err := m.predictor()
	if err != nil {
		return nil, err
	}
	if err := p.checkClasses(s); err != nil { // before features of images that are not predicted
		return nil, err
	}
	if p.frozen != nil {
		f, done, err := m.borrow(ctx, s, nil)
		if err != nil {
			return nil, err
		}
		defer done()
		s = f
	}
	return p.Predict(ctx, s)
}

func (m *Model) predictor() (p *Predictor, err error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	c := m.current()
	if c.predictor == nil {
		if c.predictor, err = m.Predictor(); err != nil {
			return nil, err
		}
	}
	return c.predictor, nil
}
