//go:build unix

package notebook

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// childDoes tells a process of these tests what to train, and childRun and childCache where it keeps what.
const childDoes, childRun, childCache = "TEST_CHILD", "TEST_CHILD_RUN", "TEST_CHILD_CACHE"

const epochs = 30

// slow are images that take their time.
type slow struct {
	name string
	n    int
	wait time.Duration
}

func (s slow) About() images.About {
	return images.About{Name: s.name, Classes: []string{"dark", "light"}}
}
func (s slow) Len() int { return s.n }
func (s slow) Info(i int) images.Info {
	name := fmt.Sprint(s.name, " ", i)
	return images.Info{Name: name, Label: i % 2, ID: name}
}
func (s slow) Pixels(i, height, width int) ([]float32, error) {
	time.Sleep(s.wait)
	return golden.Uniform(s.Info(i).Name, height*width*3, float32(64*(i%2)), float32(128+64*(i%2))), nil
}

// learn fits a small network: on pixels, on features of a frozen layer, or a large one, which compiles for a while.
func learn(does, run string, wait time.Duration, watch result.Watcher) (*classifier.Model, *result.History, error) {
	training, validation := slow{"train", 48, wait}, slow{"validation", 8, wait}
	small := classifier.Config{Classes: training.About().Classes, Seed: 1, Layers: layer.Sequential(
		layer.Input{Shape: []int{8, 8, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
		layer.Conv2D{Filters: 4, Kernel: 3, Strides: 2, Padding: "same"}, layer.ReLU{}, layer.GlobalAveragePooling2D{},
		layer.Dropout{Rate: 0.2}, layer.Dense{Units: 2, Activation: "softmax"})}
	if does == "compile" {
		base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
		if err != nil {
			return nil, nil, err
		}
		small = classifier.Config{Base: base, ImageSize: 32, Classes: small.Classes, Head: classifier.Head(base, 2)}
	}
	m, err := classifier.New(small)
	if err != nil {
		return nil, nil, err
	}
	if does == "features" {
		training.n = 320
		m.Layers[:3].Freeze()
	}
	h, err := m.Fit(context.Background(), training, validation, classifier.FitConfig{Epochs: epochs, BatchSize: 16, Run: run, Watch: watch})
	return m, h, err
}

func TestChildOfInterrupts(t *testing.T) {
	does := os.Getenv(childDoes)
	if does == "" {
		t.Skip("is what the tests of interrupts run in a process of its own")
	}
	if _, err := device.Open(); err != nil { // it lies in the user's cache
		t.Fatal(err)
	}
	t.Setenv("DEFECTS_CACHE", os.Getenv(childCache))
	tags, figures := regexp.MustCompile("<[^>]*>"), regexp.MustCompile(`<img alt="([^"]*)"[^>]*>`)
	out = output{jupyter: true, text: io.Discard, log: os.Stderr, exit: os.Exit, html: func(string) {},
		updateHTML: func(_, html string) {
			fmt.Println("frame:", tags.ReplaceAllString(figures.ReplaceAllString(html, "[$1] "), ""))
		}}
	wait := 2 * time.Millisecond
	if does == "features" { // 32 images take longer than a frame is shown
		wait = 40 * time.Millisecond
	}
	_, _, err := learn(does, os.Getenv(childRun), wait, Watch())
	fmt.Println("was not interrupted:", err)
}

// interrupt trains in a process of its own and interrupts it at the first frame with a text. It gives the last frame, and
// how long the process went on.
func interrupt(t *testing.T, does, run, at string) (last string, took time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestChildOfInterrupts$")
	child.Env = append(os.Environ(), childDoes+"="+does, childRun+"="+run, childCache+"="+os.Getenv("DEFECTS_CACHE"), "DEFECTS_CACHE=")
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	var interrupted time.Time
	var frames []string
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		frames = append(frames, lines.Text())
		if interrupted.IsZero() && strings.Contains(lines.Text(), at) {
			interrupted = time.Now()
			child.Process.Signal(os.Interrupt)
		}
	}
	child.Wait()
	if took = time.Since(interrupted); took > 10*time.Second {
		t.Errorf("the interrupt took %v", took)
	}
	t.Logf("%s: the interrupt took %v", at, took)
	end := child.ProcessState
	if status := end.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT && end.ExitCode() != 130 { // 130 in a background job
		t.Errorf("the process ended with %v, want an interrupt", end)
	}
	if len(frames) == 0 {
		t.Fatal("no frames")
	}
	return frames[len(frames)-1], took
}

// tries is how often an interrupt may be tried to end within a second: other programs may hold it up.
const tries = 3

// ownCache keeps features out of the user's cache, where the device lies.
func ownCache(t *testing.T) {
	t.Helper()
	if _, err := device.Open(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DEFECTS_CACHE", t.TempDir())
}

func TestAnInterruptedTrainingGoesOn(t *testing.T) {
	ownCache(t)
	unbroken, want, err := learn("pixels", "", 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	run, fastest := t.TempDir(), time.Hour
	for try := range tries {
		last, took := interrupt(t, "pixels", run, fmt.Sprintf("epoch %d of 30, step", 3+6*try))
		fastest = min(fastest, took)
		var done, shown int
		_, sentence, _ := strings.Cut(last, "Stopped")
		fmt.Sscanf(sentence, " after epoch %d; run the cell again to go on.", &done)
		fmt.Sscanf(last, "frame: [Curves over %d epochs;", &shown)
		if _, h, err := classifier.Load(run); err != nil || h.Epochs() != done || done == 0 || shown != done {
			t.Fatalf("the run has %v, %v; the last frame is %s", h, err, last)
		}
		if !strings.HasSuffix(last, "to go on.") {
			t.Errorf("the last frame is %s", last)
		}
	}
	if fastest > time.Second {
		t.Errorf("the fastest interrupt took %v", fastest)
	}
	resumed := 0
	m, got, err := learn("pixels", run, 0, func(p result.Progress) { resumed = p.Resumed })
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []*result.History{got, want} {
		h.Seconds = nil
	}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(m.Values, unbroken.Values) || resumed < 14 || got.Epochs() != epochs {
		t.Errorf("resumed after epoch %d: %+v, in one go %+v, or other weights", resumed, got, want)
	}
}

func TestAnInterruptKeepsFeatures(t *testing.T) {
	ownCache(t)
	last, _ := interrupt(t, "features", t.TempDir(), "features of train: 64 of 320")
	done := 0
	fmt.Sscanf(last, "frame: [Empty axes of loss and accuracy; no epoch is finished yet.] Stopped at features of train: %d of 320; "+
		"run the cell again to go on.", &done)
	if done < 64 || done > 288 {
		t.Errorf("the last frame is %s", last)
	}
	var first result.Progress
	if _, _, err := learn("features", "", 0, func(p result.Progress) {
		if first.Total == 0 {
			first = p
		}
	}); err != nil {
		t.Fatal(err)
	}
	if first.Phase != "features of train" || first.Done < done+1 {
		t.Errorf("%d images were done; then it begins with %+v", done, first)
	}
}

func TestAnInterruptEndsACompilation(t *testing.T) {
	ownCache(t)
	run, fastest := t.TempDir(), time.Hour
	for try := 0; try < tries && fastest > time.Second; try++ {
		last, took := interrupt(t, "compile", run, "compiling")
		fastest = min(fastest, took)
		if !strings.HasSuffix(last, "Stopped while compiling; run the cell again.") {
			t.Errorf("the last frame is %s", last)
		}
	}
	if fastest > time.Second {
		t.Errorf("the fastest interrupt took %v", fastest)
	}
	files, err := filepath.Glob(filepath.Join(run, "[^.]*"))
	if err != nil || !slices.Equal(files, []string{filepath.Join(run, "initial.h5")}) {
		t.Errorf("the run holds %v, %v", files, err)
	}
	if _, err := weights.Open(filepath.Join(run, "initial.h5")); err != nil {
		t.Error(err)
	}
}
