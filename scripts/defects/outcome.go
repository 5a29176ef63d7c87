package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/files"
)

// outcomeName is the file in a run folder of a sweep that tells what came of it.
const outcomeName = "sweep.json"

// outcome is what came of a training of a sweep. It is the same whoever trains it, on one kind of machine.
type outcome struct {
	Network  string            `json:"network"`
	Settings map[string]string `json:"settings"` // other than those that have a member
	Seed     string            `json:"seed"`
	Fold     int               `json:"fold,omitempty"`
	Folds    int               `json:"folds,omitempty"`
	Weights  string            `json:"weights"`            // of the base, before the training
	Data     string            `json:"data"`               // from the hashes of the training and the validation images
	Diverged bool              `json:"diverged,omitempty"` // then it has no more members
	Epochs   int               `json:"epochs"`             // after which its weights are taken
	Correct  int               `json:"correct"`            // of the validation images
	Images   int               `json:"images"`
	Loss     float64           `json:"val_loss"`
	Notice   string            `json:"notice,omitempty"`
	Checksum string            `json:"checksum"` // see files.Seal
}

// fill writes the outcome into a file that is there.
func (o outcome) fill(path string) error {
	text, err := json.MarshalIndent(o, "", " ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(files.Seal(append(text, '\n')))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return &files.WriteError{Path: path, Err: err}
	}
	return nil
}

func readOutcome(path string) (o outcome, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return o, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err = d.Decode(&o); err == nil {
		err = files.CheckSeal(text, o.Checksum)
	}
	if err != nil {
		err = fmt.Errorf("%s is damaged: %w: remove its folder and train it again", path, err)
	}
	return o, err
}

// outcomes reads what is finished in the folder of a sweep, and names what is not.
func outcomes(name string) (all []outcome, unfinished []string, err error) {
	folder := classifier.RunDir(name)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("no sweep at %s: %w: run one first, with `%s`", folder, err, files.Defects("sweep"))
	}
	there := map[string]bool{}
	for _, e := range entries {
		if work, ok := strings.CutPrefix(e.Name(), "."); ok {
			work, number, ok := cutLast(work, ".work-")
			if _, err := os.Stat(filepath.Join(folder, work)); ok && number != "" && errors.Is(err, fs.ErrNotExist) {
				unfinished = append(unfinished, work)
			}
			continue
		}
		o, err := readOutcome(filepath.Join(folder, e.Name(), outcomeName))
		switch {
		case errors.Is(err, fs.ErrNotExist) || err != nil && !e.IsDir(): // something else
		case err != nil:
			return nil, nil, err
		default:
			all = append(all, o)
			there[e.Name()] = true
		}
	}
	planned, err := plannedIn(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range planned {
		if !there[name] {
			unfinished = append(unfinished, name)
		}
	}
	slices.Sort(unfinished)
	unfinished = slices.Compact(unfinished)
	if all == nil {
		return nil, nil, fmt.Errorf("%s holds no finished training of a sweep: run `%s` to its end, or name its folder", folder,
			files.Defects("sweep"))
	}
	return all, unfinished, nil
}

// cutLast is strings.Cut at the last place.
func cutLast(text, at string) (before, after string, found bool) {
	i := strings.LastIndex(text, at)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(at):], true
}
