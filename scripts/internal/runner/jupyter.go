package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func (s *setup) installJupyter(ctx context.Context, l *live) (string, error) {
	if err := s.configureExports(); err != nil {
		return "", err
	}
	note, key, err := requirements(s.root)
	if err != nil {
		return "", err
	}
	if s.stamped("jupyter", key) {
		return note, nil
	}
	if err := s.pip(ctx, l, "install", "-r", filepath.Join(s.root, requirementsFile)); err != nil {
		return "", fmt.Errorf("%w (is there a network, and room on the disk?)", err)
	}
	settings := s.venv("share", "jupyter", "lab", "settings")
	if err := os.MkdirAll(settings, 0o755); err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(settings, "overrides.json"),
		[]byte(labSettings), 0o644); err != nil {
		return "", err
	}
	return note, s.stamp("jupyter", key)
}

// labSettings: JupyterLab would ask on its first start whether to fetch news, and it gives completion one second.
const labSettings = `{
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false},
  "@jupyterlab/completer-extension:manager": {"providerTimeout": 3000}
}`

// configureExports lets nbconvert, JupyterLab's menu and the reports export notebooks in one way.
func (s *setup) configureExports() error {
	dir := s.venv("etc", "jupyter")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(s.root, "scripts", "internal", "nbconvert", "config.py")
	return writeFile(filepath.Join(dir, "jupyter_config.py"), fmt.Appendf(nil, "load_subconfig(%q)\n", path), 0o644)
}

const requirementsFile = "scripts/internal/requirements.txt"

// requirements gives what is pinned in a few words, and the key of a virtual environment that has all of it.
func requirements(root string) (note, key string, err error) {
	text, err := os.ReadFile(filepath.Join(root, requirementsFile))
	if err != nil {
		return "", "", err
	}
	used := regexp.MustCompile(`(?m)^(jupyterlab|nbclient|nbconvert)==\S+`).FindAllString(string(text), -1)
	return strings.Join(used, " "), fmt.Sprintf("%x", sha256.Sum256(text)), nil
}

// pip runs the pip of .venv.
func (s *setup) pip(ctx context.Context, l *live, command string, args ...string) error {
	return s.command(ctx, l, s.venv("bin", "python"), append([]string{"-m", "pip", command, "--disable-pip-version-check",
		"--no-input", "--progress-bar=off"}, args...)...)
}
