package serve

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// entry is a model by its name, whichever version of it is there.
type entry struct {
	name    string
	open    func() (engine, error)
	loading sync.Mutex // held while it is read, so that two do not at once

	mutex   sync.Mutex
	now     *loaded // nil if there is none
	version int     // of the last one that was read
	reason  string  // why there is none, or what became of the last try
}

// loaded is a version of a model that answers requests.
type loaded struct {
	engine
	*batcher
	name, version string
	users         sync.WaitGroup // requests
}

func (s *Server) entry(name string) *entry {
	for _, e := range s.entries {
		if e.name == name {
			return e
		}
	}
	return nil
}

func noModel(name string) error {
	return &failure{http.StatusNotFound, fmt.Sprintf("there is no model %q: POST /v2/repository/index lists them", name)}
}

// load reads a model and puts it in the place of the last one.
func (s *Server) load(ctx context.Context, e *entry) error {
	e.loading.Lock()
	defer e.loading.Unlock()
	if s.draining.Load() {
		return &failure{http.StatusServiceUnavailable, "the server is stopping"}
	}
	began := time.Now()
	made, err := e.open()
	if err == nil {
		if err = warm(ctx, made); err != nil {
			made.close()
		}
	}
	if err != nil {
		e.mutex.Lock()
		e.reason = err.Error()
		e.mutex.Unlock()
		s.log.Error("model not loaded", "model", e.name, "error", err)
		return err
	}
	version := strconv.Itoa(e.version + 1)
	l := &loaded{engine: made, name: e.name, version: version}
	l.batcher = newBatcher(made, s.config.BatchDelay, s.config.Queue, s.metrics.batches(e.name))
	s.put(e, l, "")
	about := made.about()
	s.log.Info("model loaded", "model", e.name, "version", version, "classes", about.classes, "shape", about.shape,
		"batch", about.batch, "notice", about.notice, "seconds", time.Since(began).Seconds())
	return nil
}

// put makes a version the one that answers, and lets the last one end. e.loading must be held.
func (s *Server) put(e *entry, l *loaded, reason string) {
	e.mutex.Lock()
	old := e.now
	e.now, e.reason = l, reason
	if l != nil {
		e.version++
	}
	e.mutex.Unlock()
	if l != nil {
		s.metrics.serve(l)
	}
	if old == nil {
		return
	}
	s.retiring.Go(func() {
		old.users.Wait()
		old.batcher.close()
		if err := old.engine.close(); err != nil {
			s.log.Warn("model not freed", "model", old.name, "version", old.version, "error", err)
		}
		s.metrics.retire(old)
	})
}

// take gives a model for one request, which must call done. version may be "".
func (s *Server) take(name, version string) (l *loaded, done func(), err error) {
	e := s.entry(name)
	if e == nil {
		return nil, nil, noModel(name)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	switch {
	case e.now == nil:
		return nil, nil, &failure{http.StatusServiceUnavailable, fmt.Sprintf("model %s is not loaded: %s", name, e.why())}
	case version != "" && version != e.now.version:
		return nil, nil, &failure{http.StatusNotFound, fmt.Sprintf("model %s has version %s, not %s", name, e.now.version, version)}
	}
	e.now.users.Add(1)
	return e.now, e.now.users.Done, nil
}

// why says why there is no version. e.mutex must be held.
func (e *entry) why() string {
	if e.reason == "" {
		return "it is being read"
	}
	return e.reason
}

// ready reports whether requests can be answered.
func (s *Server) ready() bool {
	if s.draining.Load() {
		return false
	}
	for _, e := range s.entries {
		e.mutex.Lock()
		waiting := e.now == nil && e.version == 0
		e.mutex.Unlock()
		if waiting {
			return false
		}
	}
	return true
}
