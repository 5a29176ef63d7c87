package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// stores is the folder of a clone that holds what its set-up would else fetch: "wheels" for pip, "modules" for Go, and
// "cache" for the library. It is not there in a clone from a repository: scripts/stick makes it.
const stores = ".offline"

// makeStick makes a clone that needs no network. What an interrupted run has made is kept.
func (s *setup) makeStick(ctx context.Context) error {
	to := s.options.stick
	s.c.section("filling " + to)
	for _, step := range []struct {
		name string
		do   func(context.Context, *live, string) (string, error)
	}{{"clone", s.stickClone}, {"wheels", s.stickWheels}, {"modules", s.stickModules}, {"cache", s.stickCache}} {
		if err := s.c.step(step.name, func(l *live) (string, error) { return step.do(ctx, l, to) }); err != nil {
			return err
		}
	}
	python, err := s.output(ctx, s.venv("bin", "python"), "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
	if err != nil {
		return err
	}
	s.c.say(fmt.Sprintf("Done. On a laptop with %s/%s, Go 1.26.5 or newer, Python %s and gcc: copy the folder to its disk, and run scripts/lab in it.",
		runtime.GOOS, runtime.GOARCH, python))
	return nil
}

// stickClone clones this clone, or brings an earlier copy to its commit.
func (s *setup) stickClone(ctx context.Context, l *live, to string) (string, error) {
	if top, err := s.output(ctx, "git", "rev-parse", "--show-toplevel"); err != nil || !sameFile(top, s.root) {
		return "", fmt.Errorf("%s is not a git clone: clone the repository, and run scripts/stick there", s.root)
	}
	changed, err := s.output(ctx, "git", "status", "--porcelain")
	if err != nil {
		return "", err
	}
	switch _, err := os.Stat(filepath.Join(to, ".git")); {
	case err == nil:
		if err := s.command(ctx, l, "git", "-C", to, "pull", "--ff-only", s.root, "HEAD"); err != nil {
			return "", fmt.Errorf("%w (%s has changes of its own: give another folder)", err, to)
		}
	case !empty(to):
		return "", fmt.Errorf("%s has files, and is not a clone: give a new folder", to)
	default:
		if err := s.command(ctx, l, "git", "clone", "--no-hardlinks", s.root, to); err != nil {
			return "", err
		}
		// "origin" is a path of this machine.
		if err := s.command(ctx, l, "git", "-C", to, "remote", "remove", "origin"); err != nil {
			return "", err
		}
		if origin, err := s.output(ctx, "git", "remote", "get-url", "origin"); err == nil {
			if err := s.command(ctx, l, "git", "-C", to, "remote", "add", "origin", origin); err != nil {
				return "", err
			}
		}
	}
	note := "the lesson, as of the last commit"
	if changed != "" {
		note += "\nNOTICE: what is not committed is not on the stick: " + strings.Join(strings.Fields(changed), " ")
	}
	return note, nil
}

// stickWheels fetches Jupyter for this system and this Python.
func (s *setup) stickWheels(ctx context.Context, l *live, to string) (string, error) {
	_, key, err := requirements(s.root)
	if err != nil {
		return "", err
	}
	return s.store(to, "wheels", s.tools+" "+key, func(dir string) error {
		return s.pip(ctx, l, "download", "--dest", dir, "-r", filepath.Join(s.root, requirementsFile))
	})
}

// stickModules fetches the Go modules that the set-up reads, in the form of a module proxy.
func (s *setup) stickModules(ctx context.Context, l *live, to string) (string, error) {
	sum, err := os.ReadFile(filepath.Join(s.root, "go.sum"))
	if err != nil {
		return "", err
	}
	have, err := s.output(ctx, "go", "env", "GOMODCACHE", "GOPROXY")
	if err != nil {
		return "", err
	}
	cache, proxies, _ := strings.Cut(have, "\n")
	return s.store(to, "modules", s.tools+" "+string(sum), func(dir string) error {
		// A module cache of its own, so that no more than what is needed is in it. What this machine has is not fetched.
		fresh := dir + ".cache"
		fetching := *s
		fetching.extra = append(s.extra[:len(s.extra):len(s.extra)], "GOMODCACHE="+fresh, "GOFLAGS=-modcacherw -buildvcs=false",
			"GOPROXY=file://"+filepath.ToSlash(filepath.Join(cache, "cache", "download"))+","+proxies)
		if err := fetching.command(ctx, l, "go", append([]string{"list", "-deps", "-test", "./..."}, kernelTools...)...); err != nil {
			return err
		}
		if err := fetching.fetchModules(ctx, l); err != nil {
			return err
		}
		if err := fetching.command(ctx, l, "go", "-C", filepath.Join(s.root, goplsModule), "list", "-deps", "golang.org/x/tools/gopls"); err != nil {
			return err
		}
		return errors.Join(os.Remove(dir), os.Rename(filepath.Join(fresh, "cache", "download"), dir), os.RemoveAll(fresh))
	})
}

// stickCache copies the plugin, images and weights that are here.
func (s *setup) stickCache(ctx context.Context, l *live, to string) (string, error) {
	return s.prepare(ctx, l, "pack", to)
}

// store makes a folder of the stores whole or not at all, unless it is there and made from the same.
func (s *setup) store(to, name, key string, make func(dir string) error) (string, error) {
	dir := filepath.Join(to, stores, name)
	stamp := dir + ".stamp"
	if text, err := os.ReadFile(stamp); err == nil && string(text) == key {
		return "there already", nil
	}
	fresh := dir + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.MkdirAll(fresh, 0o755)); err != nil {
		return "", err
	}
	if err := make(fresh); err != nil {
		return "", err
	}
	if err := errors.Join(os.RemoveAll(dir), os.Rename(fresh, dir)); err != nil {
		return "", err
	}
	return sizeOf(dir), writeFile(stamp, []byte(key), 0o644)
}

// offline is the environment of commands in a clone that a stick has brought.
func offline(root string) []string {
	dir := filepath.Join(root, stores)
	if _, err := os.Stat(dir); err != nil {
		return nil
	}
	return []string{
		"PIP_NO_INDEX=1",
		"PIP_FIND_LINKS=" + filepath.Join(dir, "wheels"),
		"GOPROXY=file://" + filepath.ToSlash(filepath.Join(dir, "modules")),
		"GOSUMDB=off", // go.sum of the lesson holds the checksums
	}
}

func sizeOf(dir string) string {
	var bytes int64
	filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil {
			if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
				bytes += info.Size()
			}
		}
		return nil
	})
	return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
}

func empty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0
}

func sameFile(a, b string) bool {
	one, err := os.Stat(a)
	other, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(one, other)
}
