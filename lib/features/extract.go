package features

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/ahead"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

// chunk is how many images are held at a time for each device that computes.
const chunk = 32

// Extract gives the features of all images of a source: from disk where they are, else computed and stored. What was
// stored before an error or an interruption is not computed again. If another process computes features of the same
// layers, Extract waits for it, and takes what it stores. watch may be nil; it is called only if there is something to
// compute or to mend. The caller closes the features.
func (e *Extractor) Extract(ctx context.Context, s images.Source, watch result.Watcher) (*Features, error) {
	x := &extraction{Extractor: e, source: s, watch: watch, phase: "features of " + s.About().Name,
		stored: &stored{source: s, extractor: e, rows: make([]place, s.Len())}}
	f := &Features{stored: x.stored, at: make([]int, s.Len())}
	known, unknown := false, []int(nil)
	for i := range f.at {
		f.at[i] = i
		p := place{slot: -1}
		if id := s.Info(i).ID; id != "" {
			p.key, known = keyOf(id), true
		} else {
			binary.LittleEndian.PutUint64(p.key[:], uint64(i))
			p.unknown = true
			unknown = append(unknown, i)
		}
		x.stored.rows[i] = p
	}
	err := func() error {
		if known {
			if err := x.extractStored(ctx); err != nil {
				return err
			}
		}
		if unknown == nil {
			return nil
		}
		folder, err := folder()
		if err != nil {
			return err
		}
		if x.stored.temporary, err = temporaryPack(folder, e.size()); err != nil {
			return advise(err)
		}
		return x.compute(ctx, x.stored.temporary, unknown)
	}()
	if err != nil {
		f.Close()
		err = fmt.Errorf("features of %s: %w", s.About().Name, err)
		f = nil
	}
	if x.told {
		end := x.progress(x.phase)
		end.Finished, end.Err = true, err
		x.tell(end)
	}
	return f, err
}

func keyOf(id string) key { return sha256.Sum256([]byte(id)) }

// extraction is one call of Extract.
type extraction struct {
	*Extractor
	source images.Source
	watch  result.Watcher
	stored *stored
	phase  string // what the watcher is told
	told   bool
}

// again is the time between two looks at what another process does.
const again = 100 * time.Millisecond

// extractStored sees to it that all images of known content have a row in the layers' file.
func (x *extraction) extractStored(ctx context.Context) error {
	path, err := x.path()
	if err != nil {
		return err
	}
	p, err := openPack(path, x.header(), x.size())
	if err != nil {
		return advise(err)
	}
	x.stored.pack = p
	os.Chtimes(path, time.Time{}, time.Now()) // the time of the last use, for Stored
	for {
		if err := p.scan(); err != nil {
			return err
		}
		whole, _, err := p.headed()
		if err != nil {
			return err
		}
		if len(x.missing()) == 0 && whole {
			p.index = nil // it is needed no longer
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		unlock, err := p.lock()
		if err != nil {
			return advise(err)
		}
		if unlock == nil {
			const waiting = ", which another process computes"
			if x.watch == nil {
				notice.Say("waiting for " + x.phase + waiting)
			}
			x.report(x.phase + waiting)
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(again):
			}
			continue
		}
		if p.replaced() { // cleared meanwhile: begin with a new file
			unlock()
			p.close()
			if p, err = openPack(path, x.header(), x.size()); err != nil {
				return advise(err)
			}
			x.stored.pack = p
			continue
		}
		defer unlock()
		return x.fill(ctx)
	}
}

// fill computes what is missing in the file, which is locked.
func (x *extraction) fill(ctx context.Context) error {
	p := x.stored.pack
	damaged, err := p.repair()
	if err != nil {
		return advise(err)
	}
	if damaged > 0 {
		x.damaged.Add(int64(damaged))
		notice.Say(fmt.Sprintf("stored features were damaged and are computed again: %d in %s", damaged, p.path))
		x.phase += fmt.Sprintf(", %d of which were damaged", damaged)
		x.report(x.phase)
	}
	missing := x.missing()
	if len(missing) == 0 {
		return nil
	}
	if err := x.compute(ctx, p, missing); err != nil {
		return err
	}
	if err := p.file.Sync(); err != nil {
		return advise(err)
	}
	return nil
}

// missing looks up where the rows of images of known content lie, and lists one image of each content that has none.
func (x *extraction) missing() []int {
	var missing []int
	listed := map[key]bool{}
	for i := range x.stored.rows {
		r := &x.stored.rows[i]
		if r.unknown {
			continue
		}
		slot, ok := x.stored.pack.index[r.key]
		if ok {
			r.slot = slot
		} else if r.slot = -1; !listed[r.key] {
			listed[r.key] = true
			missing = append(missing, i)
		}
	}
	return missing
}

// compute computes some images and writes their rows.
func (x *extraction) compute(ctx context.Context, p *pack, indices []int) error {
	type pixels struct {
		of     []int
		values []float32
		err    error
	}
	size := x.size()
	if !x.compiled() {
		x.tell(x.progress("compiling"))
	}
	return x.with(func(program *inference.Program) error {
		chunks := slices.Collect(slices.Chunk(indices, chunk*program.Devices()))
		for decoded := range ahead.Of(len(chunks), func(i int) pixels {
			values, err := images.Shaped(x.source, chunks[i], x.layers[0].Shape)
			return pixels{chunks[i], values, err}
		}) {
			if decoded.err != nil {
				return decoded.err
			}
			rows, err := program.Run(ctx, decoded.values)
			if err != nil {
				return err
			}
			for k, i := range decoded.of {
				if err := p.add(x.stored.rows[i].key, rows[k*size:(k+1)*size]); err != nil {
					return advise(err)
				}
				x.stored.rows[i].slot = p.index[x.stored.rows[i].key]
				x.computed.Add(1)
			}
			if !x.stored.rows[indices[0]].unknown {
				x.missing() // other images may have the same content
			}
			x.report(x.phase)
		}
		return nil
	})
}

// report tells the watcher how many images have a row.
func (x *extraction) report(phase string) {
	p := x.progress(phase)
	p.Total = len(x.stored.rows)
	for _, r := range x.stored.rows {
		if r.slot >= 0 {
			p.Done++
		}
	}
	x.tell(p)
}

func (x *extraction) progress(phase string) result.Progress {
	return result.Progress{Phase: phase, Kept: x.stored.temporary == nil, Notice: x.source.About().Notice}
}

func (x *extraction) tell(p result.Progress) {
	if x.watch != nil {
		x.told = true
		x.watch(p)
	}
}
