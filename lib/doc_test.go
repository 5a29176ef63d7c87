package lib

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/transfer-learning-go/defects/lib/"

// comment is the package's documentation.
func comment(t *testing.T) string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f.Doc.Text()
}

func TestPackagesKnowOnlyThoseBeforeThem(t *testing.T) {
	_, row, found := strings.Cut(comment(t), "in this row:")
	order := strings.Fields(row)
	if !found || len(order) < 10 {
		t.Fatalf("no row of packages: %q", row)
	}
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || folder.Name() == "internal" {
			continue
		}
		if at := slices.Index(order, folder.Name()); at < 0 {
			t.Errorf("package %s is not in the row", folder.Name())
		} else {
			requireBefore(t, folder.Name(), order[:at])
		}
	}
}

func requireBefore(t *testing.T, name string, before []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(name, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			imported, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			other, ours := strings.CutPrefix(imported, module)
			other, _, _ = strings.Cut(other, "/")
			if ours && other != "internal" && other != name && !slices.Contains(before, other) {
				t.Errorf("%s imports %s, which does not come before it", path, other)
			}
		}
	}
}

func TestReadmeShowsTheSameMap(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, picture, _ := strings.Cut(comment(t), "pass the packages:\n")
	picture, _, _ = strings.Cut(picture, "\nEach package")
	picture = strings.ReplaceAll("\n"+strings.Trim(picture, "\n"), "\n\t", "\n")
	if len(picture) < 100 || !strings.Contains(string(readme), picture+"\n") {
		t.Error("README.md does not have the map of lib/doc.go")
	}
}
