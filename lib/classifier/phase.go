package classifier

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// Phase is a part of a training, such as that of the head before the base is tuned. It begins with a fresh optimizer, as
// after Keras's compile, and with the weights that the phase before it has left: with RestoreBestWeights, its best.
// Epochs count through, and with them the order of images and dropout; Schedule and EarlyStopping see those of the phase
// alone.
type Phase struct {
	Name         string  // for curves and messages; "" is "phase 1" and so on
	Epochs       int     // 0 is 5
	LearningRate float64 // of Adam; 0 is 1e-3
	// Unfreeze chooses the layers of the base to train, such as base[100:]; the others are frozen. nil leaves all as they
	// are.
	Unfreeze      func(base layer.List) layer.List
	Schedule      Schedule
	EarlyStopping *EarlyStopping // ends the phase before Epochs
	Augment       Augmentation
	Rates         []Rate // of groups of layers that are not trained with LearningRate
}

// Rate is the learning rate of a group of layers: layer-wise rates keep what is general in a base (Howard and Ruder, 2018).
// A Schedule changes all rates in proportion.
type Rate struct {
	Layers       func(all layer.List) layer.List // chooses from all layers of the model
	LearningRate float64
}

func (p Phase) isZero() bool {
	return p.Epochs == 0 && p.LearningRate == 0 && p.Schedule == nil && p.EarlyStopping == nil && p.Augment.none()
}

// wrap says in which phase an error arose, where there are several.
func (p Phase) wrap(err error) error {
	if err == nil || p.Name == "" {
		return err
	}
	return fmt.Errorf("phase %q: %w", p.Name, err)
}

// withDefaults fills in what is zero, for epochs of this many steps, and checks the rest.
func (p Phase) withDefaults(steps int) (Phase, error) {
	p.Epochs, p.LearningRate = orDefault(p.Epochs, 5), orDefault(p.LearningRate, 1e-3)
	switch {
	case p.Epochs < 1:
		return p, fmt.Errorf("Epochs %d: train for at least 1", p.Epochs)
	case !(p.LearningRate > 0) || math.IsInf(p.LearningRate, 0):
		return p, fmt.Errorf("LearningRate %v: give a positive number", p.LearningRate)
	}
	var err error
	if p.Schedule != nil {
		if p.Schedule, err = p.Schedule.withDefaults(p.Epochs * steps); err != nil {
			return p, fmt.Errorf("Schedule: %w", err)
		}
	}
	if p.EarlyStopping != nil {
		stopping, err := p.EarlyStopping.withDefaults()
		if err != nil {
			return p, fmt.Errorf("EarlyStopping: %w", err)
		}
		p.EarlyStopping = &stopping
	}
	if p.Augment, err = p.Augment.withDefaults(); err != nil {
		return p, fmt.Errorf("Augment: %w", err)
	}
	for _, r := range p.Rates {
		if r.Layers == nil {
			return p, errors.New("Rates: a rate without Layers: say which layers it is for")
		}
		if !(r.LearningRate > 0) || math.IsInf(r.LearningRate, 0) {
			return p, fmt.Errorf("Rates: LearningRate %v: give a positive number, or freeze the layers", r.LearningRate)
		}
	}
	return p, nil
}

// plan is a phase as it is for one model.
type plan struct {
	Phase
	frozen []bool       // of each layer of the model
	rates  []layer.List // of each of Rates
}

// plans works out all phases before the first begins, so that none fails hours later. The model stays as it is.
func (m *Model) plans(phases []Phase) ([]plan, error) {
	before := m.frozenLayers()
	defer m.setFrozen(before)
	var plans []plan
	for _, p := range phases {
		planned, err := m.plan(p)
		if err != nil {
			return nil, p.wrap(err)
		}
		plans = append(plans, planned)
	}
	return plans, nil
}

// plan applies Unfreeze to the model as the phase before has left it.
func (m *Model) plan(p Phase) (plan, error) {
	if p.Unfreeze != nil {
		trained := p.Unfreeze(slices.Clone(m.Base.Layers))
		if l := outside(trained, m.Base.Layers); l != nil {
			return plan{}, fmt.Errorf("Unfreeze gives layer %s, which is not of the base: choose from the layers that it is given",
				l.Name)
		}
		m.Base.Layers.Freeze()
		trained.Unfreeze()
	}
	if m.Layers.TrainableParams() == 0 {
		return plan{}, errors.New("no layer is left to train: unfreeze some, or put a Dense into the head")
	}
	out := plan{Phase: p, frozen: m.frozenLayers()}
	taken := map[*layer.Layer]bool{}
	for _, r := range p.Rates {
		group := r.Layers(slices.Clone(m.Layers))
		if l := outside(group, m.Layers); l != nil {
			return plan{}, fmt.Errorf("Rates: layer %s is not of this model: choose from the layers that Layers is given", l.Name)
		}
		for _, l := range group {
			if taken[l] {
				return plan{}, fmt.Errorf("Rates: layer %s has two rates: put it into one group", l.Name)
			}
			taken[l] = true
		}
		if group.TrainableParams() == 0 {
			return plan{}, fmt.Errorf("Rates: no layer of the group with rate %v is trained: unfreeze some, or leave it out",
				r.LearningRate)
		}
		out.rates = append(out.rates, group)
	}
	return out, nil
}

// outside finds a layer that is not one of all.
func outside(some, all layer.List) *layer.Layer {
	for _, l := range some {
		if !slices.Contains(all, l) {
			return l
		}
	}
	return nil
}

// factor is what the learning rate of a layer is multiplied by.
func (p plan) factor(l *layer.Layer) float64 {
	for i, group := range p.rates {
		if slices.Contains(group, l) {
			return p.Rates[i].LearningRate / p.LearningRate
		}
	}
	return 1
}

func (m *Model) frozenLayers() []bool {
	frozen := make([]bool, len(m.Layers))
	for i, l := range m.Layers {
		frozen[i] = l.Frozen
	}
	return frozen
}

func (m *Model) setFrozen(frozen []bool) {
	for i, l := range m.Layers {
		l.Frozen = frozen[i]
	}
}
