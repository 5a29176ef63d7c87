package classifier

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// microBatchBytes bounds the largest activation of one call. MobileNetV2 is bound by memory, not by arithmetic: on
// two cores it runs 1.3 to 1.5 times as fast as in batches of 32 when an activation of about this size stays in cache
// (BenchmarkInference).
const microBatchBytes = 10 << 20

// runner computes layers[:cut] in inference mode, in small batches, with batch normalization folded in.
type runner struct {
	exec    *graph.Exec
	weights []any
	batch   int
	in, out []int
}

func newRunner(layers layer.List, values layer.Values) (*runner, error) {
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	out := layers.Output()
	list, values := layers.Fold(values)
	largest := 1
	for _, l := range list {
		n := 4
		for _, d := range l.Shape {
			n *= d
		}
		largest = max(largest, n)
	}
	// A power of two divides a batch of 32 without a rest that would have to be filled up.
	batch := 1 << (bits.Len(uint(min(32, max(1, microBatchBytes/largest)))) - 1)
	r := &runner{batch: batch, in: layers[0].Shape, out: out}
	position := map[*layer.Layer]int{}
	for _, l := range list {
		position[l] = 1 + len(r.weights)
		for i, w := range l.W {
			r.weights = append(r.weights, tensors.FromFlatDataAndDimensions(values[l.Name][i], w.Shape...))
		}
	}
	r.exec, err = graph.NewExec(d.Backend, func(nodes []*graph.Node) *graph.Node {
		env := &layer.Env{Weight: func(l *layer.Layer, i int) *graph.Node { return nodes[position[l]+i] }}
		return list.Build(env, nodes[0])
	})
	return r, err
}

// run computes any number of images, [n, in…] → [n, out…].
func (r *runner) run(pixels []float32) ([]float32, error) {
	size, outSize := elements(r.in), elements(r.out)
	n := len(pixels) / size
	result := make([]float32, 0, n*outSize)
	for start := 0; start < n; start += r.batch {
		rows := pixels[start*size : min(start+r.batch, n)*size]
		if missing := r.batch*size - len(rows); missing > 0 { // one compiled shape serves all: fill up, then drop
			rows = append(append(make([]float32, 0, r.batch*size), rows...), make([]float32, missing)...)
		}
		x := tensors.FromFlatDataAndDimensions(rows, append([]int{r.batch}, r.in...)...)
		out, err := r.exec.Call(append([]any{x}, r.weights...)...)
		if err != nil {
			return nil, fmt.Errorf("computing images %d to %d: %w", start, start+r.batch-1, err)
		}
		flat, err := tensors.CopyFlatData[float32](out[0])
		if err != nil {
			return nil, err
		}
		result = append(result, flat[:min(r.batch, n-start)*outSize]...)
		x.MustFinalizeAll()
		out[0].MustFinalizeAll()
	}
	return result, nil
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Features computes the output of the layers below the cut for pixels [n, ImageSize, ImageSize, 3] of 0…255.
// The shape is that of one image's features.
func (m *Model) Features(pixels []float32) (features []float32, shape []int, err error) {
	r, err := m.frozen()
	if err != nil {
		return nil, nil, err
	}
	if len(pixels)%elements(r.in) != 0 {
		return nil, nil, fmt.Errorf("%d values are no whole number of images of shape %v", len(pixels), r.in)
	}
	features, err = r.run(pixels)
	return features, r.out, err
}

// stored gives the features of all images of a split, from disk where they are, else computed and stored. An
// interrupted computation is taken up where it stopped. The caller closes them.
func (m *Model) stored(ctx context.Context, source Images, watch result.Watcher) (*featureFile, error) {
	cut := m.cut()
	size := elements(m.Layers[:cut].Output())
	cache, err := files.CacheDir()
	if err != nil {
		return nil, err
	}
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	kind := strings.NewReplacer(":", "-", " ", "-").Replace(d.Kind)
	key := fmt.Sprintf("%.20s-%.20s-%s", m.Layers[:cut].Hash(m.Values), source.Hash, kind)
	path := filepath.Join(cache, "features", key+".f32")
	if f, err := openFeatures(path, size, len(source.Labels)); err == nil {
		return f, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("storing features: %w: free some space or set DEFECTS_CACHE to a folder that can be "+
			"written", err)
	}
	lock := flock.New(path + ".lock")
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("storing features: %w", err)
	}
	defer lock.Unlock()
	if f, err := openFeatures(path, size, len(source.Labels)); err == nil { // another process made them meanwhile
		return f, nil
	}
	if err := m.store(ctx, path, source, size, watch); err != nil {
		return nil, fmt.Errorf("features of %s: %w", source.Name, err)
	}
	return openFeatures(path, size, len(source.Labels))
}

func (m *Model) store(ctx context.Context, path string, source Images, size int, watch result.Watcher) (err error) {
	r, err := m.frozen()
	if err != nil {
		return err
	}
	part, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer part.Close()
	info, err := part.Stat()
	if err != nil {
		return err
	}
	done := min(int(info.Size())/(4*size), len(source.Labels))
	if err := part.Truncate(int64(4 * size * done)); err != nil {
		return err
	}
	if _, err := part.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	for b := range source.chunks(done) {
		if err := cmp.Or(b.err, ctx.Err()); err != nil {
			return err
		}
		features, err := r.run(b.pixels)
		if err != nil {
			return err
		}
		if err := writeFloats(part, features); err != nil {
			os.Remove(part.Name()) // it would only fill the disk
			return fmt.Errorf("%w: free some space or set DEFECTS_CACHE to a folder with more", err)
		}
		done += len(features) / size
		if watch != nil {
			watch(result.Progress{Phase: "features of " + source.Name, Done: done, Total: len(source.Labels), Notice: m.Notice()})
		}
	}
	if err := part.Sync(); err != nil {
		return err
	}
	if err := part.Close(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}

func sequence(from, to int) []int {
	s := make([]int, to-from)
	for i := range s {
		s[i] = from + i
	}
	return s
}
