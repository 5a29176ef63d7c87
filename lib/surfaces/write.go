package surfaces

import (
	"bufio"
	"errors"
	"fmt"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// Marker is the file that tells a folder of these images from real ones. It
// stands in NEU-DET and holds one line.
const Marker = "SYNTHETIC"

const temporaryPrefix = ".NEU-DET-"

// Write makes dir/NEU-DET/{train,validation}/images/<class>/<class>_N.jpg with
// the given number of images per class and split, in NEU-DET's numbering: the
// training images are 1 to train, the validation images follow. File N of a
// class is Image(class, seed, N) as JPEG of quality 95.
//
// The folder appears whole or not at all. If it is there already with the same
// marker, Write leaves it as it is; with another marker, or none, Write refuses.
// Of several processes that call it at once, one draws and the others wait for
// it. What a killed one has left is removed.
func Write(dir string, seed int64, train, validation int) error {
	return WriteWith(dir, seed, train, validation, nil)
}

// WriteWith is Write, and tells of each image that is drawn, one call at a time. progress may be nil.
func WriteWith(dir string, seed int64, train, validation int, progress func(done, total int)) (err error) {
	if train < 1 || validation < 1 {
		return fmt.Errorf("surfaces: %d training and %d validation images per class: both must be at least 1", train, validation)
	}
	target := filepath.Join(dir, "NEU-DET")
	marker := fmt.Sprintf("Synthetic images, not NEU-DET: made by the package surfaces, version 1, seed %d, %d training and %d validation images per class.\n",
		seed, train, validation)
	if done, err := present(target, marker); done || err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("surfaces: making the folder for synthetic images: %w", err)
	}
	unlock, err := alone(dir)
	if err != nil {
		return fmt.Errorf("surfaces: %w", err)
	}
	defer unlock()
	if done, err := present(target, marker); done || err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(dir, temporaryPrefix)
	if err != nil {
		return fmt.Errorf("surfaces: making a temporary folder in %s: %w", dir, err)
	}
	defer os.RemoveAll(temporary) // nothing is left of it once renamed
	if err := os.Chmod(temporary, 0o755); err != nil {
		return fmt.Errorf("surfaces: %w", err)
	}
	if err := writeSplits(temporary, seed, train, validation, progress); err != nil {
		return fmt.Errorf("surfaces: writing synthetic images to %s: %w", dir, err)
	}
	if err := writeFile(filepath.Join(temporary, Marker), func(w *bufio.Writer) error {
		_, err := w.WriteString(marker)
		return err
	}); err != nil {
		return fmt.Errorf("surfaces: %w", err)
	}
	if err := os.Rename(temporary, target); err != nil {
		// Another process may have been first; its folder is as good.
		if done, other := present(target, marker); done || other != nil {
			return other
		}
		return fmt.Errorf("surfaces: moving the finished images into place: %w", err)
	}
	return nil
}

// alone waits until no other process writes into dir, and removes what killed ones have left there.
func alone(dir string) (unlock func(), err error) {
	if runtime.GOOS == "windows" { // folders cannot be locked there: each writes its own, and the first one counts
		return func() {}, nil
	}
	lock := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	left, err := os.ReadDir(dir)
	for _, e := range left {
		if strings.HasPrefix(e.Name(), temporaryPrefix) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		lock.Close()
		return nil, fmt.Errorf("removing what a killed process has left: %w", err)
	}
	return func() { lock.Close() }, nil
}

// present reports whether a folder of exactly these images is there.
func present(target, marker string) (bool, error) {
	found, err := os.ReadFile(filepath.Join(target, Marker))
	switch {
	case err == nil && string(found) == marker:
		return true, nil
	case err == nil:
		return false, fmt.Errorf("surfaces: %s holds other synthetic images (%q): remove it, or choose another folder", target, found)
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("surfaces: reading the marker of synthetic images: %w", err)
	}
	entries, err := os.ReadDir(target)
	if err == nil && len(entries) > 0 {
		return false, fmt.Errorf("surfaces: %s is there and has no %s marker, so it may hold real images: choose another folder", target, Marker)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("surfaces: %w", err)
	}
	return false, nil
}

func writeSplits(root string, seed int64, train, validation int, progress func(done, total int)) error {
	folder := func(class, n int) string {
		split := "train"
		if n > train {
			split = "validation"
		}
		return filepath.Join(root, split, "images", Classes[class])
	}
	type job struct{ class, n int }
	jobs := make(chan job)
	failures := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	var mutex sync.Mutex
	done, total := 0, len(Classes)*(train+validation)
	tell := func() {
		mutex.Lock()
		defer mutex.Unlock()
		if done++; progress != nil {
			progress(done, total)
		}
	}
	for w := range failures {
		workers.Go(func() {
			for j := range jobs {
				if failures[w] != nil {
					continue
				}
				path := filepath.Join(folder(j.class, j.n), fmt.Sprintf("%s_%d.jpg", Classes[j.class], j.n))
				failures[w] = writeFile(path, func(out *bufio.Writer) error {
					return jpeg.Encode(out, Image(j.class, seed, j.n), &jpeg.Options{Quality: 95})
				})
				tell()
			}
		})
	}
	err := func() error {
		defer close(jobs)
		for class := range Classes {
			for _, n := range []int{1, train + 1} {
				if err := os.MkdirAll(folder(class, n), 0o755); err != nil {
					return err
				}
			}
			for n := 1; n <= train+validation; n++ {
				jobs <- job{class, n}
			}
		}
		return nil
	}()
	workers.Wait()
	return errors.Join(append(failures, err)...)
}

func writeFile(path string, write func(*bufio.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	return errors.Join(write(out), out.Flush(), f.Sync(), f.Close())
}
