package classifier

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// EarlyStopping ends a training when a figure has not improved for Patience epochs, as Keras's callback of that name
// does. History.Stopped says after which epoch.
type EarlyStopping struct {
	Monitor  string  `json:"monitor"`   // a figure of the History; "" is "val_loss"
	Patience int     `json:"patience"`  // 0 stops at the first epoch without an improvement, as 1 does
	MinDelta float64 `json:"min_delta"` // a change of less is no improvement
	// StartFromEpoch is how many epochs pass before the figure counts.
	StartFromEpoch int `json:"start_from_epoch"`
	// RestoreBestWeights gives the model the weights of its best epoch at the end, whether the training was stopped or
	// not; History.Best says which. A run is then loaded with these.
	RestoreBestWeights bool `json:"restore_best_weights"`
}

func (s EarlyStopping) withDefaults() (EarlyStopping, error) {
	s.Monitor = orDefault(s.Monitor, "val_loss")
	if s.StartFromEpoch < 0 {
		return s, fmt.Errorf("StartFromEpoch %d: give a number that is not negative", s.StartFromEpoch)
	}
	return s, checkMonitor(s.Monitor, s.Patience, s.MinDelta)
}

// judge says which epoch is the best, and whether the last one ends the training. Epochs count from 1; best is 0 if
// no epoch counts yet.
func (s EarlyStopping) judge(h *result.History) (best int, stop bool) {
	figures := figures(h)[s.Monitor]
	wait := 0
	for epoch := s.StartFromEpoch; epoch < len(figures); epoch++ {
		wait++
		if best == 0 || improves(s.Monitor, figures[epoch], figures[best-1], s.MinDelta) {
			best, wait = epoch+1, 0
		}
	}
	return best, wait > 0 && wait >= s.Patience
}

// judge decides after an epoch whether to end the phase, and keeps its weights if they are the best. It gives the epochs,
// counted over all phases: the best so far, 0 if none is to be restored, and this one if it ends the phase, else 0.
func (t *training) judge() (best, stopped int) {
	if t.plan.EarlyStopping == nil {
		return 0, 0
	}
	epoch := t.history.Epochs()
	best, stop := t.plan.EarlyStopping.judge(t.own())
	if stop {
		stopped = epoch
	}
	if best == 0 || !t.plan.EarlyStopping.RestoreBestWeights {
		return 0, stopped
	}
	if best += t.first; best == epoch {
		t.best = layer.Values{}
		for _, l := range t.model.Layers[t.cut:] {
			if len(l.W) > 0 {
				t.best[l.Name] = t.model.Values[l.Name]
			}
		}
	}
	return best, stopped
}

// figures are those that EarlyStopping and ReduceLROnPlateau can monitor, by name.
func figures(h *result.History) map[string][]float64 {
	return map[string][]float64{"loss": h.Loss, "accuracy": h.Accuracy, "val_loss": h.ValLoss,
		"val_accuracy": h.ValAccuracy}
}

// improves reports whether a figure is better than the best before it by more than minDelta: smaller, or greater for an
// accuracy. Like Keras it compares float32 numbers, so that differences below their precision do not count.
func improves(monitor string, figure, best, minDelta float64) bool {
	if strings.HasSuffix(monitor, "accuracy") {
		return float32(figure-minDelta) > float32(best)
	}
	return float32(figure+minDelta) < float32(best)
}

func checkMonitor(monitor string, patience int, minDelta float64) error {
	figures := figures(&result.History{})
	_, known := figures[monitor]
	switch {
	case !known:
		return fmt.Errorf("Monitor %q is no figure of the history: use one of %s", monitor,
			strings.Join(slices.Sorted(maps.Keys(figures)), ", "))
	case patience < 0:
		return fmt.Errorf("Patience %d: give a number of epochs that is not negative", patience)
	case !(minDelta >= 0) || math.IsInf(minDelta, 0):
		return fmt.Errorf("MinDelta %v: give a number that is not negative", minDelta)
	}
	return nil
}
