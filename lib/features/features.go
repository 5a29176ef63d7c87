// Package features computes what frozen layers give for images.
package features

import (
	"context"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

type Extractor struct {
	p      *inference.Program
	layers string
	n      int
}

func New(frozen layer.List, v layer.Values) (*Extractor, error) {
	p, err := inference.New(frozen, v)
	if err != nil {
		return nil, err
	}
	return &Extractor{p: p, layers: frozen.Hash(v)}, nil
}

func (e *Extractor) Extract(ctx context.Context, s images.Source, watch result.Watcher) (*Features, error) {
	f := &Features{Source: s, layers: e.layers, shape: e.p.Out()}
	for i := range s.Len() {
		pixels, err := s.Pixels(i, e.p.In()[0], e.p.In()[1])
		if err != nil {
			return nil, err
		}
		row, err := e.p.Run(ctx, pixels)
		if err != nil {
			return nil, err
		}
		e.n++
		f.rows = append(f.rows, row)
	}
	if watch != nil {
		watch(result.Progress{Phase: "features of " + s.About().Name, Done: s.Len(), Total: s.Len(), Notice: s.About().Notice})
	}
	return f, nil
}

func (e *Extractor) Computed() int { return e.n }
func (e *Extractor) Close() error  { return e.p.Close() }

type Features struct {
	images.Source
	layers string
	shape  []int
	rows   [][]float32
}

func (f *Features) Shape() []int   { return f.shape }
func (f *Features) Layers() string { return f.layers }
func (f *Features) Close() error   { return nil }
func (f *Features) Rows(indices []int) (out []float32, err error) {
	for _, i := range indices {
		out = append(out, f.rows[i]...)
	}
	return out, nil
}

func (e *Extractor) Layers() string { return e.layers }
