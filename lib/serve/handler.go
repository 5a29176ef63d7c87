package serve

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/transfer-learning-go/defects/lib/inference"
)

// closedByClient is the status that is logged when nobody waits for an answer any more.
const closedByClient = 499

// routes says who answers what. A handler's error becomes a JSON body with the status of the failure.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				s.fail(w, r, err)
			}
		})
	}
	handle("GET /{$}", s.page)
	handle("POST /classify", s.classify)
	handle("GET /v2", s.serverMetadata)
	handle("GET /v2/{$}", s.serverMetadata)
	handle("GET /v2/health/live", s.live)
	handle("GET /v2/health/ready", s.readiness)
	for _, model := range []string{"/v2/models/{model}", "/v2/models/{model}/versions/{version}"} {
		handle("GET "+model, s.modelMetadata)
		handle("GET "+model+"/ready", s.modelReady)
		handle("GET "+model+"/config", s.modelConfig)
		handle("POST "+model+"/infer", s.infer)
	}
	handle("POST /v2/repository/index", s.index)
	handle("POST /v2/repository/models/{model}/load", s.loadModel)
	handle("POST /v2/repository/models/{model}/unload", s.unloadModel)
	mux.Handle("GET /metrics", s.metrics.handler())
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began, answer := time.Now(), &answer{ResponseWriter: w, status: http.StatusOK}
	handler, pattern := s.mux.Handler(r)
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
			s.fail(answer, r, errors.New("the server has made a mistake"))
		}
		took := time.Since(began)
		s.metrics.answered(cmp.Or(pattern, "none"), answer.status, took)
		s.logRequest(r, answer, took)
	}()
	switch {
	case pattern == "":
		var none nobody
		handler.ServeHTTP(&none, r)
		if allow := none.Header().Get("Allow"); allow != "" {
			answer.Header().Set("Allow", allow)
		}
		s.fail(answer, r, &failure{none.status, http.StatusText(none.status) + ": " + r.Method + " " + r.URL.Path +
			"; GET /v2 tells what is served"})
	case !s.allowed(pattern, r):
		answer.Header().Set("WWW-Authenticate", "Bearer")
		s.fail(answer, r, &failure{http.StatusUnauthorized, "send the token of this server as Authorization: Bearer TOKEN"})
	default:
		s.mux.ServeHTTP(answer, r)
	}
}

// openRoutes need no token: what orchestrators ask, and the page, which asks people for it.
var openRoutes = map[string]bool{"GET /{$}": true, "GET /v2/health/live": true, "GET /v2/health/ready": true}

// allowed reports whether a request has the token, if one is needed. The time that it takes tells nothing of the token.
func (s *Server) allowed(pattern string, r *http.Request) bool {
	if s.config.Token == "" || openRoutes[pattern] {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.config.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// fail tells the client of an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, what := http.StatusInternalServerError, err.Error()
	var f *failure
	switch {
	case errors.As(err, &f):
		status = f.status
	case errors.Is(err, context.DeadlineExceeded):
		status, what = http.StatusServiceUnavailable, "not done within "+s.config.Timeout.String()+": try again later"
	case errors.Is(err, context.Canceled):
		status, what = closedByClient, "the client has closed its side of the connection, which ends a request: leave it open until the answer"
	case errors.Is(err, inference.ErrClosed):
		status = http.StatusServiceUnavailable
	default:
		s.log.Error("request failed", "path", r.URL.Path, "error", err)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, map[string]string{"error": what})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	w.Write(body.Bytes()) // to a client that has gone, nothing can be said
	return nil
}

// logRequest writes a line per request; that of probes only where everything is logged.
func (s *Server) logRequest(r *http.Request, a *answer, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case a.status >= 500:
		level = slog.LevelWarn
	case a.status == http.StatusOK && r.Method != http.MethodPost:
		level = slog.LevelDebug
	}
	s.log.Log(context.Background(), level, "request", "method", r.Method, "path", r.URL.Path, "status", a.status, "bytes", a.bytes,
		"milliseconds", float64(took.Microseconds())/1000, "client", r.RemoteAddr)
}

// answer remembers what was answered.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// nobody takes an answer that is not sent: that of http.ServeMux where it has no route, which is no JSON.
type nobody struct {
	header http.Header
	status int
}

func (n *nobody) Header() http.Header {
	if n.header == nil {
		n.header = http.Header{}
	}
	return n.header
}
func (n *nobody) Write(p []byte) (int, error) { return len(p), nil }
func (n *nobody) WriteHeader(status int)      { n.status = status }
