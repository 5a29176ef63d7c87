package features

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Extractor computes the output of some layers for images, and keeps it. Its methods may be called from several
// goroutines at once.
type Extractor struct {
	// Notice is what readers must know of the layers' weights; "" if there is nothing to say. Features.Notice says it, too.
	Notice string

	layers layer.List
	values layer.Values
	hash   string
	kind   string // of backend
	maker  string // what computes, with its version: backend, Go, and the decoding of images

	computed, damaged atomic.Int64

	mutex   sync.Mutex
	program *inference.Program // nil until something must be computed
	closed  bool
}

// New makes an extractor of the output of a list that reads square images, [size, size, 3]. Layers and values are not
// to be changed while it is in use; later it doesn't matter.
func New(frozen layer.List, v layer.Values) (*Extractor, error) {
	if len(frozen) == 0 {
		return nil, errors.New("features: there are no layers below the cut")
	}
	if in := frozen[0].Shape; len(in) != 3 || in[0] != in[1] || in[2] != 3 {
		return nil, fmt.Errorf("features: the layers read values of shape %v, they must read images of shape [size, size, 3]", in)
	}
	d, err := device.Open()
	if err != nil {
		return nil, err
	}
	e := &Extractor{layers: make(layer.List, len(frozen)), values: layer.Values{}, hash: frozen.Hash(v),
		kind: strings.NewReplacer(":", "-", " ", "-").Replace(d.Kind), maker: d.Maker() + ", " + runtime.Version() + ", " + images.Decoding}
	for i, l := range frozen { // copies: a model may go on to train its layers
		c := *l
		e.layers[i] = &c
		if values, ok := v[l.Name]; ok {
			e.values[l.Name] = slices.Clone(values)
		}
	}
	return e, nil
}

// Layers identifies what is computed, and by what: the SHA-256 of the layers with their values, of the backend with its
// version, of the version of Go and of the decoding of images, and the kind of backend. Features of equal Layers are equal.
func (e *Extractor) Layers() string { return e.id() + "-" + e.kind }

// id stands for all that the numbers of a row depend on, but the image.
func (e *Extractor) id() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(e.hash+"\n"+e.maker))) }

// Shape is that of one image's features.
func (e *Extractor) Shape() []int { return slices.Clone(e.layers.Output()) }

// Computed is the number of images that were computed so far, and not read from disk.
func (e *Extractor) Computed() int { return int(e.computed.Load()) }

// Damaged is the number of stored rows, and headers of their files, that turned out to be damaged so far.
func (e *Extractor) Damaged() int { return int(e.damaged.Load()) }

// Close frees the compiled layers. Features stay usable; where they find a damaged row, the layers are compiled for it.
func (e *Extractor) Close() error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.closed = true
	if e.program == nil {
		return nil
	}
	p := e.program
	e.program = nil
	return p.Close()
}

// with calls do with the compiled layers.
func (e *Extractor) with(do func(*inference.Program) error) error {
	p, passing, err := e.compile()
	if err != nil {
		return err
	}
	if passing {
		defer p.Close()
	}
	return do(p)
}

// compiled reports whether the layers are, or will be by the first who computes.
func (e *Extractor) compiled() bool {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.program != nil
}

// compile gives the compiled layers; passing are those of a closed extractor.
func (e *Extractor) compile() (p *inference.Program, passing bool, err error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.program != nil {
		return e.program, false, nil
	}
	if e.layers.Hash(e.values) != e.hash {
		return nil, false, errors.New("the weights of the layers have changed since their features were asked for: extract again")
	}
	if p, err = inference.New(e.layers, e.values); err != nil {
		return nil, false, err
	}
	if !e.closed {
		e.program = p
	}
	return p, e.closed, nil
}

// extension is that of files of features.
const extension = ".features"

// header is the first line of a file of features, for people and for Stored.
type header struct {
	ID      string `json:"id"` // as Extractor.id
	Backend string `json:"backend"`
	Maker   string `json:"maker"`
	Count   int    `json:"count"` // layers
	Last    string `json:"last"`  // name of the last one
	Input   int    `json:"input"` // pixels
	Shape   []int  `json:"shape"` // of a row
}

const (
	anyMagic = "defects features " // of all versions
	magic    = anyMagic + "2 "
)

func (e *Extractor) header() []byte {
	last := e.layers[len(e.layers)-1].Name
	text, err := json.Marshal(header{e.id(), e.kind, e.maker[:min(len(e.maker), 120)], len(e.layers), last[:min(len(last), 100)], e.layers[0].Shape[0], e.layers.Output()})
	if err != nil {
		panic(err) // plain values
	}
	line := magic + string(text)
	return []byte(line + strings.Repeat(" ", max(0, headerSize-1-len(line))) + "\n")[:headerSize]
}

// size is the number of values of a row.
func (e *Extractor) size() int {
	return layer.Size(e.layers.Output())
}

func folder() (string, error) {
	cache, err := files.CacheDir()
	return filepath.Join(cache, "features"), err
}

func (e *Extractor) path() (string, error) {
	f, err := folder()
	return filepath.Join(f, fmt.Sprintf("%.20s-%s%s", e.id(), e.kind, extension)), err
}
