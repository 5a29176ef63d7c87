package classifier

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/record"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// runFile is what run.json holds: how the run was made and how far it is. It is replaced after each epoch, and names
// the file with the state of that epoch, so that a run is whole whenever it is killed.
type runFile struct {
	facts
	ImageSize    int           `json:"image_size"`
	BatchSize    int           `json:"batch_size"`
	ClassWeights []float64     `json:"class_weights,omitempty"`
	Phases       []phaseRecord `json:"phases"` // that have begun

	Data        string            `json:"data"`
	DataHash    string            `json:"data_hash"`
	InitialHash string            `json:"initial_hash"` // of the model before training
	Backend     string            `json:"backend"`
	Go          string            `json:"go"`
	Made        string            `json:"made,omitempty"` // as record.Origin has them, of all processes that trained it
	Machine     string            `json:"machine,omitempty"`
	Steps       int               `json:"steps"` // of the last phase
	State       string            `json:"state"`
	History     result.History    `json:"history"`
	Sums        map[string]string `json:"sha256,omitempty"` // of the content of the other files: see weights.Sum
	Checksum    string            `json:"checksum"`         // see files.Seal
}

// phaseRecord is how a phase was made and how far it is. In runs from before there were phases, its fields stand in
// runFile's place.
type phaseRecord struct {
	Name    string `json:"name,omitempty"`
	First   int    `json:"first_epoch,omitempty"` // counted from 0 over all phases
	Best    int    `json:"best_epoch,omitempty"`
	Stopped int    `json:"stopped_epoch,omitempty"`

	Epochs        int             `json:"epochs,omitempty"`
	Frozen        []string        `json:"frozen"`
	LearningRate  float64         `json:"learning_rate"`
	Rates         []rateRecord    `json:"learning_rates,omitempty"`
	Schedule      *scheduleRecord `json:"learning_rate_schedule,omitempty"`
	EarlyStopping *EarlyStopping  `json:"early_stopping,omitempty"`
	Augment       Augmentation    `json:"augmentation,omitzero"`
}

type rateRecord struct {
	LearningRate float64  `json:"learning_rate"`
	Layers       []string `json:"layers"`
}

// scheduleRecord is a schedule in Keras's form of an object.
type scheduleRecord struct {
	Class  string          `json:"class_name"`
	Config json.RawMessage `json:"config"`
}

// record describes a phase.
func (m *Model) record(p plan) (phaseRecord, error) {
	r := phaseRecord{Name: p.Name, Epochs: p.Epochs, LearningRate: p.LearningRate, EarlyStopping: p.EarlyStopping,
		Augment: p.Augment}
	for i, l := range m.Layers {
		if p.frozen[i] {
			r.Frozen = append(r.Frozen, l.Name)
		}
	}
	for i, group := range p.rates {
		r.Rates = append(r.Rates, rateRecord{p.Rates[i].LearningRate, names(group)})
	}
	if p.Schedule != nil {
		raw, err := json.Marshal(p.Schedule)
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.Schedule.Class(), err)
		}
		r.Schedule = &scheduleRecord{Class: p.Schedule.Class(), Config: raw}
	}
	return r, nil
}

// records describes the phases that have begun.
func (f *fitting) records() ([]phaseRecord, error) {
	var out []phaseRecord
	for i, p := range f.begun {
		r, err := f.model.record(f.plans[i])
		if err != nil {
			return nil, err
		}
		r.First, r.Best, r.Stopped = p.first, p.best, p.stopped
		out = append(out, r)
	}
	return out, nil
}

func names(ls layer.List) []string {
	var out []string
	for _, l := range ls {
		out = append(out, l.Name)
	}
	return out
}

// readRun reads run.json and checks that it is whole.
func readRun(path string) (runFile, error) {
	var f runFile
	name := filepath.Join(path, runName)
	raw, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return f, fmt.Errorf("%s is damaged: %w", name, err)
	}
	if err := files.CheckSeal(raw, f.Checksum); err != nil {
		return f, fmt.Errorf("%s is damaged: %w", name, err)
	}
	if f.State != filepath.Base(f.State) {
		return f, fmt.Errorf("%s: state %q lies outside the run", name, f.State)
	}
	if f.Phases == nil {
		var only phaseRecord
		if err := json.Unmarshal(raw, &only); err != nil {
			return f, fmt.Errorf("%s is damaged: %w", name, err)
		}
		only.Best, only.Stopped = f.History.Best, f.History.Stopped
		f.Phases = []phaseRecord{only}
	}
	return f, nil
}

// write replaces run.json.
func (f *runFile) write(path string) error {
	sums := map[string]string{}
	for _, name := range []string{initialFile, f.State, f.weightsFile()} {
		if sums[name] = f.Sums[name]; sums[name] != "" && name != f.State {
			continue
		}
		var err error
		if sums[name], err = weights.Sum(filepath.Join(path, name)); err != nil {
			return err
		}
	}
	f.Sums, f.Checksum = sums, ""
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	return files.WriteFile(filepath.Join(path, runName), files.Seal(append(raw, '\n')))
}

// check compares the checksums that the files of a run hold with those recorded; weights.Open compares them with the
// content.
func (f runFile) check(path string, names ...string) error {
	if f.Sums == nil {
		return nil
	}
	for _, name := range names {
		got, err := weights.Sum(filepath.Join(path, name))
		if err != nil {
			return err
		}
		if got != f.Sums[name] {
			return fmt.Errorf("%s is damaged: %w", name, files.ErrChanged)
		}
	}
	return nil
}

// tell hands on how the run came about to tables that show what it gives.
func (f runFile) tell(m *Model) {
	record.Tell(record.Origin{Made: f.Made, Machine: f.Machine, Backend: f.Backend, Data: filepath.Base(f.Data),
		Weights: m.Base.Provenance(), Seeds: fmt.Sprint(f.Seed)})
}

// notes says what a user should know of a run.
func (f runFile) notes(path string) []string {
	if f.Sums != nil && f.Checksum != "" {
		return nil
	}
	return []string{fmt.Sprintf("run %s comes from an earlier version, without checksums: damage to its files is not noticed", path)}
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
