package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// locks lets one script at a time set up this clone, until setUp is called, and one at a time run its notebooks, until
// all is. The other scripts only wait while others set up.
func locks(ctx context.Context, root, script string) (setUp, all func(), err error) {
	notebooks := func() {}
	if script == "lesson" || script == "test" {
		if notebooks, err = lock(ctx, root, "notebooks.lock", "scripts/"+script); err != nil {
			return nil, nil, err
		}
	}
	if setUp, err = lock(ctx, root, "lock", "scripts/"+script); err != nil {
		notebooks()
		return nil, nil, err
	}
	return setUp, func() { setUp(); notebooks() }, nil
}

// lock takes one of this clone's locks; others wait and say for whom. The operating system frees the lock when its holder
// ends, however it ends.
func lock(ctx context.Context, root, file, name string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Join(root, ".lesson"), 0o755); err != nil {
		return nil, fmt.Errorf("this clone must be writable: %w", err)
	}
	path := filepath.Join(root, ".lesson", file)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("this clone must be writable: %w", err)
	}
	for told := false; ; told = true {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !told {
			holder, _ := os.ReadFile(path)
			fmt.Fprintf(os.Stderr, "Another run is under way in this clone (%s); waiting for it to end. Ctrl-C gives up.\n",
				strings.TrimSpace(string(holder)))
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	f.Truncate(0)
	fmt.Fprintf(f, "%s, process %d, since %s\n", name, os.Getpid(), time.Now().Format("15:04:05"))
	return func() { f.Close() }, nil
}
