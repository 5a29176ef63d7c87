package features

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Features are those of the images of a source, one row each. They are a Source themselves, that of their images, so
// that what takes images can take features: it finds the rows by this type. All methods may be called from several
// goroutines at once.
type Features struct {
	stored *stored
	at     []int // which images of the source that was extracted these are
	view   bool  // made by Select
}

// stored is what Features and their selections share.
type stored struct {
	source    images.Source
	extractor *Extractor
	rows      []place // by image
	pack      *pack   // nil if no image is known
	temporary *pack   // rows of images of unknown content; nil if there are none

	use     sync.RWMutex // read while rows are read
	closed  bool
	mending sync.Mutex
	moving  sync.RWMutex // read while rows is read, once it may be changed
}

// place is where a row lies.
type place struct {
	key     key
	slot    int // −1 while it isn't computed
	unknown bool
}

var _ images.Source = (*Features)(nil)

// About implements images.Source.
func (f *Features) About() images.About { return f.stored.source.About() }

// Len implements images.Source.
func (f *Features) Len() int { return len(f.at) }

// Info implements images.Source.
func (f *Features) Info(i int) images.Info { return f.stored.source.Info(f.at[i]) }

// Pixels implements images.Source.
func (f *Features) Pixels(i, height, width int) ([]float32, error) {
	return f.stored.source.Pixels(f.at[i], height, width)
}

// Select gives some of the images, with their features: it returns a *Features. It shares the rows of f, is closed with
// it, and need not be closed. An index that is not one of f is a programming error and panics.
func (f *Features) Select(indices []int) images.Source {
	at := make([]int, len(indices))
	for k, i := range indices {
		at[k] = f.at[i]
	}
	return &Features{stored: f.stored, at: at, view: true}
}

// DecodedBy gives the same images as another decoder reads them: without features, unless it is f itself because that
// decoder has read them.
func (f *Features) DecodedBy(d images.Decoder) images.Source {
	other := images.Select(images.DecodedBy(f.stored.source, d), f.at)
	for i := range f.at {
		if other.Info(i).ID != f.Info(i).ID {
			return other
		}
	}
	return f
}

// Shape is that of one row.
func (f *Features) Shape() []int { return f.stored.extractor.Shape() }

// Layers identifies the layers that were computed, as Extractor.Layers.
func (f *Features) Layers() string { return f.stored.extractor.Layers() }

// Close gives back the file that the rows are read from. A second Close does nothing.
func (f *Features) Close() error {
	s := f.stored
	if f.view {
		return nil
	}
	s.use.Lock()
	defer s.use.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, p := range []*pack{s.pack, s.temporary} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(errs...)
}

// Rows reads the features of some images, [len(indices), shape…]. Each row is compared with its checksum. One that is
// damaged is computed again, stored, and said (notice.Say).
func (f *Features) Rows(indices []int) ([]float32, error) {
	s := f.stored
	s.use.RLock()
	defer s.use.RUnlock()
	if s.closed {
		return nil, errors.New("features: they are closed")
	}
	size := s.extractor.size()
	values := make([]float32, len(indices)*size)
	for k, i := range indices {
		if i < 0 || i >= len(f.at) {
			return nil, fmt.Errorf("features of %s: no image %d, there are %d", f.About().Name, i, len(f.at))
		}
		if err := s.read(f.at[i], values[k*size:(k+1)*size]); err != nil {
			return nil, fmt.Errorf("features of %s: %s: %w", f.About().Name, f.Info(i).Name, err)
		}
	}
	return values, nil
}

func (s *stored) read(i int, row []float32) error {
	r := s.place(i)
	p := s.pack
	if r.unknown {
		p = s.temporary
	}
	err := p.read(r.slot, r.key, row)
	if !errors.Is(err, errDamaged) {
		return err
	}
	s.mending.Lock()
	defer s.mending.Unlock()
	if err := s.mend(p, i, row); err != nil {
		return fmt.Errorf("%w, and computing it again failed: %w", errDamaged, err)
	}
	return nil
}

func (s *stored) place(i int) place {
	s.moving.RLock()
	defer s.moving.RUnlock()
	return s.rows[i]
}

// move says that the row of an image now lies elsewhere.
func (s *stored) move(i, slot int) {
	s.moving.Lock()
	defer s.moving.Unlock()
	s.rows[i].slot = slot
}

// mend computes a row that is damaged. It is written only if nobody else writes: otherwise that is left to the next one
// who reads it. Where another process has put the row of another image in its place, that one is kept.
func (s *stored) mend(p *pack, i int, row []float32) error {
	r := s.place(i)
	ours := p == s.temporary
	if !ours && !p.replaced() {
		unlock, err := p.lock()
		if err == nil && unlock != nil {
			defer unlock()
			ours = true
		}
	}
	if p.read(r.slot, r.key, row) == nil { // another has mended it
		return nil
	}
	taken := ours && p.taken(r.slot, r.key)
	if taken {
		if slot, err := p.find(r.key); err != nil {
			return err
		} else if slot >= 0 && p.read(slot, r.key, row) == nil {
			s.move(i, slot)
			return nil
		}
	}
	e := s.extractor
	pixels, err := images.Shaped(s.source, []int{i}, e.layers[0].Shape)
	if err != nil {
		return err
	}
	err = e.with(func(program *inference.Program) error {
		out, err := program.Run(context.Background(), pixels)
		copy(row, out)
		return err
	})
	if err != nil {
		return err
	}
	e.computed.Add(1)
	e.damaged.Add(1)
	text := fmt.Sprintf("stored features were damaged and are computed again: those of %s in %s", s.source.Info(i).Name, p.file.Name())
	if ours {
		write := func() error { return p.write(r.slot, r.key, row) }
		if taken {
			write = func() error { return p.add(r.key, row) }
		}
		if err := write(); err != nil {
			text += fmt.Sprintf("; they could not be stored: %v", err)
		} else if taken {
			s.move(i, p.index[r.key])
		}
	}
	notice.Say(text)
	return nil
}
