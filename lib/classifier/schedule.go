package classifier

import (
	"errors"
	"fmt"
	"math"

	"github.com/transfer-learning-go/defects/lib/result"
)

// Schedule changes the learning rate while training.
//
// What it says depends on its arguments alone, so a resumed run gets the rates of an unbroken one.
type Schedule interface {
	// Class is the name of the Keras class, such as "CosineDecay".
	Class() string
	// Rate is the learning rate of a step, counted from 0 over all epochs of the phase. rate is FitConfig.LearningRate, or
	// that of the Phase; h holds the epochs of the phase that are finished before the step.
	Rate(rate float64, step int, h *result.History) float64
	// withDefaults fills in what is zero, for a training of this many steps, and checks the rest.
	withDefaults(steps int) (Schedule, error)
}

// CosineDecay lets the learning rate fall along half a cosine, from FitConfig.LearningRate to Alpha times that
// (Loshchilov and Hutter, 2017, without restarts), after an optional linear warm-up. For a LearningRate r it is Keras's
// CosineDecay(r, DecaySteps, Alpha) and, with a warm-up, Keras's
// CosineDecay(WarmupFrom, DecaySteps, Alpha, warmup_target=r, warmup_steps=WarmupSteps).
type CosineDecay struct {
	// DecaySteps counts after the warm-up. 0 is all steps that are left of the training; a run is then not continued
	// with more Epochs, since its rates would have been others.
	DecaySteps  int     `json:"decay_steps"`
	Alpha       float64 `json:"alpha"` // the last rate as a fraction of LearningRate, 0…1
	WarmupSteps int     `json:"warmup_steps"`
	WarmupFrom  float64 `json:"warmup_from"` // the rate of the first step of the warm-up
}

func (CosineDecay) Class() string { return "CosineDecay" }

// Rate implements Schedule. Without DecaySteps, which Fit fills in, the rate does not fall.
func (s CosineDecay) Rate(rate float64, step int, _ *result.History) float64 {
	if step < s.WarmupSteps || s.DecaySteps == 0 {
		return warmup(rate, s.WarmupFrom, step, s.WarmupSteps)
	}
	done := min(1, float64(step-s.WarmupSteps)/float64(s.DecaySteps))
	return rate * ((1-s.Alpha)*0.5*(1+math.Cos(math.Pi*done)) + s.Alpha)
}

func (s CosineDecay) withDefaults(steps int) (Schedule, error) {
	if s.DecaySteps == 0 {
		if s.DecaySteps = steps - s.WarmupSteps; s.DecaySteps < 1 {
			return nil, fmt.Errorf("WarmupSteps %d leaves none of %d steps to decay: warm up for fewer", s.WarmupSteps, steps)
		}
	}
	if s.DecaySteps < 0 {
		return nil, fmt.Errorf("DecaySteps %d: give a positive number, or 0 for the rest of the training", s.DecaySteps)
	}
	if !(s.Alpha >= 0 && s.Alpha <= 1) {
		return nil, fmt.Errorf("Alpha %v: give a fraction of LearningRate, 0…1", s.Alpha)
	}
	return s, checkWarmup(s.WarmupSteps, s.WarmupFrom)
}

// LinearWarmup raises the learning rate in equal steps from WarmupFrom to FitConfig.LearningRate and keeps it there
// (Goyal et al., 2017). Step s of the warm-up has From + (LearningRate − From)·s/Steps.
type LinearWarmup struct {
	Steps int     `json:"warmup_steps"`
	From  float64 `json:"warmup_from"` // the rate of the first step
}

func (LinearWarmup) Class() string { return "LinearWarmup" }

// Rate implements Schedule.
func (s LinearWarmup) Rate(rate float64, step int, _ *result.History) float64 {
	return warmup(rate, s.From, step, s.Steps)
}

func (s LinearWarmup) withDefaults(int) (Schedule, error) {
	if s.Steps == 0 {
		return nil, errors.New("no Steps: say how many steps the warm-up takes")
	}
	return s, checkWarmup(s.Steps, s.From)
}

func warmup(rate, from float64, step, steps int) float64 {
	if step >= steps {
		return rate
	}
	return from + (rate-from)*float64(step)/float64(steps)
}

func checkWarmup(steps int, from float64) error {
	if steps < 0 {
		return fmt.Errorf("%d steps of warm-up: give a positive number", steps)
	}
	if !(from >= 0) || math.IsInf(from, 0) {
		return fmt.Errorf("a warm-up from %v: give a rate that is not negative", from)
	}
	return nil
}

// ReduceLROnPlateau multiplies the learning rate by Factor when a figure has not improved for Patience epochs, as
// Keras's callback of that name does.
type ReduceLROnPlateau struct {
	Monitor  string  `json:"monitor"`   // a figure of the History; "" is "val_loss"
	Factor   float64 `json:"factor"`    // 0 is 0.1
	Patience int     `json:"patience"`  // 0 is 10
	MinDelta float64 `json:"min_delta"` // what counts as an improvement; 0 is 1e-4
	Cooldown int     `json:"cooldown"`  // epochs after a reduction that do not count
	MinLR    float64 `json:"min_lr"`    // the rate never falls below this
}

func (ReduceLROnPlateau) Class() string { return "ReduceLROnPlateau" }

// Rate implements Schedule.
func (s ReduceLROnPlateau) Rate(rate float64, _ int, h *result.History) float64 {
	s = s.filled()
	var best float64
	wait, cooldown := 0, 0
	for epoch, figure := range figures(h)[s.Monitor] {
		if cooldown > 0 {
			cooldown--
			wait = 0
		}
		if epoch == 0 || improves(s.Monitor, figure, best, s.MinDelta) {
			best, wait = figure, 0
			continue
		}
		if cooldown > 0 {
			continue
		}
		if wait++; wait >= s.Patience && rate > s.MinLR {
			rate = max(rate*s.Factor, s.MinLR)
			wait, cooldown = 0, s.Cooldown
		}
	}
	return rate
}

func (s ReduceLROnPlateau) filled() ReduceLROnPlateau {
	s.Monitor, s.Factor = orDefault(s.Monitor, "val_loss"), orDefault(s.Factor, 0.1)
	s.Patience, s.MinDelta = orDefault(s.Patience, 10), orDefault(s.MinDelta, 1e-4)
	return s
}

func (s ReduceLROnPlateau) withDefaults(int) (Schedule, error) {
	s = s.filled()
	switch {
	case !(s.Factor > 0 && s.Factor < 1):
		return nil, fmt.Errorf("Factor %v: give a number between 0 and 1", s.Factor)
	case !(s.MinLR >= 0):
		return nil, fmt.Errorf("MinLR %v: give a rate that is not negative", s.MinLR)
	case s.Cooldown < 0:
		return nil, fmt.Errorf("Cooldown %d: give a number of epochs that is not negative", s.Cooldown)
	}
	return s, checkMonitor(s.Monitor, s.Patience, s.MinDelta)
}

// rate is the learning rate of the next step.
func (t *training) rate() float64 {
	if t.plan.Schedule == nil {
		return t.plan.LearningRate
	}
	return t.plan.Schedule.Rate(t.plan.LearningRate, t.steps, t.own())
}
