package device

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Install gets the plugin that Plan misses: XLA's CPU plugin, or with GOMLX_BACKEND=xla:cuda the CUDA plugin. It
// reports each step in one line to progress, which may be nil. An installed plugin is checked by its SHA-256 and
// replaced if it is damaged. Interrupted and concurrent calls do no harm: a plugin appears whole or not at all.
func Install(ctx context.Context, progress func(string)) error {
	if progress == nil {
		progress = func(string) {}
	}
	h := thisHost()
	return h.install(ctx, h.choose(), progress)
}

func (h host) install(ctx context.Context, c Choice, progress func(string)) error {
	if c.source == nowhere {
		if err := c.err(); err != nil {
			return err
		}
		if c.Notice != "" {
			progress(c.Notice)
		}
		if c.pinned && c.Plugin == pinned.path(h.cache) {
			return pinned.install(ctx, h.cache, h.python, progress)
		}
		progress("nothing to install for " + c.Kind)
		return nil
	}
	plugin := "cpu"
	switch c.source {
	case fromWheel:
		return pinned.install(ctx, h.cache, h.python, progress)
	case fromNVIDIA:
		plugin = "cuda"
	}
	progress("installing XLA's " + plugin + " plugin with go-xla's installer")
	if err := installWithGoXLA(plugin); err != nil {
		return fmt.Errorf("device: installing XLA's %s plugin: %w; check the network and the free space on disk", plugin, err)
	}
	return nil
}

// install puts the wheel's library into the cache folder, unless it is there already.
func (w wheel) install(ctx context.Context, cache string, python func() ([]string, error), progress func(string)) error {
	final := w.path(cache)
	dir := filepath.Dir(final)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("device: no folder for XLA's CPU plugin: %w; set DEFECTS_CACHE to a folder that you can write to", err)
	}
	lock := flock.New(filepath.Join(dir, ".lock"))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		progress("waiting for another process that installs XLA's CPU plugin")
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("device: locking %s: %w; set DEFECTS_CACHE to a folder that you can write to", dir, err)
	}
	defer lock.Unlock()

	switch sum, err := sumOf(final); {
	case err == nil && sum == w.librarySHA256:
		progress("XLA's CPU plugin is installed: " + final)
		return nil
	case err == nil:
		progress("XLA's CPU plugin is damaged, fetching it again: " + final)
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("device: reading the installed plugin: %w", err)
	}

	// The lock is ours: what an interrupted installation left is nobody's.
	left, _ := filepath.Glob(filepath.Join(dir, ".installing-*"))
	for _, d := range left {
		os.RemoveAll(d)
	}
	tmp, err := os.MkdirTemp(dir, ".installing-")
	if err != nil {
		return fmt.Errorf("device: %w; set DEFECTS_CACHE to a folder that you can write to", err)
	}
	defer os.RemoveAll(tmp)

	start := time.Now()
	progress(fmt.Sprintf("fetching XLA's CPU plugin with pip: %s %s, %s", w.name, w.version, megabytes(w.size)))
	file, err := w.download(ctx, tmp, python)
	if err != nil {
		return err
	}
	library, err := w.extract(file, tmp)
	if err != nil {
		return err
	}
	if err := os.Rename(library, final); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	progress(fmt.Sprintf("installed XLA's CPU plugin in %.1f s: %s", time.Since(start).Seconds(), final))
	return nil
}
