package classifier

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
	got := fit(t, m, data, FitConfig{Epochs: 5, Run: run, Watch: func(p Progress) {
		if !p.Finished {
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

func TestFinishedRunIsNotTrainedAgain(t *testing.T) {
	data, run := openImages(t), t.TempDir()
	a, b := newSmall(t, 1), newSmall(t, 1)
	want := fit(t, a, data, FitConfig{Epochs: 2, Run: run})
	steps := 0
	var last Progress
	got := fit(t, b, data, FitConfig{Epochs: 2, Run: run, Watch: func(p Progress) {
		if steps++; p.Finished {
			last = p
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
	_, err = newSmall(t, 2).Fit(data, FitConfig{Epochs: 1, BatchSize: 32, LearningRate: 1e-4, Run: run})
	requireInError(t, err, run, "seed: was 1, is 2", "batch size: was 16, is 32", "learning rate: was 0.001, is 0.0001", "Retrain")
	unfrozen := newSmall(t, 1)
	unfrozen.Base.Layers[100:].Unfreeze()
	_, err = unfrozen.Fit(data, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
	requireInError(t, err, "frozen layers: was 154 layers, is 100 layers")
	fewer := *data
	fewer.Train = data.Train.Subset(5)
	_, err = newSmall(t, 1).Fit(&fewer, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
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
	want, err := m.Predict(data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	loaded, h, err := Load(run)
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Predict(data.Validation)
	if err != nil {
		t.Fatal(err)
	}
	anew, err := loaded.PredictFiles(data.Validation.Files)
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
		_, err := newSmall(t, 1).Fit(data, FitConfig{Epochs: 1, BatchSize: batchSize, Run: run})
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
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the child says %q, %v", line, err)
	}
	_, err = newSmall(t, 1).Fit(data, FitConfig{Epochs: 5, BatchSize: batchSize, Run: run})
	requireInError(t, err, run, "another process")
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	if h := fit(t, newSmall(t, 1), data, FitConfig{Epochs: 3, Run: run}); h.Epochs() != 3 {
		t.Errorf("after the other is gone: %+v", h)
	}
}
