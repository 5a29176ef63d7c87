package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

const browserRequirements = "scripts/internal/browser/requirements.txt"

// browserNames are what the tests can drive.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome"}

// prepareBrowser installs what the tests of scripts/internal/browser drive a browser with, where there is one. Those
// who only take the lesson need neither.
func (s *setup) prepareBrowser(ctx context.Context, l *live) (string, error) {
	found := findBrowser()
	if found == "" {
		return "none: its tests are left out (Debian: apt install chromium)", nil
	}
	text, err := os.ReadFile(filepath.Join(s.root, browserRequirements))
	if err != nil {
		return "", err
	}
	key := fmt.Sprintf("%x", sha256.Sum256(text))
	if s.stamped("browser", key) {
		return found, nil
	}
	if err := s.pip(ctx, l, "install", "-r", filepath.Join(s.root, browserRequirements)); err != nil {
		// Another system may have no Playwright, or there is no network: the tests say what they lack.
		return "its tests are left out: " + err.Error(), nil
	}
	return found, s.stamp("browser", key)
}

func findBrowser() string {
	for _, name := range browserNames {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
