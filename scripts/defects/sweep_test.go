//go:build unix

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/files"
)

// onGo lets child processes compute on the pure-Go backend, which needs nothing and starts at once, with a cache of the
// test's own and a short patience.
func onGo(t *testing.T) []string {
	t.Helper()
	return []string{"GOMLX_BACKEND=go", "DEFECTS_CACHE=" + filepath.Join(t.TempDir(), "cache"), "DEFECTS_TEST_BEAT=100ms"}
}

// grid is a plan of 12 trainings that take next to no time.
const grid = `{"network": "mobilenetv2", "alpha": 0.35, "input": 32, "weights": %q, "epochs": 3,
 "learning_rate": [1e-3, 0.01], "seed": [1, 2, 3, 4, 5, 6]}`

func writePlan(t *testing.T, text string) string {
	t.Helper()
	return write(t, []byte(text), t.TempDir(), "plan.json")
}

// child runs the command in a process of its own, and gives what it printed.
func child(t *testing.T, environment []string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	c := start(environment, args...)
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %v: %s", args, err, &log)
	}
	return out.String(), log.String()
}

// process is a shard. It is killed, by SIGKILL, at the n-th line that a training prints after an epoch; n = 0 is never.
type process struct {
	c       *exec.Cmd
	log     strings.Builder
	claimed chan struct{} // closed when it has something to train, or has ended
	killed  bool
}

func (p *process) run(n int) error {
	claim := sync.OnceFunc(func() { close(p.claimed) })
	defer claim()
	pipe, err := p.c.StderrPipe()
	if err != nil {
		return err
	}
	if err := p.c.Start(); err != nil {
		return err
	}
	defer p.c.Process.Kill()
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		fmt.Fprintln(&p.log, lines.Text())
		if strings.HasSuffix(lines.Text(), ": training") {
			claim()
		}
		if strings.HasPrefix(lines.Text(), "epoch ") {
			if n--; n == 0 {
				p.c.Process.Kill()
				p.killed = true
			}
		}
	}
	err = p.c.Wait()
	if p.killed {
		return nil
	}
	return err
}

// Of eight shards three are killed while they train. The others, or the next call, take over what those have left: each
// training is finished by one process, once, and the table is that of one process that nobody disturbs.
func TestShardsOfWhichThreeAreKilledGiveTheSameTable(t *testing.T) {
	environment := onGo(t)
	plan := writePlan(t, fmt.Sprintf(grid, fixture.weights))
	whole, shared := filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "shared")
	child(t, environment, "sweep", plan, "--out", whole)
	want, _ := child(t, environment, "table", whole, "--json")

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	order := random.Perm(8) // those that are killed come first, so that there is something left for them to train
	var shards [8]process
	var all sync.WaitGroup
	for k, i := range order {
		p, at := &shards[i], 0
		if k < 3 {
			at = 1 + random.IntN(3)
		}
		p.c, p.claimed = start(environment, "sweep", plan, "--out", shared, "--shard", fmt.Sprintf("%d/8", i+1)), make(chan struct{})
		all.Go(func() {
			if err := p.run(at); err != nil {
				t.Errorf("shard %d: %v: %s", i+1, err, &p.log)
			}
		})
		if k == 2 {
			for _, victim := range order[:3] {
				<-shards[victim].claimed
			}
		}
	}
	all.Wait()
	text, log := child(t, environment, "sweep", plan, "--out", shared, "--json") // as a scheduler starts again what was killed
	var s swept
	if err := json.Unmarshal([]byte(text), &s); err != nil || s.Finished != 12 || s.Others != nil {
		t.Errorf("%+v, %v", s, err)
	}
	killed := 0
	for i := range shards {
		log += shards[i].log.String()
		if shards[i].killed {
			killed++
		}
	}
	by, taken := map[string]int{}, 0 // how many processes have finished a training
	for line := range strings.Lines(log) {
		if name, ok := strings.CutSuffix(line, ": finished\n"); ok {
			by[name]++
		}
		if strings.HasSuffix(line, ": goes on from what another process has left\n") {
			taken++
		}
	}
	if killed != 3 || taken == 0 {
		t.Errorf("%d processes were killed, and %d times another went on", killed, taken)
	}
	for name, n := range by {
		if n != 1 {
			t.Errorf("%s was finished by %d processes", name, n)
		}
	}
	if len(by) < 12-3 { // a process may be killed between the work and the word
		t.Errorf("%d trainings were finished", len(by))
	}
	if runs, err := filepath.Glob(filepath.Join(shared, "mobilenetv2*", "run.json")); err != nil || len(runs) != 12 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if got, _ := child(t, environment, "table", shared, "--json"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if t.Failed() {
		t.Log(log)
	}
}

// A process that is stopped in the middle of a training, as a machine that is cut off, loses it to another. When it goes on
// it is told, and harms nothing.
func TestStoppedProcessLosesItsTraining(t *testing.T) {
	environment := onGo(t)
	out := filepath.Join(t.TempDir(), "out")
	args := []string{"sweep", writePlan(t, fmt.Sprintf(`{"network": "mobilenetv2", "alpha": 0.35, "input": 32, "weights": %q, "epochs": 4}`, fixture.weights)), "--out", out}
	first := start(environment, args...)
	pipe, err := first.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	defer first.Process.Kill()
	lines := bufio.NewScanner(pipe)
	for !strings.HasPrefix(lines.Text(), "epoch 1/4") {
		if !lines.Scan() {
			t.Fatal("it ends before it trains")
		}
	}
	first.Process.Signal(syscall.SIGSTOP)
	if _, log := child(t, environment, args...); !strings.Contains(log, "goes on from what another process has left") || strings.Contains(log, "epoch 1/4") {
		t.Errorf("the second process says %s", log)
	}
	contents := func() string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(out, "mobilenetv2*", "*"))
		if err != nil || len(names) != 5 { // a lock, the model before, that after the last epoch, and two descriptions
			t.Fatal(names, err)
		}
		text := ""
		for _, name := range names {
			sum, err := files.SHA256(name)
			if err != nil {
				t.Fatal(err)
			}
			text += name + " " + sum + "\n"
		}
		return text
	}
	before := contents()
	first.Process.Signal(syscall.SIGCONT)
	rest := ""
	for lines.Scan() {
		rest += lines.Text() + "\n"
	}
	if err := first.Wait(); err != nil || !strings.Contains(rest, ": another process has taken it over") || strings.Contains(rest, ": finished") {
		t.Errorf("%v: %s", err, rest)
	}
	if after := contents(); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func TestTrainingThatFailsDoesNotStopTheOthers(t *testing.T) {
	out, none := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "none.h5")
	plan := writePlan(t, fmt.Sprintf(`{"network": "mobilenetv2", "weights": %q, "seed": [1, 2]}`, none))
	for range 2 { // a claim of one that failed is given back
		code, stdout, stderr := defects("sweep", plan, "--out", out)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "2 of 2 trainings failed here") || strings.Count(stderr, ": training\n") != 2 || !strings.Contains(stderr, none) {
			t.Errorf("exit code %d: %s%s", code, stdout, stderr)
		}
	}
}

// The results of a list that was broken off are those of one that was not, whatever the shards.
func TestListIsGoneOnWith(t *testing.T) {
	environment := onGo(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "sweep")
	child(t, environment, "sweep", writePlan(t, fmt.Sprintf(`{"network": "mobilenetv2", "alpha": 0.35, "input": 32, "weights": %q, "epochs": 1, "folds": 2}`, fixture.weights)), "--out", out)
	runs, err := filepath.Glob(filepath.Join(out, "mobilenetv2*"))
	if err != nil || len(runs) != 2 {
		t.Fatal(runs, err)
	}
	for i, images := range []int{14, 13} { // of all 27
		if o, err := readOutcome(filepath.Join(runs[i], outcomeName)); err != nil || o.Images != images || o.Fold != i+1 || o.Folds != 2 {
			t.Errorf("fold %d: %+v, %v", i+1, o, err)
		}
	}
	var names []string
	for _, class := range testClasses {
		for n := range 9 {
			names = append(names, imageFile([]string{"train", "validation"}[n/6], class, n+1))
		}
	}
	missing := filepath.Join(dir, "missing.png")
	names = append(names, missing)
	list := write(t, []byte(strings.Join(names, "\n")+"\n\n"), dir, "list")
	predict := func(results string, args ...string) (l listed) {
		t.Helper()
		text, _ := child(t, environment, append([]string{"predict", runs[0], "--json", "--out", filepath.Join(dir, results), list}, args...)...)
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	lines := func(results string) (all []listLine) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(dir, results))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var l listLine
			if err := json.Unmarshal(line, &l); err != nil {
				t.Fatal(err)
			}
			all = append(all, l)
		}
		return all
	}
	l := predict("whole.jsonl")
	want := lines("whole.jsonl")
	if l.Images != 28 || l.Before != 0 || l.Failed != 1 || len(want) != 28 || !strings.Contains(want[27].Error, "no such file") ||
		!strings.Contains(want[0].Notice, "synthetic") || !slices.Equal(l.Classes, testClasses) {
		t.Errorf("%+v, %d lines, the last %+v", l, len(want), want[27])
	}
	var plain predictions
	text, _ := child(t, environment, append([]string{"predict", runs[0], "--json"}, names[:27]...)...)
	if err := json.Unmarshal([]byte(text), &plain); err != nil {
		t.Fatal(err)
	}
	for i, name := range names[:27] {
		if want[i].Image != name || want[i].Predicted != plain.Predicted[i] || !near(want[i].Probabilities, plain.Probabilities[i]) {
			t.Errorf("image %d: %+v; without a list %v", i, want[i], plain.Probabilities[i])
		}
	}

	// A killed process leaves whole lines and a torn one.
	whole, err := os.ReadFile(filepath.Join(dir, "whole.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	same := func(got []listLine, of ...int) {
		t.Helper()
		for k, i := range of {
			if k >= len(got) || got[k].Image != want[i].Image || got[k].Model != want[i].Model || got[k].Error != want[i].Error ||
				got[k].Predicted != want[i].Predicted || !near(got[k].Probabilities, want[i].Probabilities) {
				t.Fatalf("line %d of %d is not that of image %d", k+1, len(got), i)
			}
		}
		if len(got) != len(of) {
			t.Errorf("%d lines, want %d", len(got), len(of))
		}
	}
	torn := len(bytes.Join(bytes.SplitAfter(whole, []byte("\n"))[:10], nil)) + 40
	write(t, whole[:torn], dir, "torn.jsonl")
	if l := predict("torn.jsonl"); l.Before != 10 || l.Images != 28 {
		t.Errorf("after ten lines: %+v", l)
	}
	same(lines("torn.jsonl"), sequence(28)...)

	for i := range 3 {
		var of []int
		for k := i; k < 28; k += 3 {
			of = append(of, k)
		}
		predict("part.jsonl", "--shard", fmt.Sprintf("%d/3", i+1))
		same(lines(fmt.Sprintf("part-%d-of-3.jsonl", i+1)), of...)
	}

	// Results of something else are not gone on with.
	for says, change := range map[string]func([]byte) []byte{
		"is of another model":             func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(want[0].Model), []byte("0123456789ab")) },
		"the list that it was begun with": func(b []byte) []byte { return bytes.Replace(b, []byte("dots_1"), []byte("dots_2"), 1) },
		"other.jsonl:1 is damaged":        func(b []byte) []byte { return b[1:] },
		"has another image there":         func(b []byte) []byte { return append(b, b...) },
		"predict has not written":         func([]byte) []byte { return []byte("somebody's notes") },
	} {
		path := write(t, change(slices.Clone(whole)), dir, "other.jsonl")
		c := start(environment, "predict", runs[0], "--out", path, list)
		if text, err := c.CombinedOutput(); err == nil || !strings.Contains(string(text), says) {
			t.Errorf("%v: %s; want %s", err, text, says)
		}
		if strings.HasPrefix(says, "predict has") {
			if left, err := os.ReadFile(path); err != nil || string(left) != "somebody's notes" {
				t.Errorf("the file holds %q, %v", left, err)
			}
		}
	}

	// Of a list that is all done, what failed before is told again. One whose images are not there is the list's fault.
	if l := predict("whole.jsonl"); l.Before != 28 || l.Failed != 1 {
		t.Errorf("again: %+v", l)
	}
	write(t, []byte(missing+"\n"+missing+"\n"), dir, "list")
	c := start(environment, "predict", runs[0], "--out", filepath.Join(dir, "none.jsonl"), list)
	if text, err := c.CombinedOutput(); err == nil || !strings.Contains(string(text), "none of the first 2 images is there") {
		t.Errorf("%v: %s", err, text)
	}
	if info, err := os.Stat(filepath.Join(dir, "none.jsonl")); err != nil || info.Size() > 0 {
		t.Errorf("results of images that are not there: %v, %v", info, err)
	}
}

// Errors of the machine are not written as those of images.
func TestTroubleOfTheMachineIsNotThatOfAnImage(t *testing.T) {
	gone := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	for _, c := range []struct {
		failed []error
		first  bool
		want   bool
	}{
		{[]error{nil, gone}, true, false}, {[]error{gone, gone}, true, true}, {[]error{gone, gone}, false, false},
		{[]error{nil, fmt.Errorf("read image: %w", &fs.PathError{Op: "read", Path: "x", Err: syscall.EIO})}, false, true},
		{[]error{errors.New("is not a JPEG"), nil}, true, false},
	} {
		b := &block{paths: []string{"a", "b"}, failed: c.failed}
		if err := b.trouble(c.first); (err != nil) != c.want {
			t.Errorf("%v, first %v: %v", c.failed, c.first, err)
		}
	}
}

// near allows for rounding, which on this backend depends on what is computed together.
func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-5 })
}
