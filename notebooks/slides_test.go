package notebooks

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the slides that cells begin into the notebooks")

// slides is a notebook with what Jupyter's slides are made of, in the order that its file has it.
type slides struct {
	Cells []struct {
		Type     string          `json:"cell_type"`
		ID       string          `json:"id"`
		Metadata map[string]any  `json:"metadata"`
		Source   json.RawMessage `json:"source"`
		Count    json.RawMessage `json:"execution_count,omitempty"`
		Outputs  json.RawMessage `json:"outputs,omitempty"`
	} `json:"cells"`
	Metadata json.RawMessage `json:"metadata"`
	Format   int             `json:"nbformat"`
	Minor    int             `json:"nbformat_minor"`
}

// slide is what a cell begins: a slide at each heading of the first two levels; below it one per text, and per cell that
// runs. Declarations stand with what is before them.
func slide(kind, source string) string {
	switch {
	case kind == "raw": // not shown: see scripts/exercises
		return "skip"
	case kind == "markdown" && (strings.HasPrefix(source, "# ") || strings.HasPrefix(source, "## ")):
		return "slide"
	case kind == "code" && !strings.HasPrefix(source, "%%"):
		return "-"
	}
	return "subslide"
}

// `go test ./notebooks -update` writes them; then run `go run ./scripts/exercises`.
func TestEachCellSaysWhichSlideItBegins(t *testing.T) {
	paths, err := filepath.Glob("*.ipynb")
	solutions, err2 := filepath.Glob("solutions/*.ipynb")
	if err != nil || err2 != nil || len(paths) == 0 {
		t.Fatal(err, err2, "no notebooks")
	}
	for _, path := range append(paths, solutions...) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var n slides
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Cells {
			source, err := sourceText(c.Source)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"slide_type": slide(c.Type, source)}
			if *update {
				c.Metadata["slideshow"] = want
			} else if got, _ := c.Metadata["slideshow"].(map[string]any); got["slide_type"] != want["slide_type"] {
				t.Errorf("%s, cell %s: slide type %v, want %q; go test ./notebooks -update writes it", path, c.ID, got["slide_type"], want["slide_type"])
			}
		}
		if !*update {
			continue
		}
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		if err := e.Encode(n); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
