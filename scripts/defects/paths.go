package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"syscall"

	"github.com/transfer-learning-go/defects/lib/images"
)

// paths are those of a list that belong to a shard, a path a line. Empty lines do not count.
type paths struct {
	name    string // of the list
	lines   *bufio.Scanner
	shard   shard
	line, n int // lines and paths that were read
}

const longestPath = 1 << 20

func newPaths(name string, list io.Reader, s shard) *paths {
	lines := bufio.NewScanner(list)
	lines.Buffer(nil, longestPath)
	return &paths{name: name, lines: lines, shard: s}
}

// next is the next path, or io.EOF.
func (p *paths) next() (string, error) {
	for p.lines.Scan() {
		p.line++
		path := p.lines.Text()
		if path == "" {
			continue
		}
		p.n++
		if p.shard.mine(p.n - 1) {
			return path, nil
		}
	}
	if err := p.lines.Err(); err != nil {
		return "", fmt.Errorf("%s, after line %d: %w: a list has a path a line", p.name, p.line, err)
	}
	return "", io.EOF
}

// block is some images of a list. One that cannot be used is remembered, and does not stop the others.
type block struct {
	paths   []string
	failed  []error
	notices []string
}

func (b *block) About() images.About { return images.About{Name: "images"} }

func (b *block) Len() int { return len(b.paths) }

func (b *block) Info(i int) images.Info { return images.Info{Name: b.paths[i], Label: -1} }

func (b *block) Pixels(i, height, width int) ([]float32, error) {
	return b.read(i, height, width, images.TensorFlow)
}

func (b *block) read(i, height, width int, by images.Decoder) ([]float32, error) {
	f, err := images.EncodedFile(b.paths[i])
	if err == nil {
		s := images.Of(f)
		b.notices[i] = s.Notice
		var pixels []float32
		if pixels, err = s.DecodedBy(by).Pixels(0, height, width); err == nil {
			return pixels, nil
		}
	}
	b.failed[i] = err
	return make([]float32, height*width*3), nil
}

// ofMachine are errors of disks, networks and limits.
var ofMachine = []error{syscall.EIO, syscall.ESTALE, syscall.ETIMEDOUT, syscall.EMFILE, syscall.ENFILE, syscall.ENOTCONN,
	syscall.EHOSTDOWN}

// trouble is an error that is no image's own, after which nothing is to be written: the same command goes on when it is
// mended. first says that no image was classified yet.
func (b *block) trouble(first bool) error {
	missing := 0
	for _, err := range b.failed {
		if slices.ContainsFunc(ofMachine, func(of error) bool { return errors.Is(err, of) }) {
			return fmt.Errorf("%w: this is no fault of the image; run the same command again to go on from there", err)
		}
		if errors.Is(err, fs.ErrNotExist) {
			missing++
		}
	}
	if first && missing > 1 && missing == len(b.paths) {
		return fmt.Errorf("none of the first %d images is there, such as %s: are its paths right from this folder?", missing, b.paths[0])
	}
	return nil
}

// finite reports whether all of these are numbers.
func finite(values []float32) bool {
	return !slices.ContainsFunc(values, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}

// DecodedBy gives the same images as another decoder reads them: a model asks for it.
func (b *block) DecodedBy(d images.Decoder) images.Source { return blockBy{b, d} }

type blockBy struct {
	*block
	decoder images.Decoder
}

func (b blockBy) Pixels(i, height, width int) ([]float32, error) {
	return b.read(i, height, width, b.decoder)
}
