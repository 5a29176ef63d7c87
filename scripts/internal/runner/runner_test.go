package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	dir := t.TempDir()
	zip := filepath.Join(dir, "neu.zip")
	write(t, zip, "")
	good := map[string]options{
		"lesson":                               {},
		"lesson --quick --only 2":              {quick: true, only: "2"},
		"lesson --only solutions/1":            {only: "solutions/1"},
		"lesson -data " + zip:                  {data: zip},
		"lesson --data=" + dir:                 {data: dir},
		"lab --weights " + dir + " -- --port1": {weights: dir, rest: []string{"--port1"}},
		"lab --port 8899 --weights " + dir + " --no-browser a.ipynb -quick": {weights: dir, quick: true,
			rest: []string{"--port", "8899", "--no-browser", "a.ipynb"}},
		"lab --ip=0.0.0.0 --no-completion -- --quick": {noCompletion: true, rest: []string{"--ip=0.0.0.0", "--quick"}},
		"test":                            {quick: true},
		"stick --data " + zip + " " + dir: {data: zip, stick: dir},
	}
	for line, want := range good {
		args := strings.Fields(line)
		got, err := parseOptions(args[0], args[1:])
		if err != nil || got.data != want.data || got.weights != want.weights || got.only != want.only || got.stick != want.stick || got.quick != want.quick ||
			got.noCompletion != want.noCompletion || !slices.Equal(got.rest, want.rest) {
			t.Errorf("%s: %+v, %v", line, got, err)
		}
	}
	bad := map[string]string{
		"lesson --bogus":                "unknown option --bogus",
		"lesson extra":                  `unexpected argument "extra"`,
		"lesson --only=":                "--only is empty",
		"lesson --data":                 "needs an argument",
		"lesson --data " + dir + "/not": "--data: stat",
		"lesson --data=":                "--data: the path is empty",
		"lesson --weights " + zip:       "is a file",
		"lab --port 1 --data":           "needs an argument",
		"test --quick":                  "unknown option --quick",
		"stick":                         "give one folder",
		"stick a b":                     "give one folder",
		"stick --quick a":               "unknown option --quick",
		"other":                         "no such script",
	}
	for line, want := range bad {
		args := strings.Fields(line)
		if _, err := parseOptions(args[0], args[1:]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
	if _, err := parseOptions("lesson", []string{"--help"}); !errors.Is(err, errHelp) {
		t.Error("--help:", err)
	}
}

// What stands under tables of a notebook names no path of this machine.
func TestCommandOfANotebook(t *testing.T) {
	for want, o := range map[string]options{
		"scripts/lesson --only 6":                      {},
		"scripts/lesson --data … --weights … --only 6": {data: "/home/me/NEU-DET", weights: "/home/me/weights"},
	} {
		if got := o.command(onlyOf("/home/me/notebooks/6-how-sure.ipynb")); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := onlyOf("/home/me/notebooks/solutions/1-compare.ipynb"); got != "solutions/1" {
		t.Errorf("a solution is picked by %q", got)
	}
}

func TestWrongUsageExitsWith2(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "notebooks", "1-a.ipynb"), "")
	for _, line := range []string{"lesson --bogus", "lesson --only 3", "lab --data", "test now"} {
		args := strings.Fields(line)
		if code := run(context.Background(), root, args[0], args[1:]); code != 2 {
			t.Errorf("%s: exit code %d", line, code)
		}
	}
}

func TestNotebooksComeInTheOrderOfTheirNumbers(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"10-j.ipynb", "2-b.ipynb", "1-a.ipynb", "Untitled.ipynb", "notes.txt", "solutions/12-d.ipynb", "solutions/3-c.ipynb"} {
		write(t, filepath.Join(root, "notebooks", name), "")
	}
	for only, want := range map[string]string{
		"": "1-a 2-b 10-j solution-3-c solution-12-d", "10": "10-j", "2": "2-b",
		"solutions": "solution-3-c solution-12-d", "solutions/3": "solution-3-c",
	} {
		paths, err := findNotebooks(root, only)
		var names []string
		for _, path := range paths {
			names = append(names, nameOf(path))
		}
		if got := strings.Join(names, " "); err != nil || got != want {
			t.Errorf("only %q: %q, %v; want %q", only, got, err, want)
		}
	}
	for _, only := range []string{"0", "3", "1-a", "x", "solutions/1", "solutions/"} {
		if _, err := findNotebooks(root, only); err == nil || !strings.Contains(err.Error(), "10-j.ipynb, solutions/3-c.ipynb") {
			t.Errorf("only %q: %v", only, err)
		}
	}
}

func TestThereMayBeNoSolutions(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "notebooks", "1-a.ipynb"), "")
	if paths, err := findNotebooks(root, ""); err != nil || len(paths) != 1 {
		t.Error(paths, err)
	}
	if _, err := findNotebooks(t.TempDir(), ""); err == nil {
		t.Error("a folder without notebooks is no error")
	}
}

func TestEachNoticeOfAStepIsKept(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := newConsole(f)
	if err := c.step("weights", func(*live) (string, error) { return "ImageNet, A\nNOTICE: B: random weights", nil }); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if want := "  weights     0.0 s  ImageNet, A\n                     NOTICE: B: random weights\n"; string(text) != want {
		t.Errorf("got\n%swant\n%s", text, want)
	}
	if !slices.Equal(c.notices, []string{"NOTICE: B: random weights"}) {
		t.Errorf("%q", c.notices)
	}
}

func TestNoticesOnNetworksOfOtherNotebooksAreNotRepeated(t *testing.T) {
	root := t.TempDir()
	two := filepath.Join(root, "notebooks", "2-b.ipynb")
	write(t, two, "backbone.MobileNetV2(…)")
	write(t, filepath.Join(root, "notebooks", "4-d.ipynb"), "backbone.ViT(…)")
	s := newSetup(&console{notices: []string{"NOTICE: drawn images: no NEU-DET", "NOTICE: MobileNetV2 α=1: embedded", "NOTICE: ViT-B/16: random",
		"NOTICE: EfficientNetB0: random"}}, root, options{})
	got, err := s.noticesOf([]string{two})
	if want := []string{s.c.notices[0], s.c.notices[1], s.c.notices[3]}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestALogSaysWhatAStepIsDoing(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := newConsole(f)
	long := time.Now().Add(-time.Minute)
	for _, last := range []string{"", "images from Kaggle: asking", "go: downloading example.com v1.0.0"} {
		c.active = append(c.active, &live{c: c, name: "step", start: time.Now(), last: last, lastAt: long})
	}
	c.show()
	text, err := os.ReadFile(f.Name())
	if want := "  … step 0 s | step 0 s: images from Kaggle: asking | step 0 s\n"; err != nil || string(text) != want {
		t.Errorf("%q, %v; want %q", text, err, want)
	}
}

func TestASecondRunWaitsForTheFirst(t *testing.T) {
	root := t.TempDir()
	unlock, err := lock(context.Background(), root, "lock", "first")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, root, "lock", "second"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal("the second run did not wait:", err)
	}
	time.AfterFunc(100*time.Millisecond, unlock)
	unlock, err = lock(context.Background(), root, "lock", "second")
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestNotebooksThatRunHoldUpNoOtherScript(t *testing.T) {
	root := t.TempDir()
	waits := func(script string) bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, all, err := locks(ctx, root, script)
		if err == nil {
			all()
		}
		return errors.Is(err, context.DeadlineExceeded)
	}
	setUp, all, err := locks(t.Context(), root, "lesson")
	if err != nil {
		t.Fatal(err)
	}
	if !waits("lab") || !waits("lesson") {
		t.Error("two scripts set up at once")
	}
	setUp()
	for script, want := range map[string]bool{"lab": false, "hub": false, "stick": false, "lesson": true, "test": true} {
		if waits(script) != want {
			t.Errorf("while a lesson runs its notebooks, scripts/%s waits: %v", script, !want)
		}
	}
	all()
	if waits("lesson") {
		t.Error("a lesson waits for one that has ended")
	}
}

func TestAFileIsReplacedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for _, text := range []string{"long text", "short"} {
		if err := writeFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("%q", got)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, "folder"), []byte("x"), 0o600); err == nil {
		t.Error("a folder was written over")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("files left behind: %v", entries)
	}
}

func TestTheKernelSpecNamesNoPlace(t *testing.T) {
	s := newSetup(nil, t.TempDir(), options{})
	dir := t.TempDir()
	if err := s.writeKernelSpec(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Argv []string
		Env  map[string]string
	}
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(spec.Argv, []string{"{resource_dir}/kernel.sh", "{connection_file}"}) || strings.Contains(string(text), dir) {
		t.Errorf("%s", text)
	}
	// Other flags than the kernel's would build the library a second time, in the first cell.
	if environment := s.environment(); !slices.Contains(environment, "GOFLAGS="+spec.Env["GOFLAGS"]) ||
		slices.Contains(environment, "GOPROXY=off") {
		t.Errorf("set-up and kernel differ: %q", spec.Env)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
