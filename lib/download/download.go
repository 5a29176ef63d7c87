// Package download fetches files over HTTP so that an interruption costs nothing and a file is whole or absent.
package download

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/notice"
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
// checked, synced and renamed. A file that fails its check is removed, and the error says both sums. If the request has no
// sum, and the server is Google's storage, the MD5 that it announces is checked. A web page in place of the file, as
// networks send it that want a login, is an error that leaves the part as it is.
//
// A server that answers 429 or 5xx, or breaks off before it sends anything, is asked again up to three times, after the
// time that it asks for if that is half a minute at most. A server from which nothing comes for 15 seconds counts as a
// broken connection, and is given up at the third time, or if it has sent nothing.
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
	err = r.retry(ctx, part.size, func() error { return r.fetch(ctx, part) })
	if ctx.Err() != nil && err != nil {
		err = fmt.Errorf("%s: stopped after %d bytes: %w; run again to go on from there", r.URL, part.size(), context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	if r.SHA256 == "" && r.MD5 == "" {
		r.MD5 = part.announced()
	}
	if err := r.verify(part.path); err != nil {
		var unwritten *files.WriteError // what Check keeps; the part is good
		if errors.As(err, &unwritten) {
			return fmt.Errorf("%s was fetched, but %w; run again then", r.URL, err)
		}
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
		locked, err := l.TryLock()
		if err == nil && !locked {
			notice.Say(fmt.Sprintf("another process fetches %s: waiting for it", strings.TrimSuffix(path, ".lock")))
			_, err = l.TryLockContext(ctx, 100*time.Millisecond)
		}
		if err != nil {
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		mine, err := l.Stat()
		if err != nil {
			l.Unlock()
			return nil, fmt.Errorf("cannot lock %s: %w", path, err)
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
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
	err := r.checkSums(path)
	if info, failed := os.Stat(path); err == nil && failed == nil && r.Size > 0 && info.Size() != r.Size {
		err = fmt.Errorf("it has %d bytes, expected %d", info.Size(), r.Size)
	}
	if err != nil {
		return fmt.Errorf("%s is not what it should be: %w; it was removed, run again to fetch it anew", r.URL, err)
	}
	if r.Check == nil {
		return nil
	}
	err = r.Check(path)
	var unwritten *files.WriteError
	if err != nil && !errors.As(err, &unwritten) {
		err = fmt.Errorf("%s is not usable and was removed: %w", r.URL, err)
	}
	return err
}

func (r Request) checkSums(path string) error {
	for _, sum := range []struct {
		name, want string
		hash       hash.Hash
	}{{"SHA-256", r.SHA256, sha256.New()}, {"MD5", r.MD5, md5.New()}} {
		if sum.want == "" {
			continue
		}
		got, err := files.Sum(path, sum.hash)
		if err != nil {
			return err
		}
		if !strings.EqualFold(got, sum.want) {
			return fmt.Errorf("its %s is %s, expected %s", sum.name, got, sum.want)
		}
	}
	return nil
}
