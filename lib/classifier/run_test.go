package classifier

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/record"
	"github.com/transfer-learning-go/defects/lib/result"
)

func TestKilledRunEndsAsAnUnbrokenOne(t *testing.T) {
	folder := writeImages(t)
	data := openAt(t, folder)
	unbroken := newSmall(t, 1)
	want := fit(t, unbroken, data, FitConfig{Epochs: 5})

	run := t.TempDir()
	err := startChild(t, "kill", folder, run).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child was not killed: %v", err)
	}
	if _, h, err := Load(run); err != nil || h.Epochs() != 2 {
		t.Fatalf("after the kill the run has %v, %v; want 2 epochs", h, err)
	}
	trained := map[int]bool{}
	m := newSmall(t, 1)
	got := fit(t, m, data, FitConfig{Epochs: 5, Run: run, Watch: func(p result.Progress) {
		if p.Epoch > 0 && !p.Finished {
			trained[p.Epoch] = true
		}
	}})
	requireSame(t, got, want, m, unbroken)
	if len(trained) != 3 || trained[1] || trained[2] {
		t.Errorf("epochs %v were trained after the kill, want 3, 4 and 5", trained)
	}
	states, err := filepath.Glob(filepath.Join(run, "epoch-*"))
	if err != nil || len(states) != 1 {
		t.Errorf("the run holds %v, want the state of the last epoch only", states)
	}
}

func TestKilledRunWithAllOptionsEndsAsAnUnbrokenOne(t *testing.T) {
	folder, run := writeImages(t), t.TempDir()
	data := openAt(t, folder)
	unbroken := newSmall(t, 1)
	want := fit(t, unbroken, data, allOptions())
	if want.Best != 1 || want.Stopped != 4 || want.Epochs() != 4 ||
		!slices.Equal(want.LearningRate, []float64{1e-3, 1e-3, 5e-4, 2.5e-4}) {
		t.Errorf("epoch %d is the best, %d the last of %d, with rates %v", want.Best, want.Stopped, want.Epochs(),
			want.LearningRate)
	}

	if err := startChild(t, "kill with all options", folder, run).Run(); err == nil {
		t.Fatal("the child was not killed")
	}
	_, h, err := Load(run)
	if err != nil || h.Epochs() != 2 || h.Stopped != 0 {
		t.Fatalf("after the kill the run has %v, %v; want 2 epochs", h, err)
	}
	m, again, c := newSmall(t, 1), newSmall(t, 1), allOptions()
	c.Run = run
	requireSame(t, fit(t, m, data, c), want, m, unbroken)
	c.Watch = func(p result.Progress) {
		if p.Phase != "preparing" && (!p.Finished || p.Resumed != 4) {
			t.Errorf("a stopped run is trained on: %+v", p)
		}
	}
	c.Epochs = 10
	requireSame(t, fit(t, again, data, c), want, again, unbroken)
	loaded, h, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	requireSame(t, h, want, loaded, unbroken)
	if h.Note != augmentationNote {
		t.Errorf("the history notes %q", h.Note)
	}
	states, err := filepath.Glob(filepath.Join(run, "epoch-*"))
	if err != nil || len(states) != 2 || filepath.Base(states[0]) != "epoch-0001.h5" {
		t.Errorf("the run holds %v, want the states of the best and of the last epoch", states)
	}
}

func TestRunWithBestWeightsGoesOnFromItsLastEpoch(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	m := newSmall(t, 1)
	var first layer.Values
	c := FitConfig{Epochs: 2, BatchSize: wholeSplit, Run: run,
		EarlyStopping: &EarlyStopping{Patience: 9, MinDelta: 10, RestoreBestWeights: true},
		Watch: func(p result.Progress) {
			if p.Epoch == 1 {
				first = maps.Clone(m.Values)
			}
		}}
	if h := fit(t, m, data, c); h.Best != 1 || h.Stopped != 0 {
		t.Errorf("epoch %d is the best, %d the last", h.Best, h.Stopped)
	}
	if !reflect.DeepEqual(m.Values, first) {
		t.Error("the model does not have the weights of its best epoch")
	}
	more, whole := newSmall(t, 1), newSmall(t, 1)
	c.Epochs = 3
	got := fit(t, more, data, c)
	c.Run = ""
	requireSame(t, got, fit(t, whole, data, c), more, whole)
	c.Run, c.Epochs = run, 4
	if err := os.Remove(filepath.Join(run, "epoch-0001.h5")); err != nil {
		t.Fatal(err)
	}
	_, err := newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation, c)
	requireInError(t, err, "epoch-0001.h5", "Retrain")
}

// A cell of a notebook is run again in a new process: what it does must not depend on having been run before.
func TestFineTuningCellIsRunAgain(t *testing.T) {
	data, head, tuned := openImages(t), t.TempDir(), t.TempDir()
	c := FitConfig{Epochs: 1, BatchSize: wholeSplit, Run: head}
	fit(t, newSmall(t, 1), data, c)
	steps := 0
	c.Run, c.LearningRate, c.Watch = tuned, 1e-5, func(p result.Progress) {
		if p.Epoch > 0 {
			steps++
		}
	}
	fineTune := func(m *Model) (*Model, *result.History) {
		m.Base.Layers.Last(6).Unfreeze()
		steps = 0
		return m, fit(t, m, data, c)
	}
	load := func() *Model {
		m, _, err := Load(head)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m, want := fineTune(load())
	if steps < 2 {
		t.Fatalf("%d calls of the watcher: nothing was trained", steps)
	}
	again, h := fineTune(load())
	requireSame(t, h, want, again, m)
	if steps != 1 {
		t.Errorf("%d calls of the watcher, want the one that says that the run is finished", steps)
	}
	both := newSmall(t, 1) // both phases in one cell
	fit(t, both, data, FitConfig{Epochs: 1, BatchSize: wholeSplit, Run: head})
	_, h = fineTune(both)
	requireSame(t, h, want, both, m)
	if steps != 1 {
		t.Errorf("in one cell: %d calls of the watcher", steps)
	}
}

func TestFinishedRunIsNotTrainedAgain(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	a, b := newSmall(t, 1), newSmall(t, 1)
	want := fit(t, a, data, FitConfig{Epochs: 2, Run: run})
	steps := 0
	var last result.Progress
	got := fit(t, b, data, FitConfig{Epochs: 2, Run: run, Watch: func(p result.Progress) {
		if last = p; p.Phase != "preparing" {
			steps++
		}
	}})
	requireSame(t, got, want, a, b)
	if !slices.Equal(got.Seconds, want.Seconds) || steps != 1 || !last.Finished || last.Resumed != 2 {
		t.Errorf("%d calls of the watcher, the last with %+v; want one that says that 2 epochs were there", steps, last)
	}
	more := fit(t, newSmall(t, 1), data, FitConfig{Epochs: 3, Run: run})
	if whole := fit(t, newSmall(t, 1), data, FitConfig{Epochs: 3}); !slices.Equal(more.Loss, whole.Loss) {
		t.Errorf("a third epoch gives %v, three at once %v", more.Loss, whole.Loss)
	}
}

func TestRunOfOtherSettingsIsRefused(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	fit(t, newSmall(t, 1), data, FitConfig{Epochs: 1, Run: run})
	before, err := os.ReadFile(filepath.Join(run, runName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = newSmall(t, 2).Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 1, BatchSize: 32, LearningRate: 1e-4, Run: run})
	requireInError(t, err, run, "seed: was 1, is 2", "batch size: was 16, is 32", "learning rate: was 0.001, is 0.0001", "Retrain")
	all := allOptions()
	all.Run, all.Schedule = run, CosineDecay{Alpha: 0.1, WarmupSteps: 2}
	_, err = newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation, all)
	requireInError(t, err, `schedule of the learning rate: was none, is {"class_name":"CosineDecay","config":{"decay_steps":16,`,
		`early stopping: was none, is {"monitor":"val_loss","patience":3,`, "class weights: was none, is [1,2,0.5]",
		`augmentation: was none, is {"flip_horizontal":true,`)
	unfrozen := newSmall(t, 1)
	unfrozen.Base.Layers[100:].Unfreeze()
	_, err = unfrozen.Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
	requireInError(t, err, "frozen layers: block_11_depthwise, block_11_depthwise_BN, block_11_project and 33 more were frozen and are not")
	fewer := *data
	fewer.Train = data.Train.Subset(5)
	_, err = newSmall(t, 1).Fit(t.Context(), fewer.Train, fewer.Validation, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
	requireInError(t, err, "images: ")
	after, err := os.ReadFile(filepath.Join(run, runName))
	if err != nil || string(after) != string(before) {
		t.Errorf("a refused training changed the run (%v)", err)
	}
}

func TestRetrainStartsOver(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	fit(t, newSmall(t, 1), data, FitConfig{Epochs: 3, Run: run})
	m, fresh := newSmall(t, 2), newSmall(t, 2)
	got := fit(t, m, data, FitConfig{Epochs: 1, Run: run, Retrain: true})
	requireSame(t, got, fit(t, fresh, data, FitConfig{Epochs: 1}), m, fresh)
	_, h, err := Load(run)
	if err != nil || h.Epochs() != 1 {
		t.Errorf("the run has %v, %v; want the one new epoch", h, err)
	}
}

func TestLoadGivesTheSameProbabilities(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	m := newSmall(t, 1)
	fit(t, m, data, FitConfig{Epochs: 2, Run: run})
	want, err := m.Predict(t.Context(), data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	loaded, h, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Predict(t.Context(), data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	predictor, err := loaded.Predictor()
	if err != nil {
		t.Fatal(err)
	}
	defer predictor.Close()
	anew, err := predictor.Predict(t.Context(), data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	correct := 0
	for i, row := range want.Probabilities {
		if !slices.Equal(row, got.Probabilities[i]) || !slices.Equal(row, anew.Probabilities[i]) {
			t.Errorf("image %d: %v, loaded %v, computed anew %v", i, row, got.Probabilities[i], anew.Probabilities[i])
		}
		if want.Predicted[i] == want.Actual[i] {
			correct++
		}
	}
	if a := float64(correct) / float64(len(want.Actual)); a != h.ValAccuracy[1] {
		t.Errorf("predictions have accuracy %v, the history says %v", a, h.ValAccuracy[1])
	}
	if loaded.Summary() != m.Summary() || loaded.Notice() != m.Notice() || !slices.Equal(loaded.Classes, m.Classes) {
		t.Error("summary, notice or classes differ after loading")
	}
	_, _, err = Load(filepath.Join(run, "none"))
	requireInError(t, err, "no run at", "train one first")
}

func TestDamagedRunIsRefused(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	fit(t, newSmall(t, 1), data, FitConfig{Epochs: 1, Run: run})
	path := filepath.Join(run, runName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range []string{string(whole[:len(whole)/2]), "",
		strings.Replace(string(whole), "epoch-0001.h5", "../../etc/epoch-0001.h5", 1),
		strings.Replace(string(whole), "epoch-0001.h5", "epoch-0009.h5", 1)} {
		if err := os.WriteFile(path, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
		requireInError(t, err, run, "Retrain")
		if _, _, err := Load(run); err == nil {
			t.Errorf("a run.json of %d bytes is loaded", len(damaged))
		}
	}
	fit(t, newSmall(t, 1), data, FitConfig{Epochs: 1, Run: run, Retrain: true})
}

func TestRunIsTrainedByOneProcessAtATime(t *testing.T) {
	folder, run := writeImages(t), t.TempDir()
	data := openAt(t, folder)
	child := startChild(t, "wait", folder, run)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		child.Process.Kill()
		child.Wait()
	}()
	for lines := bufio.NewScanner(out); lines.Text() != "training"; { // before that it says its notices
		if !lines.Scan() {
			t.Fatalf("the child ends before it trains: %v", lines.Err())
		}
	}
	_, err = newSmall(t, 1).Fit(t.Context(), data.Train, data.Validation, FitConfig{Epochs: 5, BatchSize: batchSize, Run: run})
	requireInError(t, err, run, "another process")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if h := fit(t, newSmall(t, 1), data, FitConfig{Epochs: 3, Run: run}); h.Epochs() != 3 {
		t.Errorf("after the other is gone: %+v", h)
	}
}

// What a table shows of a run is of the days and machines that trained it.
func TestRunTellsWhereItComesFrom(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	fit(t, newSmall(t, 4711), data, FitConfig{Epochs: 1, Run: run})
	file, err := readRun(run)
	if err != nil || file.Made != record.Today() || file.Machine != record.Machine() {
		t.Fatalf("made %q on %q, %v", file.Made, file.Machine, err)
	}
	file.Made, file.Machine = "2025-01-02", "elsewhere"
	if err := file.write(run); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(run); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2025-01-02", "elsewhere", "MobileNetV2 α=0.35: random", "4711", filepath.Base(data.Origin)} {
		if got := fmt.Sprintf("%+v", record.Told()); !strings.Contains(got, want) {
			t.Errorf("%s does not say %s", got, want)
		}
	}
	fit(t, newSmall(t, 4711), data, FitConfig{Epochs: 2, Run: run})
	if file, err = readRun(run); err != nil || file.Made != "2025-01-02; "+record.Today() || file.Machine != "elsewhere; "+record.Machine() {
		t.Errorf("gone on with: made %q on %q, %v", file.Made, file.Machine, err)
	}
}
