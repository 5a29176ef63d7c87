package classifier

import (
	"context"
	"fmt"
	"maps"
	"math"
	"time"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// Fit trains the layers that are not frozen with Adam on categorical cross-entropy, and measures on the validation images
// after each epoch. What is frozen is computed once per image; sources that are features of this model's cut are taken as
// they are (see Features). The model holds the weights of the last epoch afterwards, or of the best (see EarlyStopping),
// and the classes of train. Layers stay frozen as the last phase had them.
//
// The same seed, backend and data give the same history, bit by bit, on one machine, in one go or resumed. Several devices
// (device.Use) share each batch by rows; one that they do not divide evenly, such as the last of an epoch, each of them
// computes whole. Another number of them gives the same history up to rounding, and may go on with a Run.
//
// When ctx ends, the training does so within a step, and a Run can be taken up again. A loss that is not finite ends it
// with ErrDiverged.
func (m *Model) Fit(ctx context.Context, train, validation images.Source, c FitConfig) (*result.History, error) {
	if err := m.checkTrained(); err != nil {
		return nil, err
	}
	classes, err := m.agree(train, validation)
	if err != nil {
		return nil, err
	}
	if c, err = c.withDefaults(train.Len(), len(classes)); err != nil {
		return nil, fmt.Errorf("FitConfig: %w", err)
	}
	plans, err := m.plans(c.Phases)
	if err != nil {
		return nil, err
	}
	train, validation = decoded(train, m.Decoder), decoded(validation, m.Decoder)
	m.Classes = classes
	m.DataNotice = notice.Join(m.DataNotice, train.About().Notice, validation.About().Notice)
	f := &fitting{model: m, config: c, plans: plans, train: train, validation: validation,
		history: result.History{Notice: m.Notice()}}
	f.tell(result.Progress{Phase: "preparing"})
	if err := f.fit(ctx); err != nil {
		f.tell(result.Progress{Phase: "epoch", Finished: true, Err: err})
		return nil, err
	}
	f.tell(result.Progress{Phase: "epoch", Epoch: f.history.Epochs(), Finished: true})
	notice.Say(f.worthless())
	return &f.history, nil
}

// worthless says that the loss is far beyond that of guessing; "" if it is not.
func (f *fitting) worthless() string {
	const far = 100
	epoch, guessing := f.history.Epochs(), math.Log(float64(len(f.model.Classes)))
	if f.history.Best > 0 {
		epoch = f.history.Best
	}
	loss := f.history.Loss[epoch-1]
	if loss < guessing+far {
		return ""
	}
	return fmt.Sprintf("the training loss is %.3g after epoch %d, and that of guessing %.2f: the model has learned nothing; train it "+
		"again with a smaller learning rate than %v", loss, epoch, guessing, f.plans[len(f.plans)-1].LearningRate)
}

// fit trains what is left to train.
func (f *fitting) fit(ctx context.Context) error {
	if f.config.Run != "" {
		unlock, err := f.open()
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := f.resume(); err != nil {
		return err
	}
	f.history.Notice = f.model.Notice()
	for f.next() {
		if err := f.plans[len(f.begun)-1].wrap(f.phase(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// fitting is one call of Fit.
type fitting struct {
	model             *Model
	config            FitConfig // Phases has them all
	plans             []plan    // of the phases
	train, validation images.Source
	history           result.History
	begun             []progress // of the phases, as far as they have begun
	resumed           int        // epochs that an earlier call trained
	run               *runFolder // nil if nothing is kept
	// saved is the state to go on from: that of the last epoch of the last phase that has begun.
	saved *weights.Checkpoint
	best  layer.Values // of the best epoch so far of that phase; nil if none is to be restored
	steps int          // of that phase
}

// progress is how far a phase is. Epochs count over all phases.
type progress struct {
	first         int // how many epochs the phases before have
	best, stopped int // as result.History has them
}

// tell reports progress to the watcher.
func (f *fitting) tell(p result.Progress) {
	if f.config.Watch == nil {
		return
	}
	p.Epochs, p.History, p.Resumed = f.config.epochs(), &f.history, f.resumed
	if f.history.Epochs() > 0 || p.Epoch > 0 { // else what is done are features, which are stored or not
		p.Kept = f.config.Run != ""
	}
	p.Notice = notice.Join(f.history.Notice, p.Notice)
	f.config.Watch(p)
}

// tellFeatures is tell for the features of a training, after which it goes on.
func (f *fitting) tellFeatures(p result.Progress) {
	if !p.Finished {
		f.tell(p)
	}
}

// next begins the next phase if the last one is over, and reports whether there is something to train.
func (f *fitting) next() bool {
	at := len(f.begun) - 1
	if at >= 0 && !f.over(at) {
		f.model.setFrozen(f.plans[at].frozen)
		return true
	}
	if at+1 == len(f.plans) {
		f.model.setFrozen(f.plans[at].frozen)
		return false
	}
	f.begun = append(f.begun, progress{first: f.history.Epochs()})
	f.saved, f.best, f.steps = nil, nil, 0
	f.model.setFrozen(f.plans[at+1].frozen)
	f.describePhases()
	return true
}

// over reports whether a phase that has begun has ended.
func (f *fitting) over(at int) bool {
	end := f.history.Epochs()
	if at+1 < len(f.begun) {
		end = f.begun[at+1].first
	}
	return f.begun[at].stopped > 0 || end-f.begun[at].first >= f.plans[at].Epochs
}

// describePhases writes into the history where phases begin and end.
func (f *fitting) describePhases() {
	last := f.begun[len(f.begun)-1]
	f.history.Best, f.history.Stopped, f.history.Phases = last.best, last.stopped, nil
	if len(f.plans) == 1 {
		return
	}
	for i, p := range f.begun {
		f.history.Phases = append(f.history.Phases,
			result.Phase{Name: f.plans[i].Name, Epoch: p.first + 1, Best: p.best, Stopped: p.stopped})
	}
}

// phase trains the last phase that has begun to its end.
func (f *fitting) phase(ctx context.Context) error {
	now := &f.begun[len(f.begun)-1]
	t, err := f.training(ctx, now.first)
	if err != nil {
		return err
	}
	defer t.finish()
	if err := f.begin(); err != nil {
		return err
	}
	for !f.over(len(f.begun) - 1) {
		if err := t.epoch(ctx); err != nil {
			return fmt.Errorf("epoch %d: %w", f.history.Epochs()+1, err)
		}
		now.best, now.stopped = t.judge()
		f.describePhases()
		if err := f.save(t); err != nil {
			return fmt.Errorf("saving run %s: %w: start it again, and it goes on after its last whole epoch", f.config.Run, err)
		}
		t.reportEpoch()
	}
	if now.best > 0 {
		maps.Copy(f.model.Values, t.best)
	}
	f.model.forget()
	return nil
}

// training prepares the last phase that has begun, with the state it is to go on from.
func (f *fitting) training(ctx context.Context, first int) (t *training, err error) {
	m := f.model
	t = &training{model: m, plan: f.plans[len(f.begun)-1], batchSize: f.config.BatchSize,
		classWeights: f.config.ClassWeights, cut: m.cut(), steps: f.steps, history: &f.history, first: first, tell: f.tell,
		best: f.best}
	defer func() {
		if err != nil {
			t.finish()
		}
	}()
	began := time.Now()
	if t.plan.Augment.none() {
		t.train, err = m.examples(ctx, f.train, t.cut, f.tellFeatures)
	} else if t.train, err = t.changing(f.train); t.cut > 0 {
		f.history.Note = augmentationNote
		f.tell(result.Progress{Phase: augmentationNote, Done: f.train.Len(), Total: f.train.Len()})
	}
	if err != nil {
		return t, err
	}
	if t.validation, err = m.examples(ctx, f.validation, t.cut, f.tellFeatures); err != nil {
		return t, err
	}
	if f.saved == nil && t.cut > 0 { // a phase that is taken up has its time recorded
		f.history.FeatureSeconds += time.Since(began).Seconds()
	}
	m.forget() // the layers below the cut have done their work
	if err := t.start(); err != nil {
		return t, err
	}
	if f.saved != nil {
		return t, t.restore(f.saved)
	}
	return t, nil
}
