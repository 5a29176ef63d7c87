//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
)

func TestVersion(t *testing.T) {
	var v version
	succeed(t, &v, "version")
	if !strings.HasPrefix(v.Go, "go1.") || v.Version == "" || !strings.Contains(v.System, "/") {
		t.Errorf("%+v", v)
	}
	if code, stdout, stderr := defects("--version"); code != 0 || stderr != "" || stdout != v.String() {
		t.Errorf("exit code %d: %q, %s", code, stdout, stderr)
	}
	info := &debug.BuildInfo{GoVersion: "go1.26.5", Main: debug.Module{Version: "v1.2.3"},
		Deps:     []*debug.Module{{Path: "github.com/gomlx/gomlx", Version: "v0.28.6"}},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}
	if got := versionOf(info).String(); !strings.HasPrefix(got, "defects v1.2.3, commit 0123456789abcdef with changes, go1.26.5, ") ||
		!strings.HasSuffix(got, ", GoMLX v0.28.6\n") {
		t.Error(got)
	}
	info.Main.Version = "v0.0.0-20260101000000-0123456789ab" // of go install: it names the commit itself
	if got := versionOf(info).String(); strings.Contains(got, "commit") {
		t.Error(got)
	}
}

func TestCompletion(t *testing.T) {
	text := map[string]string{}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, stdout, stderr := defects("completion", shell)
		if code != 0 || stderr != "" {
			t.Fatalf("%s: exit code %d: %s", shell, code, stderr)
		}
		text[shell] = stdout
		for _, c := range commands {
			if !strings.Contains(stdout, c.name) {
				t.Errorf("%s does not know %s", shell, c.name)
			}
		}
		for _, word := range append(backbone.Names(), "learning-rate", "unfreeze-from", "weights") {
			if !strings.Contains(stdout, word) {
				t.Errorf("%s does not know %s", shell, word)
			}
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("%s is not here: its script is not run", shell)
			continue
		}
		file := write(t, []byte(stdout), t.TempDir(), "defects."+shell)
		if out, err := exec.Command(shell, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("needs bash")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "runs", "first"), 0o755); err != nil {
		t.Fatal(err)
	}
	script := write(t, []byte(text["bash"]), dir, "defects.bash")
	for line, want := range map[string][]string{
		"ev": {"evaluate"}, "--v": {"--version"}, "train --unfr": {"--unfreeze-from", "--unfreeze-last", "--unfreeze-prefix"},
		"train resnet50v2 --sched": {"--schedule"}, "train fir": {"first"}, "predict fi": {"first"}, "summary resn": {"resnet50v2"},
		"fetch we": {"weights"}, "completion z": {"zsh"}, "networks --j": {"--json"}, "cache r": nil, "fetch al": {"all"},
	} {
		words := append([]string{"defects"}, strings.Fields(line)...)
		c := exec.Command("bash", "-c", `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _defects; printf '%s\n' "${COMPREPLY[@]}"`)
		c.Args = append(append(c.Args, script), words...)
		c.Dir = dir
		out, err := c.Output()
		if got := strings.Fields(string(out)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: completed to %q, %v; want %q", line, got, err, want)
		}
	}
}

func TestFeaturesAreWrittenAsTheEncoderWould(t *testing.T) {
	for _, table := range []featureTable{
		{Backbone: "b", Weights: "<w>", Images: []string{"x&y.png"}, Features: [][]float32{{1, 2.5e-9, -3}, {}, {4}}},
		{Notice: "n", Images: []string{}, Features: [][]float32{}},
	} {
		want, err := json.Marshal(table)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := writeJSON(&b, table); err != nil || b.String() != string(want)+"\n" {
			t.Errorf("got %s, %v; want %s", b.String(), err, want)
		}
	}
}

// However many images there are, few of them are held at a time.
func TestImagesAreReadWhenTheyAreNeeded(t *testing.T) {
	var log strings.Builder
	c := newCall("features", nil, &log)
	name := imageFile("train", "dots", 1)
	gone := filepath.Join(t.TempDir(), "x.png")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	write(t, data, gone)
	p, err := c.openPictures([]string{name, gone})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Pixels(0, 8, 8); err != nil {
		t.Error(err)
	}
	_, err = p.Pixels(1, 8, 8)
	if err = p.explain(err); err == nil || !strings.Contains(err.Error(), "1 of 2 images") || !strings.Contains(err.Error(), gone) {
		t.Error(err)
	}
}

// A model that was trained on another decoder's pixels must get those, whatever reads the files.
func TestImagesAreDecodedAsTheModelWants(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i * 7 >> 3)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	name := write(t, b.Bytes(), t.TempDir(), "x.jpg")
	f, err := images.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := newCall("predict", nil, &strings.Builder{}).openPictures([]string{name})
	if err != nil {
		t.Fatal(err)
	}
	one := images.Of(f)
	pixels := func(s images.Source) []float32 {
		t.Helper()
		values, err := images.Pixels(s, []int{0}, 40)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	want := map[images.Decoder][]float32{images.TensorFlow: pixels(one), images.Pillow: pixels(one.DecodedBy(images.Pillow))}
	if slices.Equal(want[images.TensorFlow], want[images.Pillow]) {
		t.Fatal("the decoders agree: the test shows nothing")
	}
	for d, want := range want {
		for _, s := range []images.Source{p, counted{one, func() {}}} {
			if got := pixels(images.DecodedBy(s, d)); !slices.Equal(got, want) {
				t.Errorf("%T: other pixels than %v's", s, d)
			}
		}
	}
}

func TestTinyImagesAndPipesAreNoticed(t *testing.T) {
	run := trainedRun(t)
	dir := t.TempDir()
	tiny := write(t, pngOf(t, image.NewGray(image.Rect(0, 0, 1, 1))), dir, "tiny.png")
	var out predictions
	if succeed(t, &out, "predict", run, tiny); !strings.Contains(out.Notice, "tiny.png has 1×1 pixels") {
		t.Errorf("notice %q", out.Notice)
	}
	pipe := filepath.Join(dir, "pipe.h5")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("needs named pipes:", err)
	}
	for _, args := range [][]string{{"predict", run, pipe}, {"convert", pipe, filepath.Join(dir, "out.h5")}, {"summary", pipe},
		{"features", "mobilenetv2", "--weights", pipe, tiny}} {
		done := make(chan string)
		go func() {
			code, _, stderr := defects(args...)
			done <- fmt.Sprint(code, " ", stderr)
		}()
		select {
		case got := <-done:
			if !strings.HasPrefix(got, "1 ") || !strings.Contains(got, pipe) {
				t.Errorf("%s: %s", args[0], got)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s hangs", args[0])
		}
	}
}

func TestCoursesOfTraining(t *testing.T) {
	course := func(line string) (classifier.FitConfig, error) {
		c := newCall("train", strings.Fields(line), &strings.Builder{})
		k := c.course()
		if _, err := c.parse(0, 0, ""); err != nil {
			return classifier.FitConfig{}, err
		}
		if err := k.check(true); err != nil {
			return classifier.FitConfig{}, err
		}
		return k.config(1440, func(base layer.List) layer.List { return base }), nil
	}
	c, err := course("--epochs 7 --learning-rate 1e-4 --schedule cosine --warmup-epochs 2 --early-stopping 3 --augment flip,flip-vertical,shift=0.25,contrast")
	if err != nil || c.Epochs != 7 || c.LearningRate != 1e-4 || c.Schedule != (classifier.CosineDecay{WarmupSteps: 90}) ||
		*c.EarlyStopping != (classifier.EarlyStopping{Patience: 3, RestoreBestWeights: true}) ||
		c.Augment != (classifier.Augmentation{FlipHorizontal: true, FlipVertical: true, ShiftHeight: 0.25, ShiftWidth: 0.25, Contrast: 0.2}) {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = course("--schedule plateau"); err != nil || c.Schedule != (classifier.ReduceLROnPlateau{}) || c.EarlyStopping != nil {
		t.Errorf("%+v, %v", c, err)
	}
	if c, err = course("--warmup-epochs 1"); err != nil || c.Schedule != (classifier.LinearWarmup{Steps: 45}) {
		t.Errorf("%+v, %v", c, err)
	}
	c, err = course("--head-epochs 4 --head-learning-rate 2e-3 --epochs 6 --learning-rate 1e-5 --schedule cosine")
	if err != nil || len(c.Phases) != 2 || c.Epochs != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	head, tuning := c.Phases[0], c.Phases[1]
	if head.Epochs != 4 || head.LearningRate != 2e-3 || head.Schedule != nil || len(head.Unfreeze(layer.List{{}})) != 0 ||
		tuning.Epochs != 6 || tuning.LearningRate != 1e-5 || tuning.Schedule == nil || len(tuning.Unfreeze(layer.List{{}})) != 1 {
		t.Errorf("%+v", c.Phases)
	}
}

func TestAHeadIsTrainedBeforeTheBase(t *testing.T) {
	needDevice(t)
	run := filepath.Join(t.TempDir(), "run")
	var h training
	succeed(t, &h, "train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--out", run, "--head-epochs", "1", "--epochs", "2",
		"--early-stopping", "2", "--unfreeze-prefix", "Conv_1", "--learning-rate", "1e-4")
	if h.Epochs() != 3 || len(h.Phases) != 2 || h.Phases[0].Name != "head" || h.Phases[1].Epoch != 2 || h.Best < 2 {
		t.Errorf("%d epochs, phases %+v, best %d", h.Epochs(), h.Phases, h.Best)
	}
	if text := h.String(); !strings.Contains(text, fmt.Sprintf("validation accuracy after the best epoch, %d: %.4f", h.Best, h.ValAccuracy[h.Best-1])) {
		t.Error(text)
	}
}

// waits is a result that takes its time.
type waits struct{}

func (waits) String() string { return "done\n" }

func TestWhatTakesLongSaysThatItIsAtWork(t *testing.T) {
	var log lockedBuilder
	quiet := command{"quiet", "", "", func(c *call) (_ fmt.Stringer, _ error) {
		time.Sleep(firstSign + 500*time.Millisecond)
		return waits{}, nil
	}}
	var out strings.Builder
	if code := quiet.execute(nil, &out, &log); code != 0 || out.String() != "done\n" || log.String() != "quiet: at work for 2 s\n" {
		t.Errorf("exit code %d: %q, %q", code, out.String(), log.String())
	}
}

func TestWhatHasALogSaysNothingElse(t *testing.T) {
	var log lockedBuilder
	own := command{"own", "", "", func(c *call) (_ fmt.Stringer, _ error) {
		c.quiet()
		time.Sleep(firstSign + 200*time.Millisecond)
		return waits{}, nil
	}}
	if code := own.execute(nil, &strings.Builder{}, &log); code != 0 || log.String() != "" {
		t.Errorf("exit code %d: %q", code, log.String())
	}
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
