package classifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/download"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// RunDir is the folder of a run: runs/NAME in the enclosing module or, outside one, in the working folder.
// A name with a slash is a folder as it stands.
func RunDir(name string) string {
	if strings.ContainsRune(filepath.ToSlash(name), '/') || name == "." {
		return name
	}
	return filepath.Join(download.ModuleRoot(), "runs", name)
}

// runFile is what run.json holds: how the run was made and how far it is. It is replaced after each epoch, and names
// the file with the state of that epoch, so that a run is whole whenever it is killed.
type runFile struct {
	Backbone     string          `json:"backbone"`
	Config       backbone.Config `json:"backbone_config"`
	Source       string          `json:"weights"`
	WeightsNote  string          `json:"weights_notice,omitempty"`
	Frozen       []string        `json:"frozen"`
	BaseTraining bool            `json:"base_training,omitempty"`
	ImageSize    int             `json:"image_size"`
	Head         []layer.Config  `json:"head"`
	Classes      []string        `json:"classes"`
	Seed         int64           `json:"seed"`
	BatchSize    int             `json:"batch_size"`
	LearningRate float64         `json:"learning_rate"`
	Data         string          `json:"data"`
	DataHash     string          `json:"data_hash"`
	DataNotice   string          `json:"data_notice,omitempty"`
	InitialHash  string          `json:"initial_hash"` // of the model before training
	Backend      string          `json:"backend"`
	Go           string          `json:"go"`
	Steps        int             `json:"steps"`
	State        string          `json:"state"`
	History      History         `json:"history"`
}

const frozenFile, runName = "frozen.h5", "run.json"

// runFolder is an open run.
type runFolder struct {
	path string
	file runFile
	old  *runFile // what an earlier training left to go on from, or nil
}

// open opens the run folder, or makes it, and checks that this training can go on from what is there: before any
// work is done. The returned function lets other processes in.
func (t *training) open(train, validation Images) (unlock func(), err error) {
	path := RunDir(t.config.Run)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run %s: %w: name a folder that can be written", t.config.Run, err)
	}
	lock := flock.New(filepath.Join(path, ".lock"))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", t.config.Run, err)
	}
	if !got {
		return nil, fmt.Errorf("run %s is being trained by another process: wait for it, or name another run", path)
	}
	defer func() {
		if err != nil {
			lock.Unlock()
		}
	}()
	fresh, err := t.describe(train, validation)
	if err != nil {
		return nil, err
	}
	t.run = &runFolder{path: path, file: fresh}
	old, err := readRun(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || t.config.Retrain:
		return func() { lock.Unlock() }, nil
	case err != nil:
		return nil, err
	}
	if diff := fresh.differences(old); len(diff) > 0 {
		return nil, fmt.Errorf("run %s was made otherwise (%s): name another run, or set Retrain (--retrain) to start over",
			path, strings.Join(diff, "; "))
	}
	t.run.old = &old
	return func() { lock.Unlock() }, nil
}

// resume takes up the state of the run, or begins it.
func (t *training) resume() error {
	if t.run == nil {
		return nil
	}
	old, path := t.run.old, t.run.path
	if old == nil {
		return t.run.begin(t.model)
	}
	checkpoint, err := weights.Open(filepath.Join(path, old.State))
	if err != nil {
		return fmt.Errorf("run %s: %w: set Retrain (--retrain) to start over", path, err)
	}
	if err := t.restore(checkpoint); err != nil {
		return fmt.Errorf("run %s: %w: set Retrain (--retrain) to start over", path, err)
	}
	t.history, t.steps, t.resumed = old.History, old.Steps, old.History.Epochs()
	t.run.file.State = old.State
	return t.take()
}

// describe fills run.json for a run that starts now.
func (t *training) describe(train, validation Images) (runFile, error) {
	m := t.model
	head, err := layer.Configs(m.Head)
	if err != nil {
		return runFile{}, err
	}
	d, err := device.Open()
	if err != nil {
		return runFile{}, err
	}
	f := runFile{
		Backbone: m.Base.Name, Config: m.Base.Config, Source: m.Base.Source, WeightsNote: m.Base.Notice,
		BaseTraining: m.BaseTraining, ImageSize: m.ImageSize, Head: head, Classes: m.Classes, Seed: m.Seed,
		BatchSize: t.config.BatchSize, LearningRate: t.config.LearningRate,
		Data: train.Source, DataHash: train.Hash + validation.Hash, DataNotice: m.DataNotice,
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

// begin empties the folder and writes the weights that stay as they are.
func (r *runFolder) begin(m *Model) error {
	old, err := filepath.Glob(filepath.Join(r.path, "epoch-*.h5"))
	if err != nil {
		return err
	}
	for _, name := range append([]string{filepath.Join(r.path, runName)}, old...) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("starting run %s over: %w", r.path, err)
		}
	}
	var frozen layer.List
	for _, l := range m.Layers[:m.cut()] {
		if len(l.W) > 0 {
			frozen = append(frozen, l)
		}
	}
	return weights.Save(filepath.Join(r.path, frozenFile), frozen.Checkpoint(m.Values))
}

// save writes the state after an epoch: first its own file, then run.json, which names it.
func (t *training) save() error {
	if t.run == nil {
		return nil
	}
	state, err := t.state()
	if err != nil {
		return err
	}
	before := t.run.file.State
	f := &t.run.file
	f.Steps, f.History = t.steps, t.history
	f.State = fmt.Sprintf("epoch-%04d.h5", t.history.Epochs())
	if err := weights.Save(filepath.Join(t.run.path, f.State), state); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := download.WriteFile(filepath.Join(t.run.path, runName), append(raw, '\n')); err != nil {
		return err
	}
	if before != "" && before != f.State {
		return os.Remove(filepath.Join(t.run.path, before))
	}
	return nil
}
