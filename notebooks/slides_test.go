package notebooks

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the slides that cells begin into the notebooks")

// slides is a notebook as far as its cells are slides. Maps are written by name, as Jupyter does.
type slides struct {
	Cells    []map[string]json.RawMessage `json:"cells"`
	Metadata json.RawMessage              `json:"metadata"`
	Format   int                          `json:"nbformat"`
	Minor    int                          `json:"nbformat_minor"`
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
			var kind string
			var metadata map[string]json.RawMessage
			source, err := sourceText(c["source"])
			if err = errors.Join(err, json.Unmarshal(c["cell_type"], &kind), json.Unmarshal(c["metadata"], &metadata)); err != nil {
				t.Fatalf("%s, cell %s: %v", path, c["id"], err)
			}
			var got struct {
				Type string `json:"slide_type"`
			}
			if text, ok := metadata["slideshow"]; ok {
				if err := json.Unmarshal(text, &got); err != nil {
					t.Fatalf("%s, cell %s: %v", path, c["id"], err)
				}
			}
			want := slide(kind, source)
			if *update {
				metadata["slideshow"] = fmt.Appendf(nil, `{"slide_type": %q}`, want)
				if c["metadata"], err = json.Marshal(metadata); err != nil {
					t.Fatal(err)
				}
			} else if got.Type != want {
				t.Errorf("%s, cell %s: slide type %q, want %q; go test ./notebooks -update writes it", path, c["id"], got.Type, want)
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
