// Package download fetches files over HTTP so that an interruption costs nothing and a file is whole or absent.
package download

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Request says what to fetch and where to put it.
type Request struct {
	URL         string
	Path        string                  // of the finished file; its parents are made
	SHA256, MD5 string                  // hexadecimal; empty is not checked
	Size        int64                   // in bytes; 0 is not checked
	Check       func(path string) error // nil, or a test of the whole file before it appears at Path
	Progress    func(done, total int64) // nil, or told about the bytes so far; total is −1 if unknown
}

// File fetches r.URL to r.Path. If a file with the right sums is there already, it does nothing; one with wrong sums
// is replaced.
//
// The bytes go to Path + ".part" first. A broken connection is taken up again where it broke, in this call or in a
// later one, by an HTTP range request with If-Range, so that parts of two versions are never mixed. The whole file is
// checked, synced and renamed. A file that fails its check is removed, and the error says both sums. A server from which
// nothing comes for 15 seconds counts as a broken connection.
//
// Any number of processes may fetch the same file: one works, the others wait for it, by a lock on Path + ".lock".
func File(ctx context.Context, r Request) error {
	if err := r.file(ctx); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return nil
}

func (r Request) file(ctx context.Context) error {
	if r.present() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(r.Path), 0o777); err != nil {
		return fmt.Errorf("cannot make the folder for %s: %w", r.Path, err)
	}
	unlock, err := lock(ctx, r.Path+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	if r.present() { // another process has just finished it
		return nil
	}
	part := &partFile{path: r.Path + ".part"}
	if err := r.fetchWithRetries(ctx, part); err != nil {
		return err
	}
	if err := r.verify(part.path); err != nil {
		part.remove()
		return err
	}
	if err := os.Rename(part.path, r.Path); err != nil {
		return err
	}
	part.remove()
	return nil
}

// lock waits for the lock file at path. unlock also removes the file. A process that had opened it just before holds a
// lock that nobody else would see, and so locks anew.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		l := flock.New(path)
		if _, err := l.TryLockContext(ctx, 100*time.Millisecond); err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		locked, err := l.Stat()
		if err != nil {
			l.Unlock()
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(locked, there) {
			return func() { os.Remove(path); l.Unlock() }, nil
		}
		l.Unlock()
	}
}

// present reports whether the finished file is there and has the right sums.
func (r Request) present() bool {
	info, err := os.Stat(r.Path)
	return err == nil && info.Mode().IsRegular() && r.checkSums(r.Path) == nil
}

func (r Request) verify(path string) error {
	if err := r.checkSums(path); err != nil {
		return fmt.Errorf("%s is not what it should be: %w; it was removed, run again to fetch it anew", r.URL, err)
	}
	if r.Check != nil {
		if err := r.Check(path); err != nil {
			return fmt.Errorf("%s is not usable and was removed: %w", r.URL, err)
		}
	}
	return nil
}

func (r Request) checkSums(path string) error {
	for _, sum := range []struct {
		name, want string
		hash       hash.Hash
	}{{"SHA-256", r.SHA256, sha256.New()}, {"MD5", r.MD5, md5.New()}} {
		if sum.want == "" {
			continue
		}
		got, err := fileSum(path, sum.hash)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, sum.want) {
			return fmt.Errorf("its %s is %s, expected %s", sum.name, got, sum.want)
		}
	}
	return nil
}

func fileSum(path string, h hash.Hash) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// fetchWithRetries goes on after a broken connection as long as each attempt brings something.
func (r Request) fetchWithRetries(ctx context.Context, part *partFile) error {
	const attempts = 20
	var err error
	for range attempts {
		before := part.size()
		if err = r.fetch(ctx, part); err == nil {
			return nil
		}
		var broken *brokenError
		if ctx.Err() != nil || !errors.As(err, &broken) || part.size() <= before {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: stopped after %d bytes: %w; run again to go on from there", r.URL, part.size(), context.Cause(ctx))
	}
	return err
}

// pause lets a server or a network recover.
const pause = 300 * time.Millisecond
