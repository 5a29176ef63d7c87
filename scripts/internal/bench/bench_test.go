package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"--data", "d", "--weights=w", "--only", "resnet50v2", "--quick", "--out", "o.md"})
	if want := (options{data: "d", weights: "w", only: "resnet50v2", out: "o.md", quick: true}); o != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", o, err, want)
	}
	for _, wrong := range [][]string{{"--dta", "d"}, {"more"}, {"--data="}, {"--out"}, {"--only", "resnet"}} {
		if _, err := parseOptions(wrong); err == nil || errors.Is(err, errHelp) {
			t.Errorf("%q: %v, want an error", wrong, err)
		}
	}
	if _, err := parseOptions([]string{"--help"}); !errors.Is(err, errHelp) {
		t.Errorf("--help: %v", err)
	}
}

func TestRatioIsToTheBetterOfKerassTwo(t *testing.T) {
	speed := row{unit: "images/s", target: 1.2}
	speed.samples = [sides][]float64{{120, 100, 110}, {50}, {100}, {500}}
	seconds := row{unit: "s", lower: true, target: 4}
	seconds.samples = [sides][]float64{{10, 20}, {60}, {45}, {5}}
	memory := row{unit: "MB", lower: true, target: 1}
	memory.samples = [sides][]float64{{1000}, {900}}
	cell := row{unit: "s", lower: true, limit: 2.5}
	cell.samples = [sides][]float64{{2, 3}}
	accuracy := row{unit: "%", noRatio: true}
	accuracy.samples = [sides][]float64{{99}, {98}}
	for _, c := range []struct {
		row     *row
		ratio   float64
		verdict string
	}{
		{&speed, 1.1, "≥ 1.2× ✗"}, {&seconds, 3, "≥ 4× ✗"}, {&memory, 0.9, "≥ 1× ✗"}, {&cell, 0, "≤ 2.5 s ✓"},
		{&accuracy, 0, ""},
	} {
		ratio, ok := c.row.ratio()
		if ratio != c.ratio || ok != (c.ratio != 0) || c.row.verdict() != c.verdict {
			t.Errorf("%+v: ratio %v %v, %q; want %v, %q", c.row, ratio, ok, c.row.verdict(), c.ratio, c.verdict)
		}
	}
}

func TestOnlyOnePart(t *testing.T) {
	for only, want := range map[string][2]int{"": {len(networks), len(trainings)}, "mobilenetv2": {2, 2},
		"resnet50v2": {1, 3}, "vit": {2, 2}, "notebook": {0, 0}, "lesson": {4, 5}} {
		n, trained := chosen(only)
		if got := [2]int{len(n), len(trained)}; got != want {
			t.Errorf("--only %q: %d networks and %d trainings, want %v", only, got[0], got[1], want)
		}
	}
}

func TestTimeOfEpochsThatWereNotTrained(t *testing.T) {
	// Keras: 30 s until compiled, two warm-ups of which the second takes 5 s, two epochs of 100 s.
	got := outcome{Epochs: []float64{101, 99}, WarmUp: 10}
	tuning := training{label: "tuning", epochs: 10, trained: [2]int{10, 2}, whole: 8}
	if s := tuning.wholeSeconds(kerasSide, 240, got); s != 30+10*100 {
		t.Errorf("10 epochs take %v s, want 1030", s)
	}
	if s := tuning.wholeSeconds(oursSide, 90, outcome{Epochs: []float64{1, 1}}); s != 90 {
		t.Errorf("what ran whole takes %v s, want 90", s)
	}
	b := &bench{count: 1800}
	r := b.trainingRows(tuning)
	if want := "tuning: whole program, 10 epochs, Keras from 2 of 10"; r.whole.measure != want {
		t.Errorf("the row is called %q, want %q", r.whole.measure, want)
	}
	if r.accuracy != nil || r.second != nil || r.epoch != nil {
		t.Errorf("rows that were not measured: %+v", r)
	}
}

func TestTheLessonIsTheSumOfItsTrainings(t *testing.T) {
	programs := []*row{{}, {}}
	programs[0].samples = [sides][]float64{{8, 10, 9}, {60}}
	programs[1].samples = [sides][]float64{{300}, {1000, 1200}}
	for only, want := range map[string]bool{"": true, "lesson": true, "vit": false} {
		b := &bench{only: only}
		if b.addLesson(programs); (len(b.rows) == 1) != want {
			t.Fatalf("--only %q: %d rows", only, len(b.rows))
		}
		if !want {
			continue
		}
		if r := b.rows[0]; r.part != "lesson" || median(r.samples[oursSide]) != 309 || median(r.samples[kerasSide]) != 1160 {
			t.Errorf("%+v", r)
		}
	}
}

func TestTable(t *testing.T) {
	speed := &row{measure: "inference", unit: "images/s", target: 1.2, work: work{flop: 1e8, bytes: 1e7}}
	speed.samples = [sides][]float64{{120, 100.4, 111}, {50.25}, {80, 90}, nil}
	var b bytes.Buffer
	writeTable(&b, []*row{speed}, limits{Arithmetic: []float64{111}, Memory: []float64{11.1}})
	lines := strings.Split(b.String(), "\n")
	want := "| inference | images/s | 111 (100–120) | 50.2 | 85.0 (80.0–90.0) | – | **1.31×** | ≥ 1.2× ✓ | 10.0 % | 10.0 % |"
	if lines[2] != want {
		t.Errorf("got  %s\nwant %s", lines[2], want)
	}
	for _, line := range lines[:3] {
		if n := strings.Count(line, "|"); n != 11 {
			t.Errorf("%d bars in %s", n, line)
		}
	}
}

// What pages show is what the report shows.
func TestRecordsHoldTheMediansOfTheReport(t *testing.T) {
	b := &bench{networks: networks, sources: map[string]string{narrow.title: "imagenet", wide.title: "random"}, part: "mobilenetv2",
		limits: limits{Arithmetic: []float64{100}, Memory: []float64{20}}}
	speed := b.row(row{measure: "inference, MobileNetV2 α=0.35, batch 32", unit: "images/s", work: work{flop: 1e8, bytes: 1e7}})
	speed.samples = [sides][]float64{{450, 400, 500}, {212}, {326, 330}}
	b.part = "notebook"
	cell := b.row(row{measure: "a warm cell", unit: "s", lower: true})
	cell.samples = [sides][]float64{{1.67}, {0.206}}
	before := usage{when: time.Now().Add(-time.Minute)}
	all := b.records(options{data: "/home/me/NEU-DET", only: ""}, before)
	if len(all) != 2 {
		t.Fatalf("%d records, want one of each part with rows: %+v", len(all), all)
	}
	for i, want := range []string{
		`[["inference, MobileNetV2 α=0.35, batch 32, images/s" "450" "212" "328" "" "328" "**1.37×**" "45.0 %" "22.5 %"]]`,
		`[["a warm cell, s" "1.67" "0.21" "" "" "0.21" "0.12×" "" ""]]`,
	} {
		if got := fmt.Sprintf("%q", all[i].Rows); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if n := len(all[i].Header); n != len(all[i].Rows[0]) {
			t.Errorf("%d columns, %d cells", n, len(all[i].Rows[0]))
		}
	}
	if r := all[0]; r.Weights != "MobileNetV2 α=0.35: imagenet; MobileNetV2 α=1.0: random" ||
		r.Command != "scripts/bench --data … --only mobilenetv2" || r.Name != "bench-mobilenetv2" {
		t.Errorf("%+v", r)
	}
	if r := b.records(options{quick: true}, before)[0]; !r.Quick || r.Name != "bench-mobilenetv2-quick" {
		t.Errorf("a quick run leaves %+v", r)
	}
}

func TestCopyImagesFromFolderAndZip(t *testing.T) {
	source := t.TempDir()
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for _, name := range []string{"train/images/a/1.jpg", "train/images/a/2.jpg", "train/images/b/3.jpg",
		"validation/images/a/4.jpg", "train/annotations/1.xml"} {
		path := filepath.Join(source, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		f, err := z.Create("NEU-DET/" + name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(name))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	zipped := filepath.Join(t.TempDir(), "d.zip")
	if err := os.WriteFile(zipped, archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{source, zipped} {
		to := t.TempDir()
		if err := copyImages(from, to, map[string]int{"train": 1}); err != nil {
			t.Fatal(err)
		}
		var got []string
		files, _ := filepath.Glob(filepath.Join(to, "*", "*", "*", "*"))
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil || !strings.HasSuffix(f, string(text)) {
				t.Errorf("%s holds %q, %v", f, text, err)
			}
			got = append(got, string(text))
		}
		if want := "train/images/a/1.jpg train/images/b/3.jpg validation/images/a/4.jpg"; strings.Join(got, " ") != want {
			t.Errorf("%s: copied %v", from, got)
		}
	}
}

func TestTimeOfOtherPrograms(t *testing.T) {
	start := time.Now()
	before := usage{when: start, all: 100, own: 10, wholeMachine: true}
	for _, c := range []struct {
		now     usage
		note    string
		spoiled bool
	}{
		{usage{when: start.Add(10 * time.Second), all: 120, own: 29.5, wholeMachine: true}, "0.05", false},
		{usage{when: start.Add(10 * time.Second), all: 120, own: 15, wholeMachine: true}, "1.50", true},
		{usage{when: start.Add(10 * time.Second), all: 110, own: 21, wholeMachine: true}, "0.00", false}, // clocks differ a little
	} {
		if note, spoiled := before.others(c.now); spoiled != c.spoiled || !strings.Contains(note, c.note) {
			t.Errorf("%+v: %q %v, want %s %v", c.now, note, spoiled, c.note, c.spoiled)
		}
	}
}
