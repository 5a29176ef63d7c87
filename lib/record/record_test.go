package record

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/notice"
)

func TestRecordsComeBack(t *testing.T) {
	folder := t.TempDir()
	r := Record{Name: "bench-vit", Origin: Origin{Made: "2026-11-24", Seeds: "0; 1", Notice: "<random> weights"}, Quick: true, Note: "n",
		Header: []string{"", `a "b"`}, Rows: [][]string{{"x [", "1 × 2,"}, {"]", ""}, {"short"}}}
	if err := r.Write(folder); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "bench-vit.json")
	got, err := Read(path)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v, %v", got, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), "\n  [\"x [\", \"1 × 2,\"],\n") || !strings.Contains(string(text), `"<random> weights"`) {
		t.Errorf("a row is not a line: %s", text)
	}
	if err := os.Rename(path, filepath.Join(folder, "other.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(filepath.Join(folder, "other.json")); err == nil || !strings.Contains(err.Error(), "it is record bench-vit") {
		t.Errorf("a renamed record: %v", err)
	}
	for _, wrong := range []Record{{Name: "a b", Header: []string{"x"}}, {Header: []string{"x"}}, {Name: "a"},
		{Name: "a", Header: []string{"x"}, Rows: [][]string{{"1", "2"}}}, {Name: "a", Header: []string{"x"}, Rows: [][]string{{}}}} {
		if err := wrong.Write(folder); err == nil {
			t.Errorf("%+v is written", wrong)
		}
	}
}

func TestRowsAreFoundByName(t *testing.T) {
	r := Record{Name: "r", Header: []string{"", "s"}, Rows: [][]string{{"a", "1"}, {"b", "2"}, {"b", "3"}}}
	if row, err := r.Row("a"); err != nil || row[1] != "1" {
		t.Error(row, err)
	}
	for _, name := range []string{"b", "c"} {
		if row, err := r.Row(name); err == nil {
			t.Errorf("row %s: %v", name, row)
		}
	}
	if at, err := r.Column("s"); at != 1 || err != nil {
		t.Error(at, err)
	}
	if at, err := r.Column("t"); err == nil {
		t.Error(at)
	}
}

func TestOriginsAreJoined(t *testing.T) {
	a := Origin{Made: "2026-11-24", Machine: "m", Seeds: "1; 2", Weights: "w", Notice: "random"}
	b := Origin{Made: "2026-11-02", Machine: "m", Seeds: "2; 3", Data: "d", Load: "l", Backend: "b", Command: "c", Notice: "drawn"}
	want := Origin{Made: "2026-11-02; 2026-11-24", Machine: "m", Seeds: "1; 2; 3", Weights: "w", Data: "d", Load: "l", Backend: "b",
		Command: "c", Notice: "random; drawn"}
	if got := a.With(b); got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := a.With(Origin{}); got != a {
		t.Errorf("with nothing: %+v", got)
	}
}

func TestWhatIsToldStandsUnderTheTable(t *testing.T) {
	if got := Told(); got.Made != Today() || got.Machine != Machine() || !strings.Contains(got.Machine, "cores") {
		t.Errorf("%+v", got)
	}
	Tell(Origin{Made: "2025-01-01", Data: "photographs"})
	notice.Tell("random weights")
	if got := Told(); got.Made != "2025-01-01; "+Today() || got.Data != "photographs" || got.Notice != "random weights" {
		t.Errorf("%+v", got)
	}
}
