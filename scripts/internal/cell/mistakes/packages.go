package mistakes

import (
	"cmp"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Pkg is a package that a cell can import.
type Pkg struct {
	Path, Dir string
	read      sync.Once
	files     []*ast.File
}

func (p *Pkg) parsed() []*ast.File {
	p.read.Do(func() {
		found, err := build.ImportDir(p.Dir, 0)
		if err != nil && found == nil {
			return
		}
		for _, name := range append(found.GoFiles, found.CgoFiles...) {
			file, _ := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if file != nil {
				p.files = append(p.files, file)
			}
		}
	})
	return p.files
}

// Exported are the names that a cell can use.
func (p *Pkg) Exported() (names []string) {
	for _, file := range p.parsed() {
		for name := range (source{files: token.NewFileSet(), file: file}).declared() {
			if ast.IsExported(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Members are the exported fields and methods of a type.
func (p *Pkg) Members(typeName string) (names []string) {
	for _, name := range members(p.parsed(), typeName) {
		if ast.IsExported(name) {
			names = append(names, name)
		}
	}
	return names
}

// Finder finds packages by the name a cell calls them: in the module's lib folder, in the standard library, and among
// what the library is built from. It looks when it is asked for the first time.
func Finder(module string) func(name string) []*Pkg {
	near := sync.OnceValue(func() map[string][]*Pkg {
		found := map[string][]*Pkg{}
		if root := cmp.Or(os.Getenv("GOROOT"), output(module, "go", "env", "GOROOT")); root != "" {
			walk(filepath.Join(root, "src"), "", found)
		}
		if module != "" {
			walk(filepath.Join(module, "lib"), output(module, "go", "list", "-m")+"/lib/", found)
		}
		return found
	})
	far := sync.OnceValue(func() map[string][]*Pkg {
		found := map[string][]*Pkg{}
		list := output(module, "go", "list", "-deps", "-f", "{{.Name}} {{.ImportPath}} {{.Dir}}", "./lib/...", "github.com/janpfeifer/must")
		for line := range strings.SplitSeq(list, "\n") {
			if part := strings.Fields(line); len(part) == 3 && !internal(part[1]) {
				found[part[0]] = append(found[part[0]], &Pkg{Path: part[1], Dir: part[2]})
			}
		}
		return found
	})
	return func(name string) []*Pkg {
		if found := near()[name]; len(found) > 0 || module == "" {
			return found
		}
		return far()[name]
	}
}

// walk adds the packages under a folder, each by the last part of its path that is not a version.
func walk(root, prefix string, found map[string][]*Pkg) {
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == root {
			return nil
		}
		switch name := d.Name(); name {
		case "internal", "vendor", "testdata", "cmd", "builtin":
			return fs.SkipDir
		default:
			if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
				name = filepath.Base(filepath.Dir(path))
			}
			rel, _ := filepath.Rel(root, path)
			found[name] = append(found[name], &Pkg{Path: prefix + filepath.ToSlash(rel), Dir: path})
		}
		return nil
	})
}

func internal(path string) bool {
	return strings.Contains("/"+path+"/", "/internal/") || strings.HasPrefix(path, "vendor/")
}

// output is what a command prints, or "" if it fails: without it there is one hint less.
func output(dir, name string, args ...string) string {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	text, _ := cmd.Output()
	return strings.TrimSpace(string(text))
}
