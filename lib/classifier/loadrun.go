package classifier

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// loadRun reads a run. Another process may be training it: a state that was replaced while it was read is read anew.
func loadRun(run string) (*Model, *result.History, error) {
	path := RunDir(run)
	for f, err := readRun(path); ; {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("no run at %s: train one first, with Fit or `%s`", path, files.Defects("train"))
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: train it again with Retrain (--retrain)", err)
		}
		m, failed := f.build(path)
		if failed == nil {
			m.Notes = append(m.Notes, f.notes(path)...)
			f.tell(m)
			return m, &f.History, nil
		}
		before := f
		if f, err = readRun(path); err == nil && reflect.DeepEqual(f, before) {
			return nil, nil, fmt.Errorf("run %s: %w: train it again with Retrain (--retrain)", path, failed)
		}
	}
}

// build gives the model as the run has left it.
func (f runFile) build(path string) (*Model, error) {
	if err := f.check(path, initialFile, f.weightsFile()); err != nil {
		return nil, err
	}
	m, err := loadFile(filepath.Join(path, initialFile))
	if err != nil {
		return nil, err
	}
	trained, err := weights.Open(filepath.Join(path, f.weightsFile()))
	if err != nil {
		return nil, err
	}
	for _, l := range m.Layers { // as the last phase has them
		l.Frozen = slices.Contains(f.Phases[len(f.Phases)-1].Frozen, l.Name)
	}
	return m, m.takeWeights(trained)
}
