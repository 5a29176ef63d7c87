// Package serve answers requests for predictions over HTTP: models in the Open Inference Protocol (KServe's V2 REST, with
// Triton's binary tensors, classification and model repository), single images at POST /classify, a page for people at /,
// and Prometheus metrics at /metrics.
//
// Images of different requests are computed together, and no request waits longer for others than Config.BatchDelay. What a
// server takes it finishes: a full queue refuses at once, with 429; a model that is replaced, and a server that stops, first
// answer what they have taken.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
)

// Model is a model to serve.
type Model struct {
	// Name is how clients call it: letters, digits, dots, dashes and underscores.
	Name string
	// Open reads it, such as by classifier.Load: when the server starts, and each time the model is loaded again.
	Open func() (*classifier.Model, error)
}

// Config says what is served, and within which limits. Zero values take the defaults.
type Config struct {
	Models     []Model       // the first is that of POST /classify, unless it is told another
	BatchDelay time.Duration // how long an image may wait for others to be computed with; default 2 ms, none below 0
	Queue      int           // images that one model has in hand, being decoded, waiting or computed; beyond it 429; default 256
	MaxBody    int64         // bytes of one request, also once it is decompressed; beyond it 413; default 32 MB
	MaxPixels  int           // of one encoded image; beyond it 413; default 16.8 million, images.MaxSide²
	Timeout    time.Duration // for a request, once it has been read; beyond it 503; default 30 s
	// Unsure is the probability below which POST /classify says "unsure": of the most probable class or, where an image may
	// have several, of what is said of any class, that it is there or that it is not.
	Unsure float64
	// Token, if there is one, is what clients must send as "Authorization: Bearer TOKEN", except for health and the page.
	// Without one nobody can load and unload models over the network.
	Token string
	Log   *slog.Logger // default slog.Default()
}

// Server serves models. It is an http.Handler; Serve is that with a listener, timeouts and an orderly end. Its methods may
// be called from several goroutines at once.
type Server struct {
	config   Config
	entries  []*entry // in the order of Config.Models
	mux      *http.ServeMux
	metrics  *metrics
	log      *slog.Logger
	patience patience

	bodies   budget // bytes of requests in memory
	decoding *pixelBudget
	rooms    sync.Pool     // of *[]float32, for pixels
	drawing  chan struct{} // one place for each explanation at a time
	draining atomic.Bool   // the server takes no requests any more
	retiring sync.WaitGroup
}

// What is not worth a setting.
const (
	bodiesInMemory = 8  // times MaxBody
	maxDrawing     = 4  // explanations at a time; others are refused
	maxBatch       = 32 // images computed together
)

var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// New makes a server. It has no model yet: Load reads them.
func New(c Config) (*Server, error) {
	c.BatchDelay = cmp.Or(c.BatchDelay, 2*time.Millisecond)
	c.Queue = cmp.Or(c.Queue, 256)
	c.MaxBody = cmp.Or(c.MaxBody, 32<<20)
	c.MaxPixels = cmp.Or(c.MaxPixels, images.MaxSide*images.MaxSide)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	switch {
	case len(c.Models) == 0:
		return nil, errors.New("serve: no model: name at least one")
	case c.Queue < 1 || c.MaxBody < 1 || c.MaxPixels < 1 || c.Timeout < 0:
		return nil, fmt.Errorf("serve: a queue of %d images, %d bytes, %d pixels, %v: limits must be above 0", c.Queue, c.MaxBody,
			c.MaxPixels, c.Timeout)
	case !(c.Unsure >= 0 && c.Unsure <= 1):
		return nil, fmt.Errorf("serve: unsure below %v: give a probability, from 0 to 1", c.Unsure)
	}
	s := &Server{config: c, log: c.Log, metrics: newMetrics(), patience: usualPatience, decoding: newPixelBudget(c.MaxPixels),
		drawing: make(chan struct{}, maxDrawing)}
	s.bodies.most = bodiesInMemory * c.MaxBody
	if s.log == nil {
		s.log = slog.Default()
	}
	for _, m := range c.Models {
		if !validName.MatchString(m.Name) {
			return nil, fmt.Errorf("serve: a model named %q: use letters, digits, dots, dashes and underscores", m.Name)
		}
		if s.entry(m.Name) != nil {
			return nil, fmt.Errorf("serve: two models are named %s: give each a name of its own", m.Name)
		}
		s.entries = append(s.entries, &entry{name: m.Name, open: func() (engine, error) { return open(m.Open) }})
	}
	s.mux = s.routes()
	return s, nil
}

// Load reads models, or reads them again: all of them if none is named. A model that is being served goes on answering until
// the new one is compiled and has answered once; requests that it has taken it finishes. If reading fails, it stays.
func (s *Server) Load(ctx context.Context, names ...string) error {
	entries := s.entries
	if len(names) > 0 {
		entries = nil
		for _, name := range names {
			e := s.entry(name)
			if e == nil {
				return noModel(name)
			}
			entries = append(entries, e)
		}
	}
	var failed []error
	for _, e := range entries {
		if err := s.load(ctx, e); err != nil {
			failed = append(failed, fmt.Errorf("model %s: %w", e.name, err))
		}
	}
	return errors.Join(failed...)
}

// Unload stops serving a model, once it has answered what it has taken. Load brings it back.
func (s *Server) Unload(name string) error {
	e := s.entry(name)
	if e == nil {
		return noModel(name)
	}
	e.loading.Lock()
	defer e.loading.Unlock()
	s.put(e, nil, "unloaded")
	s.log.Info("model unloaded", "model", name)
	return nil
}

// Close unloads all models and waits until they have answered what they have taken. Later requests get 503.
func (s *Server) Close() error {
	s.draining.Store(true)
	for _, e := range s.entries {
		e.loading.Lock()
		s.put(e, nil, "the server has stopped")
		e.loading.Unlock()
	}
	s.retiring.Wait()
	return nil
}
