package classifier

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// childDoes tells a child process of the tests how to train; see child.
const childDoes, childData, childRun, childCache = "TEST_CHILD", "TEST_CHILD_DATA", "TEST_CHILD_RUN", "TEST_CHILD_CACHE"

// environment is that of the test, before the cache folder was changed.
var environment = os.Environ()

func TestMain(m *testing.M) {
	// The device first: it lies in the user's cache, the rest of the tests uses caches of their own.
	if _, err := device.Open(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(childDoes) != "" {
		child()
		return
	}
	cache, err := os.MkdirTemp("", "classifier-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("DEFECTS_CACHE", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// allOptions trains with everything that a run must resume exactly. No epoch improves enough on the first one, so the
// rate falls after each, and the fourth is the last.
func allOptions() FitConfig {
	return FitConfig{Epochs: 6, BatchSize: batchSize, ClassWeights: []float64{1, 2, 0.5},
		Schedule:      ReduceLROnPlateau{Patience: 1, MinDelta: 10, Factor: 0.5},
		EarlyStopping: &EarlyStopping{Patience: 3, MinDelta: 10, RestoreBestWeights: true},
		Augment:       Augmentation{FlipHorizontal: true, FlipVertical: true, ShiftHeight: 0.1, ShiftWidth: 0.2, Contrast: 0.3}}
}

// threePhases have different cuts, and everything else that a phase has of its own: the head; the end of the base with a
// rate for each group of layers, of which the best epoch is kept and the third is the last; and another part of the base.
func threePhases() FitConfig {
	last := func(n int) func(layer.List) layer.List { return func(ls layer.List) layer.List { return ls.Last(n) } }
	return FitConfig{BatchSize: batchSize, Phases: []Phase{
		{Name: "head", Epochs: 2, Augment: Augmentation{FlipVertical: true}},
		{Name: "end", Epochs: 5, LearningRate: 1e-4, Unfreeze: last(6),
			Rates:         []Rate{{last(1), 1e-3}, {func(all layer.List) layer.List { return all.WithPrefix("Conv_1") }, 1e-5}},
			Schedule:      CosineDecay{Alpha: 0.1},
			EarlyStopping: &EarlyStopping{Patience: 2, MinDelta: 10, RestoreBestWeights: true}},
		{Epochs: 2, LearningRate: 1e-5, Unfreeze: last(3)},
	}}
}

// child trains a run and is killed, or waits to be, in the middle of an epoch: the third, unless it is told another.
func child() {
	os.Setenv("DEFECTS_CACHE", os.Getenv(childCache))
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	data, err := images.Open(os.Getenv(childData))
	if err != nil {
		fail(err)
	}
	m, err := small(1)
	if err != nil {
		fail(err)
	}
	c := FitConfig{Epochs: 5, BatchSize: batchSize}
	killedIn := 3
	switch does, phase, _ := strings.Cut(os.Getenv(childDoes), " in epoch "); does {
	case "kill with all options":
		c = allOptions()
	case "kill phases":
		c = threePhases()
		killedIn, _ = strconv.Atoi(phase)
	}
	c.Run, c.Watch = os.Getenv(childRun), func(p result.Progress) {
		if p.Phase != "epoch" || p.Epoch != killedIn || p.Done != batchSize {
			return
		}
		if os.Getenv(childDoes) == "wait" {
			fmt.Println("training")
			time.Sleep(time.Minute)
		}
		me, err := os.FindProcess(os.Getpid())
		if err != nil {
			fail(err)
		}
		me.Kill()
		time.Sleep(time.Minute)
	}
	_, err = m.Fit(context.Background(), data.Train, data.Validation, c)
	fail(fmt.Errorf("was not killed: %v", err))
}

func startChild(t *testing.T, does, data, run string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(append([]string{}, environment...), childDoes+"="+does, childData+"="+data, childRun+"="+run,
		childCache+"="+os.Getenv("DEFECTS_CACHE"))
	cmd.Stderr = os.Stderr
	return cmd
}

// batchSize leaves a last batch of one image. Each size of batch is compiled, so tests of large graphs use wholeSplit.
const batchSize, wholeSplit = 16, 33

var classes = []string{"flat", "lines", "spots"}

// writeImages makes a folder in NEU-DET's layout: 40×40 pixels, 11 images of each class to train on, 4 to validate.
func writeImages(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	for split, n := range map[string]int{"train": 11, "validation": 4} {
		for label, class := range classes {
			folder := filepath.Join(root, "NEU-DET", split, "images", class)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				name := fmt.Sprintf("%s_%s_%d", split, class, i+1)
				writeImage(t, filepath.Join(folder, name+".png"), label, golden.Uniform(name, 40*40, -60, 60))
			}
		}
	}
	return root
}

func writeImage(t testing.TB, path string, label int, noise []float32) {
	t.Helper()
	picture := image.NewGray(image.Rect(0, 0, 40, 40))
	for i, n := range noise {
		x, y := float64(i%40), float64(i/40)
		wave := [...]float64{0, math.Sin(y / 2), math.Sin(x/2) * math.Sin(y/2)}[label]
		picture.Pix[i] = color.Gray{Y: uint8(128 + 40*wave + float64(n))}.Y
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(f, picture); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func openImages(t testing.TB) *images.Dataset {
	t.Helper()
	d, err := images.Open(writeImages(t))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// small is a model of the lesson's form, on the smallest backbone, with weights that keep activations in range.
func small(seed int64) (*Model, error) {
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35, Input: 32})
	if err != nil {
		return nil, err
	}
	for _, l := range base.Layers {
		for i, w := range l.W {
			base.Values[l.Name][i] = golden.Weight(l.Name, w.Name, w.Shape)
		}
	}
	base.Layers.Freeze()
	return New(Config{Base: base, ImageSize: 40, Classes: classes, Seed: seed, Head: layer.Sequential(
		layer.GlobalAveragePooling2D{}, layer.Dropout{Rate: 0.3}, layer.Dense{Units: 16, Activation: "relu"},
		layer.Dropout{Rate: 0.2}, layer.Dense{Units: 3, Activation: "softmax"})})
}

func newSmall(t testing.TB, seed int64) *Model {
	t.Helper()
	m, err := small(seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func fit(t testing.TB, m *Model, data *images.Dataset, c FitConfig) *result.History {
	t.Helper()
	c.BatchSize = orDefault(c.BatchSize, batchSize)
	h, err := m.Fit(t.Context(), data.Train, data.Validation, c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func openAt(t testing.TB, folder string) *images.Dataset {
	t.Helper()
	d, err := images.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// numbers are images that are given as values.
type numbers struct {
	name   string
	labels []int
	values []float32
}

func (s numbers) About() images.About { return images.About{Name: s.name, Classes: classes} }
func (s numbers) Len() int            { return len(s.labels) }
func (s numbers) each() int           { return len(s.values) / len(s.labels) }
func (s numbers) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprintf("%s %d", s.name, i), Label: s.labels[i], ID: fmt.Sprint(s.name, len(s.values), i)}
}
func (s numbers) Pixels(i, _, _ int) ([]float32, error) {
	return s.values[i*s.each() : (i+1)*s.each()], nil
}
