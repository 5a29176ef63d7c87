package notebook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/result"
)

// train plays a training of some epochs with 100 steps of 10 ms each, and the features before it.
func train(h *result.History, epochs int, watch result.Watcher, clock *time.Time) {
	for done := 0; done <= 32; done += 8 {
		*clock = clock.Add(100 * time.Millisecond)
		watch(result.Progress{Phase: "features of train", Done: done, Total: 32, Epochs: epochs, History: h, Resumed: h.Epochs()})
	}
	p := result.Progress{Phase: "epoch", Epochs: epochs, Total: 3200, Steps: 100, History: h, Loss: 0.5, Accuracy: 0.75,
		Resumed: h.Epochs()}
	for p.Epoch = h.Epochs() + 1; p.Epoch <= epochs; p.Epoch++ {
		for p.Step = 1; p.Step <= 100; p.Step++ {
			*clock = clock.Add(10 * time.Millisecond)
			p.Done = 32 * p.Step
			watch(p)
		}
		h.Loss, h.Accuracy = append(h.Loss, 0.5), append(h.Accuracy, 0.75)
		h.ValLoss, h.ValAccuracy = append(h.ValLoss, 0.25), append(h.ValAccuracy, 1)
		h.Seconds = append(h.Seconds, 1)
		p.Step = p.Steps
		watch(p)
	}
	p.Epoch, p.Finished = epochs, true
	watch(p)
}

func newTestWatch() (*watch, *time.Time) {
	clock := time.Unix(1e9, 0)
	return &watch{id: "id", now: func() time.Time { return clock }}, &clock
}

func TestWatchUpdatesOneOutputAndEndsWithTheFigureAlone(t *testing.T) {
	r := record(t, true)
	w, clock := newTestWatch()
	train(&result.History{}, 3, w.see, clock)
	if len(r.ids) != 1 || len(r.shown) != 0 {
		t.Errorf("outputs: %d updatable, %d others; want 1, 0", len(r.ids), len(r.shown))
	}
	// 3.5 s of training at two changes a second, and one per epoch, per phase and at the end.
	if n := len(r.updates); n < 6 || n > 13 {
		t.Errorf("%d updates of the output", n)
	}
	last := r.updates[len(r.updates)-1]
	if strings.Contains(last, "<progress") || strings.Count(last, "<img") != 1 || !strings.Contains(last, "3 epochs") {
		t.Errorf("the last output is %.300q", last)
	}
	for _, update := range r.updates[:len(r.updates)-1] {
		if !strings.Contains(update, "<progress") {
			t.Errorf("no progress in %.300q", update)
		}
	}
}

func TestWatchSaysHowFarAndHowLong(t *testing.T) {
	now := time.Unix(1e9, 0)
	w := &watch{start: now.Add(-70 * time.Second), from: now.Add(-30 * time.Second)}
	p := result.Progress{Phase: "epoch", Epoch: 2, Epochs: 4, Done: 1600, Total: 3200, Step: 50, Steps: 100}
	w.fromShare = 0.25 // the run was resumed after epoch 1: half an epoch in 30 s
	got := w.line(p, now)
	if !strings.Contains(got, "about 2 min 30 s left") {
		t.Error(got)
	}
	w.fromShare, p.Loss, p.Accuracy = 0, 0.5, 0.75
	got = w.line(p, now)
	// 1.5 of 4 epochs in 30 s: 50 s for the other 2.5.
	want := "epoch 2 of 4, step 50 of 100 · 1 min 10 s so far · about 50 s left · loss 0.5000 · accuracy 0.7500"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.History = &result.History{ValLoss: []float64{0.5, 0.25, 0.75}, LearningRate: []float64{1e-3, 1e-3, 5e-4}}
	if got = w.line(p, now); got != want+" · learning rate 0.0005 · best so far: epoch 2, val_loss 0.2500" {
		t.Error(got)
	}
}

func TestWatchPrintsALinePerEpochOutsideJupyter(t *testing.T) {
	r := record(t, false)
	w, clock := newTestWatch()
	train(&result.History{}, 2, w.see, clock)
	want := `features of train: 32, 0 s
epoch 1/2: loss 0.5000, accuracy 0.7500, val_loss 0.2500, val_accuracy 1.0000, 1.0 s
epoch 2/2: loss 0.5000, accuracy 0.7500, val_loss 0.2500, val_accuracy 1.0000, 1.0 s
`
	if got := r.log.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWatchOfAResumedRunPrintsNewEpochsOnly(t *testing.T) {
	r := record(t, false)
	w, clock := newTestWatch()
	h := &result.History{Loss: []float64{1}, Accuracy: []float64{0.5}, ValLoss: []float64{1}, ValAccuracy: []float64{0.5}}
	train(h, 2, w.see, clock)
	if got := r.log.String(); strings.Contains(got, "epoch 1/2") || !strings.Contains(got, "epoch 2/2") {
		t.Error(got)
	}
}

func TestWatchOfAFinishedRunShowsItsCurvesAtOnce(t *testing.T) {
	r := record(t, true)
	w, _ := newTestWatch()
	h := &result.History{Loss: []float64{1}, Accuracy: []float64{0.5}, ValLoss: []float64{1}, ValAccuracy: []float64{0.5}}
	w.see(result.Progress{History: h, Finished: true})
	if len(r.updates) != 1 || !strings.Contains(r.updates[0], "<img") {
		t.Errorf("%.300q", r.updates)
	}
}

func TestWatchSurvivesCurvesThatCannotBeDrawn(t *testing.T) {
	r := record(t, true)
	w, _ := newTestWatch()
	w.see(result.Progress{Phase: "epoch", Epochs: 2, History: &result.History{Loss: []float64{1}}})
	w.see(result.Progress{Finished: true})
	if len(r.updates) != 2 || !strings.Contains(r.updates[0], "could not be drawn") {
		t.Errorf("%.300q", r.updates)
	}
}

func TestWatchSaysHowTheTrainingEnded(t *testing.T) {
	stopped := &result.History{Loss: []float64{1, 1, 1}, Accuracy: []float64{0, 0, 0}, Stopped: 3, Best: 2}
	want := []string{"Stopped early, after epoch 3 of 9.", "The model has the weights of its best epoch, 2."}
	for _, jupyter := range []bool{true, false} {
		r := record(t, jupyter)
		w, _ := newTestWatch()
		w.see(result.Progress{Phase: "epoch", Epochs: 9, History: stopped, Finished: true})
		got := r.log.String() + strings.Join(r.updates, "")
		for _, sentence := range want {
			if !strings.Contains(got, sentence) {
				t.Errorf("Jupyter %v: no %q in %.300q", jupyter, sentence, got)
			}
		}
	}
}

func TestWatchFollowsThePhasesOfATraining(t *testing.T) {
	h := &result.History{Loss: []float64{1, 1}, Accuracy: []float64{0.5, 0.5}, Seconds: []float64{1, 1},
		Phases: []result.Phase{{Name: "head", Epoch: 1}, {Name: "fine-tuning", Epoch: 2}}}
	for _, jupyter := range []bool{true, false} {
		r := record(t, jupyter)
		w, clock := newTestWatch()
		w.see(result.Progress{Phase: "epoch", Epoch: 1, Epochs: 3, Total: 320, Steps: 10, History: &result.History{Phases: h.Phases[:1]}})
		*clock = clock.Add(time.Hour)
		w.see(result.Progress{Phase: "epoch", Epoch: 2, Epochs: 3, Total: 320, Steps: 10, History: h})
		got := r.log.String()
		if jupyter {
			got = r.updates[len(r.updates)-1]
		}
		want := "fine-tuning, epoch 2/3: loss"
		if jupyter {
			want = "fine-tuning, epoch 2 of 3, step 0 of 10 · 1 h 00 min so far<" // the hour says nothing of these epochs
		}
		if !strings.Contains(got, want) || jupyter && !strings.Contains(got, "head from epoch 1 on; fine-tuning from epoch 2 on") {
			t.Errorf("Jupyter %v: no %q in %.400s … %s", jupyter, want, got, got[max(0, len(got)-200):])
		}
	}
}

func TestWatchSaysWhatTheFrozenLayersTook(t *testing.T) {
	h := &result.History{Loss: []float64{1, 1}, Accuracy: []float64{0, 0}, Seconds: []float64{0.5, 1}, FeatureSeconds: 80.25}
	want := "The frozen layers took 80.2 s for all images, once; the epochs took 1.5 s."
	for _, jupyter := range []bool{true, false} {
		r := record(t, jupyter)
		w, _ := newTestWatch()
		w.see(result.Progress{Phase: "epoch", Epochs: 2, History: h, Finished: true})
		if got := r.log.String() + strings.Join(r.updates, ""); !strings.Contains(got, want) {
			t.Errorf("Jupyter %v: no %q in %.300q", jupyter, want, got)
		}
	}
}

func TestDurationsAreReadable(t *testing.T) {
	for d, want := range map[time.Duration]string{
		4 * time.Second: "4 s", 61 * time.Second: "1 min 01 s", time.Hour - time.Second: "59 min 59 s",
		17*time.Hour + 59*time.Minute + 30*time.Second: "17 h 59 min", 26*time.Hour + time.Minute: "26 h 01 min",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// Images of a source of one's own are opened by nobody who tells.
func TestWatchTellsTheNoticeOfATraining(t *testing.T) {
	r := record(t, true)
	w, _ := newTestWatch()
	text := fmt.Sprint("drawn by hand ", time.Now().UnixNano())
	h := &result.History{Loss: []float64{1}, Accuracy: []float64{0.5}}
	w.see(result.Progress{Phase: "epoch", Epochs: 2, History: h, Notice: text})
	if len(r.shown) != 1 || !strings.Contains(r.shown[0], text) || !strings.Contains(r.updates[0], "Notice: "+text) {
		t.Errorf("%.300q, %.300q", r.shown, r.updates)
	}
	if h.Notice != "" {
		t.Error("the history was changed")
	}
}
