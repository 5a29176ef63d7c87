package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// manifest says what cells can be built from without asking go.
type manifest struct {
	Root        string            // folder of the module around the notebooks
	Patterns    []string          // the packages it was made for, as go list takes them
	Environment map[string]string // the variables that decide how go builds, as they were
	Go          string            // the real go
	Tools       string            // folder of compile and link
	Settings    []string          // environment of compile and link
	Version     string            // of Go
	Link        []string          // arguments of the linker
	Workspace   string            // the go.work that GoNB makes
	Requires    []string          // what go.mod requires: "path version"
	Packages    string            // name of the table of packages
	Importcfg   string            // name of the list of archives
	Watched     []stamp           // a manifest is good as long as these are the same
}

// stamp is a file's size and time of change, or a folder's: that changes when a file comes or goes.
type stamp struct {
	Path     string
	Size     int64 // -1 if there is no such file, 0 for a folder
	Modified int64 // nanoseconds since 1970
}

// builders are the environment variables that decide what go builds.
var builders = []string{"GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GODEBUG", "GOROOT", "GOTOOLCHAIN",
	"GOPATH", "GOMODCACHE", "GOENV", "GOFIPS140", "GO_EXTLINK_ENABLED", "CGO_ENABLED", "CC", "CXX", "CGO_CFLAGS",
	"CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS"}

func environmentNow() map[string]string {
	now := map[string]string{}
	for _, name := range builders {
		if value := os.Getenv(name); value != "" {
			now[name] = value
		}
	}
	return now
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stamp{path, -1, 0}, nil
	case err != nil:
		return stamp{}, err
	case info.IsDir():
		return stamp{path, 0, info.ModTime().UnixNano()}, nil
	}
	return stamp{path, info.Size(), info.ModTime().UnixNano()}, nil
}

// file is a path in the folder of the manifest.
func (k kernel) file(name string) string { return filepath.Join(k.folder, "cell", name) }

func (k kernel) load() (*manifest, error) {
	text, err := os.ReadFile(k.file("manifest.json"))
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", k.file("manifest.json"), err)
	}
	return &m, nil
}

// fresh says whether what the manifest was made from is unchanged.
func (m *manifest) fresh() bool {
	for _, name := range builders {
		if m.Environment[name] != os.Getenv(name) {
			return false
		}
	}
	return !slices.ContainsFunc(m.Watched, func(s stamp) bool {
		now, err := stampOf(s.Path)
		return err != nil || now != s
	})
}

// writeFile replaces a file whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
