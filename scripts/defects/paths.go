package main

import (
	"bufio"
	"fmt"
	"io"

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

// DecodedBy gives the same images as another decoder reads them: a model asks for it.
func (b *block) DecodedBy(d images.Decoder) images.Source { return blockBy{b, d} }

type blockBy struct {
	*block
	decoder images.Decoder
}

func (b blockBy) Pixels(i, height, width int) ([]float32, error) {
	return b.read(i, height, width, b.decoder)
}
