package classifier

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/result"
)

// runFile is what run.json holds: how the run was made and how far it is. It is replaced after each epoch, and names
// the file with the state of that epoch, so that a run is whole whenever it is killed.
type runFile struct {
	facts
	Frozen       []string `json:"frozen"`
	ImageSize    int      `json:"image_size"`
	BatchSize    int      `json:"batch_size"`
	LearningRate float64  `json:"learning_rate"`

	Schedule      *scheduleRecord `json:"learning_rate_schedule,omitempty"`
	EarlyStopping *EarlyStopping  `json:"early_stopping,omitempty"`
	ClassWeights  []float64       `json:"class_weights,omitempty"`
	Augment       Augmentation    `json:"augmentation,omitzero"`

	Data        string         `json:"data"`
	DataHash    string         `json:"data_hash"`
	InitialHash string         `json:"initial_hash"` // of the model before training
	Backend     string         `json:"backend"`
	Go          string         `json:"go"`
	Steps       int            `json:"steps"`
	State       string         `json:"state"`
	History     result.History `json:"history"`
}

// describe fills run.json for a run that starts now.
func (t *training) describe(train, validation Images) (runFile, error) {
	m := t.model
	d, err := device.Open()
	if err != nil {
		return runFile{}, err
	}
	schedule, err := scheduleConfig(t.config.Schedule)
	if err != nil {
		return runFile{}, err
	}
	f := runFile{
		facts: m.facts(), ImageSize: m.ImageSize,
		BatchSize: t.config.BatchSize, LearningRate: t.config.LearningRate, Schedule: schedule,
		EarlyStopping: t.config.EarlyStopping, ClassWeights: t.config.ClassWeights, Augment: t.config.Augment,
		Data: train.Source, DataHash: train.Hash + validation.Hash,
		InitialHash: m.Layers.Hash(m.Values), Backend: d.String(), Go: runtime.Version(),
	}
	for _, l := range m.Layers {
		if l.Frozen {
			f.Frozen = append(f.Frozen, l.Name)
		}
	}
	return f, nil
}

// differences names what makes two runs incomparable. Data and weights count by content, not by place.
func (f runFile) differences(old runFile) []string {
	settings := func(v any) string { // nil and what is left out of run.json are the same
		raw, err := json.Marshal(v)
		if text := string(raw); err == nil && text != "null" && text != "{}" {
			return text
		}
		return "none"
	}
	var out []string
	for _, d := range []struct {
		what      string
		same      bool
		was, want any
	}{
		{"classes", strings.Join(f.Classes, " ") == strings.Join(old.Classes, " "), old.Classes, f.Classes},
		{"images", f.DataHash == old.DataHash, old.Data, f.Data + " (other content)"},
		{"layers or initial weights", f.InitialHash == old.InitialHash || f.Seed != old.Seed,
			old.Backbone + " " + old.Source, "other ones"},
		{"seed", f.Seed == old.Seed, old.Seed, f.Seed},
		{"batch size", f.BatchSize == old.BatchSize, old.BatchSize, f.BatchSize},
		{"learning rate", f.LearningRate == old.LearningRate, old.LearningRate, f.LearningRate},
		{"schedule of the learning rate", settings(f.Schedule) == settings(old.Schedule),
			settings(old.Schedule), settings(f.Schedule)},
		{"early stopping", settings(f.EarlyStopping) == settings(old.EarlyStopping),
			settings(old.EarlyStopping), settings(f.EarlyStopping)},
		{"class weights", slices.Equal(f.ClassWeights, old.ClassWeights),
			settings(old.ClassWeights), settings(f.ClassWeights)},
		{"augmentation", f.Augment == old.Augment, settings(old.Augment), settings(f.Augment)},
		{"mode of the base", f.BaseTraining == old.BaseTraining, old.BaseTraining, f.BaseTraining},
		{"frozen layers", strings.Join(f.Frozen, " ") == strings.Join(old.Frozen, " "),
			fmt.Sprint(len(old.Frozen), " layers"), fmt.Sprint(len(f.Frozen), " layers")},
	} {
		if !d.same {
			out = append(out, fmt.Sprintf("%s: was %v, is %v", d.what, d.was, d.want))
		}
	}
	return out
}

func readRun(path string) (runFile, error) {
	var f runFile
	raw, err := os.ReadFile(filepath.Join(path, runName))
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, fmt.Errorf("%s: %w: set Retrain (--retrain) to start over", filepath.Join(path, runName), err)
	}
	if f.State != filepath.Base(f.State) {
		return f, fmt.Errorf("%s: state %q lies outside the run: set Retrain (--retrain) to start over",
			filepath.Join(path, runName), f.State)
	}
	return f, nil
}

// weightsFile names the file with the weights that the run gives: those of its last epoch, or of its best if early
// stopping restores them.
func (f runFile) weightsFile() string {
	if f.History.Best > 0 {
		return stateFile(f.History.Best)
	}
	return f.State
}

func stateFile(epoch int) string { return fmt.Sprintf("epoch-%04d.h5", epoch) }
