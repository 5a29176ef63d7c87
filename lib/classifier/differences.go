package classifier

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/record"
)

// describe fills run.json for a run that starts now, but for its phases.
func (f *fitting) describe() (runFile, error) {
	m := f.model
	d, err := device.Open()
	if err != nil {
		return runFile{}, err
	}
	train, err := images.Hash(f.train, m.ImageSize)
	if err != nil {
		return runFile{}, err
	}
	validation, err := images.Hash(f.validation, m.ImageSize)
	if err != nil {
		return runFile{}, err
	}
	return runFile{
		facts: m.facts(), ImageSize: m.ImageSize, BatchSize: f.config.BatchSize, ClassWeights: f.config.ClassWeights,
		Data: f.train.About().Origin, DataHash: train + validation,
		InitialHash: m.Layers.Hash(m.Values), Backend: d.String(), Go: runtime.Version(),
		Made: record.Today(), Machine: record.Machine(),
	}, nil
}

// difference is a setting that makes two runs incomparable.
type difference struct {
	what      string
	same      bool
	was, want any
}

// settings is a value as run.json holds it; nil and what is left out there are "none".
func settings(v any) string {
	raw, err := json.Marshal(v)
	if text := string(raw); err == nil && text != "null" && text != "{}" {
		return text
	}
	return "none"
}

// stored is what reading from run.json gives for a value: JSON replaces bytes that are no text.
func stored(texts []string) (out []string) {
	for _, text := range texts {
		out = append(out, string([]rune(text)))
	}
	return out
}

// differences names what makes this training another one than that of a run. Data and weights count by content, not by
// place.
func (f *fitting) differences(old runFile) ([]string, error) {
	fresh := f.run.file
	initial := fresh.InitialHash == old.InitialHash || fresh.Seed != old.Seed
	if !initial { // the hash also changes with how a layer is described here
		m, err := loadFile(filepath.Join(f.run.path, initialFile))
		if err != nil {
			return nil, err
		}
		initial = m.Layers.Hash(m.Values) == fresh.InitialHash
	}
	out := tell("", []difference{
		{"classes", slices.Equal(stored(fresh.Classes), old.Classes), old.Classes, fresh.Classes},
		{"images", fresh.DataHash == old.DataHash, old.Data, fresh.Data + " (other content)"},
		{"layers or initial weights", initial, old.Backbone + " " + old.Source, "other ones"},
		{"seed", fresh.Seed == old.Seed, old.Seed, fresh.Seed},
		{"batch size", fresh.BatchSize == old.BatchSize, old.BatchSize, fresh.BatchSize},
		{"class weights", slices.Equal(fresh.ClassWeights, old.ClassWeights), settings(old.ClassWeights),
			settings(fresh.ClassWeights)},
		{"mode of the base", fresh.BaseTraining == old.BaseTraining, old.BaseTraining, fresh.BaseTraining},
		{"phases", len(f.plans) >= len(old.Phases), len(old.Phases), len(f.plans)},
	})
	for i := range min(len(f.plans), len(old.Phases)) {
		diff, err := f.phaseDifferences(i, old)
		if err != nil {
			return nil, err
		}
		out = append(out, diff...)
	}
	return out, nil
}

// phaseDifferences compares a phase that has begun. The last one may get more epochs.
func (f *fitting) phaseDifferences(at int, old runFile) ([]string, error) {
	fresh, err := f.model.record(f.plans[at])
	if err != nil {
		return nil, err
	}
	was, end, last := old.Phases[at], old.History.Epochs(), at == len(old.Phases)-1
	if !last {
		end = old.Phases[at+1].First
	}
	trained := end - was.First
	lasts := was.Stopped > 0 || (last || trained == fresh.Epochs) && (at == len(f.plans)-1 || trained <= fresh.Epochs)
	where := ""
	if fresh.Name != "" {
		where = fmt.Sprintf("phase %q: ", fresh.Name)
	}
	frozen := f.frozenDifference(was.Frozen, fresh.Frozen)
	out := tell(where, []difference{
		{"epochs", lasts, trained, fresh.Epochs},
		{"learning rate", fresh.LearningRate == was.LearningRate, was.LearningRate, fresh.LearningRate},
		{"learning rates of layers", settings(fresh.Rates) == settings(was.Rates), settings(was.Rates), settings(fresh.Rates)},
		{"schedule of the learning rate", settings(fresh.Schedule) == settings(was.Schedule), settings(was.Schedule),
			settings(fresh.Schedule)},
		{"early stopping", settings(fresh.EarlyStopping) == settings(was.EarlyStopping), settings(was.EarlyStopping),
			settings(fresh.EarlyStopping)},
		{"augmentation", fresh.Augment == was.Augment, settings(was.Augment), settings(fresh.Augment)},
	})
	if frozen != "" {
		out = append(out, where+frozen)
	}
	return out, nil
}

func tell(where string, all []difference) (out []string) {
	for _, d := range all {
		if !d.same {
			out = append(out, fmt.Sprintf("%s%s: was %v, is %v", where, d.what, d.was, d.want))
		}
	}
	return out
}

// frozenDifference names the layers with weights that only one of two trainings freezes; "" if there are none.
func (f *fitting) frozenDifference(was, is []string) string {
	var now, before []string // frozen only now, only before
	for _, l := range f.model.Layers {
		if len(l.W) == 0 {
			continue
		}
		switch a, b := slices.Contains(was, l.Name), slices.Contains(is, l.Name); {
		case b && !a:
			now = append(now, l.Name)
		case a && !b:
			before = append(before, l.Name)
		}
	}
	var parts []string
	if before != nil {
		parts = append(parts, few(before)+" were frozen and are not")
	}
	if now != nil {
		parts = append(parts, few(now)+" were not frozen and are")
	}
	if parts == nil {
		return ""
	}
	return "frozen layers: " + strings.Join(parts, ", ")
}

// few lists at most three names.
func few(names []string) string {
	if n := len(names); n > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), n-3)
	}
	return strings.Join(names, ", ")
}
