package notebook

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// Watch returns a result.Watcher that draws the curves of loss and accuracy below the cell while a model
// trains, with one line of progress under them, all in one output that changes in place: after each epoch the
// curves, twice a second the line. When training ends, the final curves alone remain, and what they do not show:
// where the epochs come from, and how long the frozen layers took before them.
//
// While it trains, an interrupt ends the program at once, as it does without Watch, but the output says where, and whether
// the same call goes on from there. A program that must end in its own way gives Fit a watcher of its own.
//
// Outside Jupyter it prints one line per epoch, and one per phase before the first, on stderr.
// Make a new one for each training.
func Watch() result.Watcher {
	w := &watch{now: time.Now, id: "watch_" + gonbui.UniqueId(), live: live}
	return w.see
}

// between is the time between two changes of the progress line.
const between = 500 * time.Millisecond

type watch struct {
	now  func() time.Time
	id   string
	live func(w *watch) (end func()) // called when the work begins, with the mutex held, as end is when it ends

	mutex     sync.Mutex
	last      result.Progress // its History may have changed since
	end       func()
	start     time.Time // of the whole; zero before and after
	drawn     time.Time // of the last change of the output
	phase     string    // what is being computed: features or epochs
	part      string    // of the training: the head, or fine-tuning
	from      time.Time // when this phase or part began
	fromShare float64   // the share of this phase that was done when it began: a resumed run starts above 0
	epochs    int       // how many are in curves, or printed
	curves    string    // HTML of the figure
	parts     int       // how many are in it
}

func (w *watch) see(p result.Progress) {
	w.take(p)
	if w.live != nil && !p.Finished {
		endIfInterrupted()
	}
}

func (w *watch) take(p result.Progress) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	now := w.now()
	if p.History == nil {
		p.History = &result.History{}
	}
	notice.Tell(p.Notice)
	if w.start.IsZero() {
		if p.Err != nil { // nothing is shown that it would belong to
			return
		}
		w.start, w.phase, w.epochs, w.curves = now, "", -1, ""
		if w.live != nil {
			w.end = w.live(w)
		}
	}
	if p.Finished {
		defer w.finish()
	}
	if p.Err != nil {
		w.stop(p.Err)
		return
	}
	part := partOf(p.History, p.Epoch)
	newPhase := p.Phase != w.phase || part != w.part
	if newPhase { // an epoch of another part takes another time
		w.phase, w.part, w.from, w.fromShare = p.Phase, part, now, share(p)
	}
	newEpoch := p.History.Epochs() != w.epochs
	w.epochs, w.last = p.History.Epochs(), p
	switch {
	case !out.jupyter:
		w.print(p, now, newEpoch)
	case p.Finished:
		w.draw(p, 0)
		if w.curves == "" {
			w.curves = html.EscapeString(p.Phase) + ": done in " + duration(now.Sub(w.start)) + "."
		}
		for _, s := range ending(p) {
			w.curves += "<p>" + s + "</p>"
		}
		out.updateHTML(w.id, w.curves)
	case newEpoch || newPhase || now.Sub(w.drawn) >= between:
		if p.Phase != "preparing" && (newEpoch || len(p.History.Phases) != w.parts || w.curves == "") {
			w.draw(p, p.Epochs)
			w.parts = len(p.History.Phases)
		}
		w.drawn = now
		out.updateHTML(w.id, w.curves+w.lineHTML(p, now))
	}
}

// draw renders the curves of the finished epochs, on an axis for epochs to come if they are known: the picture
// then keeps its scale. A figure that cannot be drawn must not stop a training.
func (w *watch) draw(p result.Progress, epochs int) {
	h := *p.History
	if h.Epochs() == 0 && epochs == 0 {
		return
	}
	h.Notice = notice.Join(h.Notice, p.Notice)
	f, err := figure.Curves(&h, figure.CurvesOptions{Epochs: max(epochs, h.Epochs())})
	if err == nil {
		w.curves, err = figureHTML(f)
	}
	if err != nil {
		w.curves = noticeHTML("The curves could not be drawn: " + err.Error())
	}
}

func (w *watch) print(p result.Progress, now time.Time, newEpoch bool) {
	if h := p.History; newEpoch && h.Epochs() > p.Resumed && len(h.Accuracy) >= h.Epochs() {
		i := h.Epochs() - 1
		fmt.Fprintf(out.log, "%sepoch %d/%d: loss %.4f, accuracy %.4f", prefix(partOf(h, i+1)), i+1, max(p.Epochs, i+1),
			h.Loss[i], h.Accuracy[i])
		if i < len(h.ValLoss) && i < len(h.ValAccuracy) {
			fmt.Fprintf(out.log, ", val_loss %.4f, val_accuracy %.4f", h.ValLoss[i], h.ValAccuracy[i])
		}
		if i < len(h.Seconds) {
			fmt.Fprintf(out.log, ", %.1f s", h.Seconds[i])
		}
		fmt.Fprintln(out.log)
	}
	if p.Finished {
		for _, s := range ending(p) {
			fmt.Fprintln(out.log, s)
		}
	}
	if p.Epoch == 0 && p.Total > 0 && p.Done == p.Total && !p.Finished {
		fmt.Fprintf(out.log, "%s: %d, %s\n", p.Phase, p.Total, duration(now.Sub(w.from)))
	}
}

func (w *watch) lineHTML(p result.Progress, now time.Time) string {
	return fmt.Sprintf(`<div><progress max="1" value="%.3f"></progress> %s</div>`, share(p), html.EscapeString(w.line(p, now)))
}

// line is the progress in words: what, how far, how long, how good.
func (w *watch) line(p result.Progress, now time.Time) string {
	parts := []string{p.Phase}
	if p.Epoch > 0 {
		parts[0] = fmt.Sprintf("%sepoch %d of %d, step %d of %d", prefix(w.part), p.Epoch, p.Epochs, p.Step, p.Steps)
	} else if p.Total > 0 {
		parts[0] = howMany(p)
	}
	parts = append(parts, duration(now.Sub(w.start))+" so far")
	if done := share(p); done > w.fromShare {
		left := float64(now.Sub(w.from)) * (1 - done) / (done - w.fromShare)
		parts = append(parts, "about "+duration(time.Duration(left))+" left")
	}
	if p.Epoch > 0 && p.Done > 0 {
		parts = append(parts, fmt.Sprintf("loss %.4f", p.Loss), fmt.Sprintf("accuracy %.4f", p.Accuracy))
	}
	if h := p.History; h != nil && p.Epoch > 0 && len(h.LearningRate) > 0 && len(h.ValLoss) > 0 {
		best := slices.Index(h.ValLoss, slices.Min(h.ValLoss))
		parts = append(parts, fmt.Sprintf("learning rate %.3g", h.LearningRate[len(h.LearningRate)-1]),
			fmt.Sprintf("best so far: epoch %d, val_loss %.4f", best+1, h.ValLoss[best]))
	}
	return strings.Join(parts, " · ")
}

func howMany(p result.Progress) string { return fmt.Sprintf("%s: %d of %d", p.Phase, p.Done, p.Total) }

// partOf names the phase of the training that an epoch, counted from 1, belongs to; "" if it has none.
func partOf(h *result.History, epoch int) (name string) {
	for _, p := range h.Phases {
		if p.Epoch <= epoch {
			name = p.Name
		}
	}
	return name
}

func prefix(part string) string {
	if part == "" {
		return ""
	}
	return part + ", "
}

// share of the phase that is done, in [0, 1]. All epochs together are one phase.
func share(p result.Progress) float64 {
	if p.Total <= 0 {
		return 0
	}
	done := float64(p.Done) / float64(p.Total)
	if p.Epoch > 0 && p.Epochs > 0 {
		done = (float64(p.Epoch-1) + done) / float64(p.Epochs)
	}
	return min(max(done, 0), 1)
}

func duration(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	if d >= time.Hour {
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
}

// ending says what the curves of a finished training do not show.
func ending(p result.Progress) (sentences []string) {
	h := p.History
	if p.Resumed > 0 && p.Resumed == h.Epochs() {
		sentences = append(sentences, fmt.Sprintf("Already trained: %d epochs, read from the run's folder.", p.Resumed))
	}
	if h.Stopped > 0 {
		sentences = append(sentences, fmt.Sprintf("Stopped early, after epoch %d of %d.", h.Stopped, p.Epochs))
	}
	if h.Best > 0 {
		sentences = append(sentences, fmt.Sprintf("The model has the weights of its best epoch, %d.", h.Best))
	}
	if h.FeatureSeconds > 0 {
		sentences = append(sentences, fmt.Sprintf("The frozen layers took %.1f s for all images, once; the epochs took %.1f s.",
			h.FeatureSeconds, h.TotalSeconds()-h.FeatureSeconds))
	}
	return sentences
}
