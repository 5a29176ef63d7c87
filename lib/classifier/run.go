package classifier

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/keras"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/record"
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

// initialFile holds the whole model as it was before training, as keras.SaveOwn writes it.
const initialFile, runName = "initial.h5", "run.json"

// startOver is what to do with a run that cannot be gone on with.
const startOver = "set Retrain (--retrain) to start over"

// runFolder is an open run.
type runFolder struct {
	path string
	file runFile
	old  *runFile // what an earlier training left to go on from, or nil
}

// open opens the run folder, or makes it, and checks that this training can go on from what is there: before any
// work is done. The returned function lets other processes in.
func (f *fitting) open() (unlock func(), err error) {
	name := f.config.Run
	path := RunDir(name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run %s: %w: name a folder that can be written", name, err)
	}
	lock := flock.New(filepath.Join(path, ".lock"))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	if !got {
		return nil, fmt.Errorf("run %s is being trained by another process: wait for it, or name another run", path)
	}
	defer func() {
		if err != nil {
			lock.Unlock()
		}
	}()
	if err := removeLeftovers(path); err != nil {
		return nil, fmt.Errorf("run %s: %w", name, err)
	}
	fresh, err := f.describe()
	if err != nil {
		return nil, err
	}
	f.run = &runFolder{path: path, file: fresh}
	old, err := readRun(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || f.config.Retrain:
		return func() { lock.Unlock() }, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %s", err, startOver)
	}
	err = old.check(path, initialFile, old.State, old.weightsFile())
	if err == nil { // the training does not need it again, but who loads the run does
		_, err = weights.Open(filepath.Join(path, initialFile))
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", path, err, startOver)
	}
	diff, err := f.differences(old)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w: %s", path, err, startOver)
	}
	if len(diff) > 0 {
		return nil, fmt.Errorf("run %s was made otherwise (%s): name another run, or %s", path, strings.Join(diff, "; "),
			startOver)
	}
	f.model.Notes = append(f.model.Notes, old.notes(path)...)
	f.run.old = &old
	return func() { lock.Unlock() }, nil
}

// removeLeftovers deletes what killed processes were writing. The run must be locked.
func removeLeftovers(path string) error {
	for _, name := range []string{"epoch-*.h5", initialFile, runName} {
		left, err := filepath.Glob(filepath.Join(path, "."+name+".*.tmp"))
		if err != nil {
			return err
		}
		for _, file := range left {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// resume takes up the state of the run, if there is one.
func (f *fitting) resume() error {
	if f.run == nil || f.run.old == nil {
		return nil
	}
	if err := f.takeUp(*f.run.old); err != nil {
		return fmt.Errorf("run %s: %w: %s", f.run.path, err, startOver)
	}
	return nil
}

// takeUp goes on where old ends.
func (f *fitting) takeUp(old runFile) error {
	saved, err := weights.Open(filepath.Join(f.run.path, old.State))
	if err != nil {
		return err
	}
	if err := f.model.takeWeights(saved); err != nil {
		return err
	}
	f.history, f.resumed, f.saved, f.steps = old.History, old.History.Epochs(), saved, old.Steps
	for _, p := range old.Phases {
		f.begun = append(f.begun, progress{first: p.First, best: p.Best, stopped: p.Stopped})
	}
	for f.history.Epochs() > len(f.history.LearningRate) { // runs from before it was kept had one rate
		f.history.LearningRate = append(f.history.LearningRate, f.plans[0].LearningRate)
	}
	f.run.file.State, f.run.file.Sums = old.State, old.Sums
	both := record.Origin{Made: old.Made, Machine: old.Machine}.With(record.Origin{Made: f.run.file.Made, Machine: f.run.file.Machine})
	f.run.file.Made, f.run.file.Machine = both.Made, both.Machine
	old.tell(f.model)
	f.describePhases()
	if f.begun[len(f.begun)-1].best == 0 {
		return nil
	}
	best, err := weights.Open(filepath.Join(f.run.path, old.weightsFile()))
	if err != nil {
		return err
	}
	if f.over(len(f.begun) - 1) {
		return f.model.takeWeights(best)
	}
	f.best, err = f.model.weightsOf(best)
	return err
}

// begin empties the folder of a new run and writes the model that training starts from. All else that may fail before
// the first epoch is done by then, so that what an older run has left is not lost for nothing.
func (f *fitting) begin() error {
	r := f.run
	if r == nil || r.old != nil || len(f.begun) > 1 {
		return nil
	}
	err := os.Remove(filepath.Join(r.path, runName))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = r.remove()
	}
	if err != nil {
		return fmt.Errorf("starting run %s over: %w", r.path, err)
	}
	if err := f.model.saveKeras(filepath.Join(r.path, initialFile), keras.SaveOwn); err != nil {
		return fmt.Errorf("starting run %s: %w", r.path, err)
	}
	return nil
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
func (f *fitting) save(t *training) error {
	if f.run == nil {
		return nil
	}
	state, err := t.state(f.changedFrom())
	if err != nil {
		return err
	}
	file := &f.run.file
	file.Steps, file.History = t.steps, f.history
	file.State = stateFile(f.history.Epochs())
	if file.Phases, err = f.records(); err != nil {
		return err
	}
	if err := weights.Save(filepath.Join(f.run.path, file.State), state); err != nil {
		return err
	}
	if err := file.write(f.run.path); err != nil {
		return err
	}
	return f.run.remove(file.State, file.weightsFile())
}

// changedFrom is the position of the first layer that a phase so far has changed.
func (f *fitting) changedFrom() int {
	frozen := f.model.frozenLayers()
	defer f.model.setFrozen(frozen)
	from := len(f.model.Layers)
	for i := range f.begun {
		f.model.setFrozen(f.plans[i].frozen)
		from = min(from, f.model.cut())
	}
	return from
}

// takeWeights sets those weights of the model that a state holds.
func (m *Model) takeWeights(c *weights.Checkpoint) error {
	values, err := m.weightsOf(c)
	maps.Copy(m.Values, values)
	return err
}

// weightsOf gives the weights that a state holds, without the optimizer's moments. The state must be of the model's
// layers.
func (m *Model) weightsOf(c *weights.Checkpoint) (layer.Values, error) {
	var layers []weights.Layer
	var list layer.List
	for _, l := range c.Layers {
		if at := m.Layers.Index(l.Name); at >= 0 {
			layers = append(layers, l)
			list = append(list, m.Layers[at])
		} else if !strings.HasPrefix(l.Name, "adam_") {
			return nil, fmt.Errorf("%s has a layer %s, which the model has not", c.Path, l.Name)
		}
	}
	return list.Match(&weights.Checkpoint{Path: c.Path, Layers: layers})
}
