//go:build unix

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

func TestPlanIsAGrid(t *testing.T) {
	tasks, err := readPlan(writePlan(t, `{"network": ["mobilenetv2", "vit"], "learning_rate": [1e-3, 0.010], "folds": 2, "seed": 7, "weights": "a/b c.h5"}`))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, task := range tasks {
		names = append(names, task.name)
	}
	var want []string
	for _, network := range []string{"mobilenetv2", "vit"} {
		for _, rate := range []string{"0.001", "0.01"} {
			for fold := range 2 {
				want = append(want, fmt.Sprintf("%s-learning_rate=%s-weights=b_c.h5-fold=%dof2-seed=7", network, rate, fold+1))
			}
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("got  %q\nwant %q", names, want)
	}
	r, err := tasks[1].recipe(nil)
	if err != nil || r.course.rate != 1e-3 || r.seed != 7 || r.variant.weights != "a/b c.h5" || tasks[1].fold != 2 || tasks[1].folds != 2 {
		t.Errorf("%+v %+v, %v", tasks[1], r, err)
	}
}

func TestPlanThatIsWrongIsRefused(t *testing.T) {
	for plan, says := range map[string]string{
		``:                     "plan.json:1: a plan is a JSON object",
		`["mobilenetv2"]`:      "plan.json:1: a plan is a JSON object",
		`{"seed": [1, 2]}`:     "network is missing: give one or more of mobilenetv2",
		`{"network": "vit"`:    "plan.json:1: the plan ends too early",
		`{"network": "vit"} 1`: "plan.json:1: after the plan there is more",
		"{\"network\": \"vit\",\n \"learnig_rate\": 1}":      `plan.json:2: there is no setting "learnig_rate": did you mean "learning_rate"?`,
		"{\n\"colour\": 1}":                                  `plan.json:2: there is no setting "colour". There are network, folds, alpha`,
		"{\n\n\"seed\": 1 2}":                                "plan.json:3: invalid character",
		`{"out": "x"}`:                                       `no setting "out"`,
		`{"seed": 1, "seed": 2}`:                             `"seed" is there twice`,
		`{"seed": []}`:                                       `"seed": the list is empty`,
		`{"seed": [[1]]}`:                                    `"seed": a value is a number or a text, not [1]`,
		`{"seed": null}`:                                     `"seed": a value is a number or a text`,
		`{"folds": [2, 5]}`:                                  `"folds": give one number`,
		`{"folds": 1}`:                                       `"folds": give one number`,
		`{"network": "vgg16"}`:                               `training vgg16-seed=100: unknown backbone "vgg16"`,
		`{"network": "vit", "alpha": 0.35}`:                  "training vit-alpha=0.35-seed=100: --alpha: vit has one width",
		`{"network": "vit", "epochs": [1, 0]}`:               "training vit-epochs=0-seed=100: --epochs 0: use at least 1",
		`{"network": "vit", "epochs": 1.5}`:                  "training vit-epochs=1.5-seed=100: ",
		`{"network": "vit", "learning_rate": [1e-3, 0.001]}`: "two trainings would be called vit-learning_rate=0.001",
		`{"network": "vit", "seed": [100, "100"]}`:           "two trainings would be called vit-seed=100",
		`{"network": "vit", "unfreeze_prefix": ["a", "A"]}`:  "two trainings would be called vit-unfreeze_prefix=A",
		`{"network": "vit", "seed": [` + strings.Repeat("1,", maxTasks) + `1]}`: "more than 100000 trainings",
	} {
		path := writePlan(t, plan)
		if code, stdout, stderr := defects("sweep", path, "--out", t.TempDir()); code != 1 || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("%.60s: exit code %d: %.300s; want %s", plan, code, stderr, says)
		}
	}
}

func TestShardsOfSchedulers(t *testing.T) {
	all := []string{jobIndex, jobCount, "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_STEP",
		"SLURM_ARRAY_TASK_MAX"}
	for _, c := range []struct {
		given, environment string // values in the order of all, - where there is none
		want               shard
		says               string
	}{
		{"", "- - - - - - -", shard{0, 1}, ""},
		{"3/8", "- - - - - - -", shard{2, 8}, ""},
		{"3/8", "0 4 - - - - -", shard{2, 8}, ""},
		{"", "0 4 - - - - -", shard{0, 4}, ""},
		{"", "3 4 - - - - -", shard{3, 4}, ""},
		{"", "4 4 - - - - -", shard{}, "JOB_COMPLETION_INDEX is 4, which is none of 4"},
		{"", "0 - - - - - -", shard{}, "set JOB_COMPLETIONS in the Job"},
		{"", "0 x - - - - -", shard{}, `JOB_COMPLETIONS is "x"`},
		{"", "- - 1 1 8 1 8", shard{0, 8}, ""},
		{"", "- - 8 1 8 - -", shard{7, 8}, ""},
		{"", "- - 14 10 4 2 16", shard{2, 4}, ""},
		{"", "- - 7 1 3 1 7", shard{}, "without gaps"}, // --array=1,3,7
		{"", "- - 1 1 3 1 7", shard{}, "without gaps"},
		{"", "- - 3 1 3 1 7", shard{}, "without gaps"},
		{"", "- - 1 - 3 1 -", shard{}, `SLURM_ARRAY_TASK_MIN is ""`},
		{"0/8", "- - - - - - -", shard{}, "use I/N"},
		{"9/8", "- - - - - - -", shard{}, "use I/N"},
		{"8", "- - - - - - -", shard{}, "use I/N"},
	} {
		for i, value := range strings.Fields(c.environment) {
			t.Setenv(all[i], strings.TrimPrefix(value, "-"))
		}
		got, err := readShard(c.given)
		if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, %s: %+v, %v", c.given, c.environment, got, err)
		}
	}
	for file, want := range map[string]string{"a.jsonl": "a-3-of-8.jsonl", "b.c/a": "b.c/a-3-of-8", "x/.a": "x/.a-3-of-8"} {
		if got := (shard{2, 8}).of(file); got != want {
			t.Errorf("%s: %s", file, got)
		}
	}
	if got := (shard{0, 1}).of("a.jsonl"); got != "a.jsonl" {
		t.Error(got)
	}
}

func TestResultsOfAnotherDivisionAreSeen(t *testing.T) {
	folder := t.TempDir()
	out := filepath.Join(folder, "r.jsonl")
	for _, name := range []string{"r-1-of-8.jsonl", "r-2-of-8.jsonl", "r-1-of-8.json", "rr-1-of-4.jsonl", ".r.jsonl.lock"} {
		write(t, nil, folder, name)
	}
	for s, want := range map[shard]string{{0, 1}: "r-1-of-8.jsonl", {2, 4}: "r-1-of-8.jsonl", {2, 8}: ""} {
		if got, err := s.otherwise(out); filepath.Base("./"+got) != filepath.Base("./"+want) || err != nil {
			t.Errorf("%v: %q, %v", s, got, err)
		}
	}
	write(t, nil, folder, "w.jsonl")
	if got, err := (shard{0, 2}).otherwise(filepath.Join(folder, "w.jsonl")); filepath.Base(got) != "w.jsonl" || err != nil {
		t.Errorf("the whole beside parts: %q, %v", got, err)
	}
	if got, err := (shard{0, 1}).otherwise(filepath.Join(folder, "none", "w.jsonl")); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// Each shard has each task once, its own first.
func TestShardsBeginWithTheirOwn(t *testing.T) {
	var tasks []*task
	for i := range 11 {
		tasks = append(tasks, &task{seed: fmt.Sprint(i)})
	}
	own := map[*task]int{}
	for i := range 4 {
		order := shard{i, 4}.order(tasks)
		seen := map[*task]bool{}
		for k, task := range order {
			seen[task] = true
			if k < (11-i+3)/4 {
				own[task]++
			}
		}
		if len(order) != 11 || len(seen) != 11 {
			t.Errorf("shard %d has %d tasks, %d different", i, len(order), len(seen))
		}
	}
	if len(own) != 11 || slices.Max(slices.Collect(maps.Values(own))) != 1 {
		t.Errorf("%d tasks come first somewhere", len(own))
	}
}

// What has the name of a training, and is not what the plan says, does not pass for it.
func TestSweepDoesNotTakeOneTrainingForAnother(t *testing.T) {
	text := `{"network": "mobilenetv2", "weights": "a/w.h5", "epochs": 3}`
	plan := writePlan(t, text)
	tasks, err := readPlan(plan)
	if err != nil {
		t.Fatal(err)
	}
	made := outcome{Network: "mobilenetv2", Seed: "100", Settings: tasks[0].settings}
	for says, change := range map[string]func(o *outcome){
		"with other images":     func(o *outcome) { o.Data = "other" },
		"otherwise than":        func(o *outcome) { o.Settings = map[string]string{"weights": "b/w.h5", "epochs": "3"} },
		"no sweep has made it":  nil,
		"1 of 1 trainings are ": func(*outcome) {},
	} {
		out := filepath.Join(t.TempDir(), "out")
		path := filepath.Join(out, tasks[0].name, outcomeName)
		if change == nil {
			write(t, nil, out, tasks[0].name, "run.json")
		} else {
			o := made
			o.Data = hashOfData(t)
			change(&o)
			if err := files.WriteFile(path, nil); err != nil {
				t.Fatal(err)
			}
			if err := o.fill(path); err != nil {
				t.Fatal(err)
			}
		}
		code, stdout, stderr := defects("sweep", plan, "--out", out)
		if finished := strings.HasPrefix(says, "1 of"); finished != (code == 0) || !strings.Contains(stdout+stderr, says) {
			t.Errorf("want %q: exit code %d: %s%s", says, code, stdout, stderr)
		}
	}
}

// hashOfData is what outcomes call the images of these tests.
func hashOfData(t *testing.T) (hash string) {
	t.Helper()
	c := newCall("sweep", nil, io.Discard)
	data, err := c.openData("")
	if err != nil {
		t.Fatal(err)
	}
	if hash, err = hashOf(data); err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestTableIsOfSeedsAndFolds(t *testing.T) {
	folder := t.TempDir()
	add := func(name string, o outcome) {
		t.Helper()
		path := filepath.Join(folder, name, outcomeName)
		if err := files.WriteFile(path, nil); err != nil {
			t.Fatal(err)
		}
		o.Network, o.Data = "vit", "d"
		if err := o.fill(path); err != nil {
			t.Fatal(err)
		}
	}
	seeds, folds := []int{50, 60, 90}, []int{70, 80, 100, 100}
	for i, correct := range seeds {
		add(fmt.Sprint("a", i), outcome{Seed: fmt.Sprint(i), Settings: map[string]string{"epochs": "10"}, Correct: correct, Images: 100, Loss: float64(i), Notice: "random"})
	}
	add("b", outcome{Seed: "5", Settings: map[string]string{"epochs": "10"}, Diverged: true})
	add("c", outcome{Seed: "5", Settings: map[string]string{"epochs": "9"}, Diverged: true})
	for i, correct := range folds {
		add(fmt.Sprint("d", i), outcome{Seed: fmt.Sprint(i / 2), Fold: 1 + i%2, Folds: 2, Correct: correct, Images: 100})
	}
	add("e", outcome{Seed: "1", Fold: 1, Folds: 5, Correct: 1, Images: 2})
	write(t, nil, folder, "notes.txt")
	write(t, nil, folder, ".x.work-2", "run.json")
	if err := keepPlan(folder, []*task{{name: "a0"}, {name: "x"}, {name: "y"}}); err != nil {
		t.Fatal(err)
	}
	write(t, nil, folder, ".a0.work-1", "run.json") // left by a process that had lost it
	var got sweepTable
	succeed(t, &got, "table", folder)
	mean, interval, _ := metrics.Mean([]float64{0.5, 0.6, 0.9})
	foldMean, foldInterval, _ := metrics.MeanOfFolds([]float64{0.7, 0.8, 1, 1}, 2)
	if len(got.Rows) != 4 || got.Notice != "random" || !slices.Equal(got.Unfinished, []string{"x", "y"}) {
		t.Fatalf("%+v", got)
	}
	nine, ten, two, five := got.Rows[0], got.Rows[1], got.Rows[2], got.Rows[3]
	if nine.Settings["epochs"] != "9" || nine.Runs != 1 || nine.Diverged != 1 || nine.Accuracy != nil || nine.Interval != nil {
		t.Errorf("%+v", nine)
	}
	if ten.Runs != 4 || ten.Diverged != 1 || *ten.Accuracy != mean || *ten.Interval != interval || *ten.Loss != 1 || ten.Least != 0.5 || ten.Most != 0.9 {
		t.Errorf("%+v; want %v %v", ten, mean, interval)
	}
	if two.Folds != 2 || two.Runs != 4 || *two.Accuracy != foldMean || *two.Interval != foldInterval {
		t.Errorf("%+v; want %v %v", two, foldMean, foldInterval)
	}
	if five.Runs != 1 || *five.Accuracy != 0.5 || five.Interval != nil {
		t.Errorf("four folds are missing: %+v", five)
	}
	code, stdout, _ := defects("table", folder)
	if code != 0 || !strings.HasPrefix(stdout, "NOTICE: random\nnetwork  epochs  folds  runs") || !strings.Contains(stdout, "0.6667") ||
		!strings.Contains(stdout, interval.String()) || !strings.Contains(stdout, "not finished: x, y\n") {
		t.Errorf("%s", stdout)
	}
	code, stdout, _ = defects("table", "--csv", folder)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || len(lines) != 5 || lines[1] != "vit,9,,1,1,,,,,,,random" || strings.Count(lines[2], ",") != strings.Count(lines[0], ",") {
		t.Errorf("%q", lines)
	}
	add("a3", outcome{Seed: "3", Settings: map[string]string{"epochs": "10"}, Correct: 1, Images: 2, Weights: "α=0.35"})
	if code, stdout, _ = defects("table", folder); code != 0 || !strings.Contains(stdout, "begin with 2 different weights: not recorded / α=0.35") {
		t.Errorf("other weights: %s", stdout)
	}
	path := filepath.Join(folder, "e", outcomeName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, []byte(strings.Replace(string(text), `"correct": 1`, `"correct": 2`, 1)), path)
	refuse(t, []string{path, "damaged"}, "table", folder)
	refuse(t, []string{"no sweep at", "defects sweep"}, "table", filepath.Join(folder, "none"))
	refuse(t, []string{"no finished training"}, "table", t.TempDir())
}

func TestManifestsAgreeWithThemselves(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("schedulers", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	job := read("kubernetes.yaml")
	number := func(pattern string) string {
		t.Helper()
		match := regexp.MustCompile(pattern).FindStringSubmatch(job)
		if match == nil {
			t.Fatalf("the Job has no %s", pattern)
		}
		return match[1]
	}
	if n := number(`\n  completions: (\d+)\n`); n != number(`- name: `+jobCount+`\n +value: "(\d+)"`) || !strings.Contains(job, "completionMode: Indexed") {
		t.Errorf("%s completions, but another %s", n, jobCount)
	}
	for _, text := range []string{job, read("slurm.sh")} {
		for _, command := range []string{"sweep", "predict"} {
			if !strings.Contains(text, command) {
				t.Errorf("%s is not shown", command)
			}
		}
	}
}
