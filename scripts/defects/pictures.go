package main

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// pictures are image files, each read when its pixels are asked for: however many there are, few are in memory.
type pictures struct {
	names []string
	count func() // of those that were read

	mutex sync.Mutex
	small map[int]string
}

// openPictures looks for the files, and tells how many were read.
func (c *call) openPictures(names []string) (*pictures, error) {
	p := &pictures{names: names, count: c.counter("images", len(names)), small: map[int]string{}}
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() {
			return nil, p.problems()
		}
	}
	return p, nil
}

func (p *pictures) About() images.About { return images.About{Name: "images"} }

func (p *pictures) Len() int { return len(p.names) }

func (p *pictures) Info(i int) images.Info { return images.Info{Name: p.names[i], Label: -1} }

func (p *pictures) Pixels(i, height, width int) ([]float32, error) {
	return p.read(i, height, width, images.TensorFlow)
}

func (p *pictures) read(i, height, width int, by images.Decoder) ([]float32, error) {
	f, err := images.ReadFile(p.names[i])
	if err != nil {
		return nil, errPicture
	}
	s := images.Of(f)
	p.mutex.Lock()
	p.small[i] = s.Notice
	p.mutex.Unlock()
	p.count()
	return s.DecodedBy(by).Pixels(0, height, width)
}

// DecodedBy gives the same images as another decoder reads them: a model asks for it.
func (p *pictures) DecodedBy(d images.Decoder) images.Source { return picturesBy{p, d} }

type picturesBy struct {
	*pictures
	decoder images.Decoder
}

func (p picturesBy) Pixels(i, height, width int) ([]float32, error) {
	return p.read(i, height, width, p.decoder)
}

// errPicture stands for what problems will say in full.
var errPicture = errors.New("an image cannot be used")

// notice says which images are too small.
func (p *pictures) notice() string {
	var texts []string
	for i := range p.names {
		if p.small[i] != "" {
			texts = append(texts, p.small[i])
		}
	}
	if n := len(texts); n > 3 {
		texts = append(texts[:3], fmt.Sprintf("%d more images are as small", n-3))
	}
	return notice.Join(texts...)
}

// explain names all files that cannot be used, if that is what an error is about.
func (p *pictures) explain(err error) error {
	if errors.Is(err, errPicture) {
		return p.problems()
	}
	return err
}

// problems names all files that cannot be used.
func (p *pictures) problems() error {
	var failed []error
	for _, name := range p.names {
		if _, err := images.ReadFile(name); err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) == 0 {
		return fmt.Errorf("images were changed while they were read: %w", files.ErrNoFile)
	}
	return fmt.Errorf("%d of %d images cannot be used:\n%w", len(failed), len(p.names), errors.Join(failed...))
}

// counted is a source that tells when the pixels of an image were made.
type counted struct {
	images.Source
	count func()
}

func (s counted) Pixels(i, height, width int) ([]float32, error) {
	defer s.count()
	return s.Source.Pixels(i, height, width)
}

// DecodedBy is what a model asks for.
func (s counted) DecodedBy(d images.Decoder) images.Source {
	return counted{images.DecodedBy(s.Source, d), s.count}
}

// sequence is 0, 1, … n−1.
func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
