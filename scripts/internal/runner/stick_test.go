package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAStoreIsWholeOrNotThere(t *testing.T) {
	s, to := newSetup(nil, t.TempDir(), options{}), t.TempDir()
	dir, made := filepath.Join(to, stores, "wheels"), 0
	fill := func(text string, err error) func(string) error {
		return func(dir string) error {
			made++
			write(t, filepath.Join(dir, "a.whl"), text)
			return err
		}
	}
	if _, err := s.store(to, "wheels", "1", fill("half", errors.New("killed"))); err == nil || exists(dir) {
		t.Errorf("a failed step: error %v, store there: %t", err, exists(dir))
	}
	for _, key := range []string{"1", "1", "2"} {
		if _, err := s.store(to, "wheels", key, fill("of "+key, nil)); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "a.whl")); string(text) != "of "+key {
			t.Errorf("key %s: %q, %v", key, text, err)
		}
	}
	if made != 3 {
		t.Errorf("made %d times, want 3: once in vain, and once for each key", made)
	}
}

func TestASetUpFromAStickAsksNoNetwork(t *testing.T) {
	root := t.TempDir()
	if s := newSetup(nil, root, options{}); s.options.offline || slices.ContainsFunc(s.environment(), isNoIndex) {
		t.Error("a clone without stores is offline")
	}
	write(t, filepath.Join(root, stores, "wheels", "a.whl"), "")
	s := newSetup(nil, root, options{})
	if !s.options.offline || !slices.ContainsFunc(s.environment(), isNoIndex) {
		t.Error("a clone with stores is not offline")
	}
}

func isNoIndex(variable string) bool { return variable == "PIP_NO_INDEX=1" }

func TestTheStickIsACloneOfTheLastCommit(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	root, to := t.TempDir(), filepath.Join(t.TempDir(), "stick")
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", root, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)
		if output, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
		}
	}
	s := newSetup(nil, root, options{})
	l := &live{c: newConsole(os.Stderr)}
	if _, err := s.stickClone(context.Background(), l, to); err == nil || !strings.Contains(err.Error(), "not a git clone") {
		t.Errorf("no repository: %v", err)
	}
	git("init", "--quiet")
	for _, text := range []string{"one", "two"} {
		write(t, filepath.Join(root, "a"), text)
		git("add", "a")
		git("commit", "--quiet", "-m", text)
		write(t, filepath.Join(root, "b"), "mine")
		note, err := s.stickClone(context.Background(), l, to)
		if err != nil || !strings.Contains(note, "NOTICE: what is not committed is not on the stick: ?? b") {
			t.Errorf("%s: %q, %v", text, note, err)
		}
		if got, err := os.ReadFile(filepath.Join(to, "a")); string(got) != text || exists(filepath.Join(to, "b")) {
			t.Errorf("%q, %v; want %q, and no b", got, err, text)
		}
	}
	if remotes, err := exec.Command("git", "-C", to, "remote").Output(); err != nil || len(remotes) > 0 {
		t.Errorf("remotes of the stick: %q, %v; a path of this machine is of no use elsewhere", remotes, err)
	}
	full := t.TempDir()
	write(t, filepath.Join(full, "a"), "")
	if _, err := s.stickClone(context.Background(), l, full); err == nil || !strings.Contains(err.Error(), "give a new folder") {
		t.Errorf("a folder with files: %v", err)
	}
}
