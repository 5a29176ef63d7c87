package device

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// wheel is a Python package of which we take one file, a PJRT plugin. Nothing of it is run by Python.
type wheel struct {
	name, version string
	platform      string // GOOS/GOARCH
	sha256        string // of the .whl file
	size          int64
	library       string // path inside the wheel
	librarySHA256 string
	librarySize   int64
}

// pinned is XLA's CPU plugin, built from the XLA of jaxlib 0.11.2, for glibc 2.27 or newer. It links no Python.
var pinned = wheel{
	name:          "lammps-jax-pjrt-cpu",
	version:       "0.11.2",
	platform:      "linux/amd64",
	sha256:        "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
	size:          62711338,
	library:       "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
	librarySHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2",
	librarySize:   201600336,
}

// path is where the library is installed.
func (w wheel) path(cache string) string {
	return filepath.Join(cache, "pjrt", w.version, path.Base(w.library))
}

// download fetches the wheel with pip, which knows the user's mirrors and proxies, and returns its path.
func (w wheel) download(ctx context.Context, dir string, python func() ([]string, error)) (string, error) {
	pip, err := python()
	if err != nil {
		return "", fmt.Errorf("device: XLA's CPU plugin is fetched with pip: %w", err)
	}
	requirements := filepath.Join(dir, "requirements.txt")
	line := fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.name, w.version, w.sha256)
	if err := os.WriteFile(requirements, []byte(line), 0o644); err != nil {
		return "", fmt.Errorf("device: %w", err)
	}
	// --no-deps: the package's metadata asks for JAX, the library needs nothing of it.
	args := append(pip[1:len(pip):len(pip)], "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
		"--disable-pip-version-check", "--no-input", "--retries=2", "--quiet", "--dest", dir, "-r", requirements)
	cmd := exec.CommandContext(ctx, pip[0], args...)
	cmd.WaitDelay = 2 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("device: fetching XLA's CPU plugin: %w", ctx.Err())
		}
		return "", pipError(err, output.String())
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.whl"))
	if len(files) != 1 {
		return "", fmt.Errorf("device: pip ended well but left %d wheels in %s instead of one: %q", len(files), dir, lastLines(output.String()))
	}
	sum, err := sumOf(files[0])
	if err != nil {
		return "", fmt.Errorf("device: %w", err)
	}
	if sum != w.sha256 {
		return "", fmt.Errorf("device: %s has SHA-256 %s, expected %s: it is not the pinned file and was removed; check the package index that pip uses",
			filepath.Base(files[0]), sum, w.sha256)
	}
	return files[0], nil
}

// extract writes the library of a wheel into dir and returns its path.
func (w wheel) extract(file, dir string) (string, error) {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return "", fmt.Errorf("device: %s: %w", filepath.Base(file), err)
	}
	defer archive.Close()
	in, err := archive.Open(w.library)
	if err != nil {
		return "", fmt.Errorf("device: %s: %w", filepath.Base(file), err)
	}
	defer in.Close()

	library := filepath.Join(dir, path.Base(w.library))
	out, err := os.OpenFile(library, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", fmt.Errorf("device: %w", err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), io.LimitReader(in, w.librarySize+1))
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return "", fmt.Errorf("device: unpacking XLA's CPU plugin: %w; it needs %s on disk, set DEFECTS_CACHE to a folder with more space", err, megabytes(w.librarySize))
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != w.librarySHA256 {
		return "", fmt.Errorf("device: %s in %s has SHA-256 %s, expected %s", w.library, filepath.Base(file), sum, w.librarySHA256)
	}
	return library, nil
}

// sumOf is the SHA-256 of a file, in hex.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// findPip returns the command that runs pip.
func findPip() ([]string, error) {
	python, err := exec.LookPath("python3")
	if err == nil && exec.Command(python, "-m", "pip", "--version").Run() == nil {
		return []string{python, "-m", "pip"}, nil
	}
	for _, name := range []string{"pip3", "pip"} {
		if pip, err := exec.LookPath(name); err == nil {
			return []string{pip}, nil
		}
	}
	missing := "pip is not installed"
	if err != nil {
		missing = "python3 is not on the PATH"
	}
	return nil, errors.New(missing + "; install Python 3 with pip (Debian and Ubuntu: apt install python3-pip), " +
		"or give a plugin that you have: GOMLX_BACKEND=xla:/path/to/pjrt_c_api_cpu_plugin.so")
}

// pipError explains why pip failed, as far as its output tells.
func pipError(err error, output string) error {
	why := "see pip's message"
	switch {
	case strings.Contains(output, "DO NOT MATCH THE HASHES"):
		why = "the package index that pip uses serves another file than the pinned one"
	case strings.Contains(output, "No space left"):
		why = "the disk is full; set DEFECTS_CACHE, and TMPDIR for pip, to folders with more space"
	case strings.Contains(output, "connection") || strings.Contains(output, "Connection") || strings.Contains(output, "resolution"):
		why = "no network? pip reached no package index; set pip's proxy or mirror, or give a plugin that you have: " +
			"GOMLX_BACKEND=xla:/path/to/pjrt_c_api_cpu_plugin.so"
	case strings.Contains(output, "No matching distribution"):
		why = "pip found no wheel for this system: it needs Linux with glibc 2.27 or newer, and pip 20.3 or newer"
	}
	return fmt.Errorf("device: fetching XLA's CPU plugin with pip: %w: %s\n%s", err, why, lastLines(output))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

// lastLines keeps the end of a program's output, where it says what went wrong.
func lastLines(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}
