package classifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// RunDir is the folder of a run: runs/NAME in the enclosing module or, outside one, in the working folder.
// A name with a slash is a folder as it stands.
func RunDir(name string) string {
	if strings.ContainsRune(filepath.ToSlash(name), '/') || name == "." {
		return name
	}
	return filepath.Join(files.ModuleRoot(), "runs", name)
}

// initialFile holds the whole model as it was before training, as Save writes it.
const initialFile, runName = "initial.h5", "run.json"

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
	for t.history.Epochs() > len(t.history.LearningRate) { // runs from before it was kept had one rate
		t.history.LearningRate = append(t.history.LearningRate, t.config.LearningRate)
	}
	if t.history.Best > 0 {
		layers, err := savedWeights(filepath.Join(path, old.weightsFile()))
		if err == nil {
			t.best, err = t.model.Layers[t.cut:].Match(&weights.Checkpoint{Layers: layers})
		}
		if err != nil {
			return fmt.Errorf("run %s: %w: set Retrain (--retrain) to start over", path, err)
		}
	}
	return t.take()
}

// begin empties the folder and writes the model that training starts from.
func (r *runFolder) begin(m *Model) error {
	if err := os.Remove(filepath.Join(r.path, runName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("starting run %s over: %w", r.path, err)
	}
	if err := r.remove(); err != nil {
		return fmt.Errorf("starting run %s over: %w", r.path, err)
	}
	return m.Save(filepath.Join(r.path, initialFile))
}

// remove deletes the states of all epochs but those to keep.
func (r *runFolder) remove(keep ...string) error {
	entries, err := os.ReadDir(r.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if state, _ := filepath.Match("epoch-*.h5", e.Name()); !state || slices.Contains(keep, e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(r.path, e.Name())); err != nil {
			return err
		}
	}
	return nil
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
	f := &t.run.file
	f.Steps, f.History = t.steps, t.history
	f.State = stateFile(t.history.Epochs())
	if err := weights.Save(filepath.Join(t.run.path, f.State), state); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err
	}
	if err := files.WriteFile(filepath.Join(t.run.path, runName), append(raw, '\n')); err != nil {
		return err
	}
	return t.run.remove(f.State, f.weightsFile())
}
