package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	browserRequirements = "scripts/internal/browser/requirements.txt"
	clientRequirements  = "scripts/internal/service/requirements.txt"
)

// browserNames are what the tests can drive.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome"}

// prepareBrowser installs what the tests of scripts/internal/browser drive a browser with, where there is one. Those
// who only take the lesson need neither.
func (s *setup) prepareBrowser(ctx context.Context, l *live) (string, error) {
	found := findBrowser()
	if found == "" {
		return "none: its tests are left out (Debian: apt install chromium)", nil
	}
	return s.installForTests(ctx, l, "browser", browserRequirements, found)
}

// prepareClients installs what the tests of scripts/internal/service ask a service with.
func (s *setup) prepareClients(ctx context.Context, l *live) (string, error) {
	return s.installForTests(ctx, l, "clients", clientRequirements, "Triton's")
}

// installForTests installs what only tests need, once. note says what it is.
func (s *setup) installForTests(ctx context.Context, l *live, step, requirements, note string) (string, error) {
	file := filepath.Join(s.root, requirements)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("%x", sha256.Sum256(text))
	if s.stamped(step, key) {
		return note, nil
	}
	if err := s.pip(ctx, l, "install", "-r", file); err != nil {
		// Another system may not have these, or there is no network: the tests say what they lack.
		return "its tests are left out: " + err.Error(), nil
	}
	return note, s.stamp(step, key)
}

func findBrowser() string {
	for _, name := range browserNames {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
