package serve

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// failure is an error with the status that tells it to the client.
type failure struct {
	status int
	what   string
}

func (f *failure) Error() string { return f.what }

func wrong(format string, args ...any) error {
	return &failure{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// errBusy is what a client gets that should come again later.
var errBusy = &failure{http.StatusTooManyRequests, "the server has as much in hand as it takes: try again in a second"}

// budget bounds bytes that are in memory.
type budget struct {
	most int64
	held atomic.Int64
}

// counted reads from a body as long as the budget lasts. It is charged for what has come, so that clients which promise
// much and send little do not keep others out.
type counted struct {
	io.Reader
	budget *budget
	held   int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.held += int64(n)
	if c.budget.held.Add(int64(n)) > c.budget.most {
		return n, errBusy
	}
	return n, err
}

func (c *counted) release() { c.budget.held.Add(-c.held) }

// body reads what a client sends, decompressed, within the limits. release is to be called when it is not needed any more,
// also after an error.
func (s *Server) body(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	c := &counted{Reader: http.MaxBytesReader(w, r.Body, s.config.MaxBody), budget: &s.bodies}
	var out bytes.Buffer
	out.Grow(int(min(max(r.ContentLength, 0), 64<<10)) + bytes.MinRead)
	if _, err = out.ReadFrom(c); err != nil {
		return nil, c.release, s.unread(err)
	}
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	if encoding == "" || encoding == "identity" {
		return out.Bytes(), c.release, nil
	}
	var plain io.Reader
	switch encoding {
	case "gzip":
		plain, err = gzip.NewReader(&out)
	case "deflate":
		plain, err = zlib.NewReader(&out)
	default:
		return nil, c.release, &failure{http.StatusUnsupportedMediaType,
			fmt.Sprintf("Content-Encoding %s: send gzip, deflate, or none", encoding)}
	}
	if err == nil {
		c.Reader = http.MaxBytesReader(w, io.NopCloser(plain), s.config.MaxBody)
		var all bytes.Buffer
		_, err = all.ReadFrom(c)
		body = all.Bytes()
	}
	return body, c.release, s.unread(err)
}

// unread is the error for a body that did not come whole, or nil.
func (s *Server) unread(err error) error {
	var large *http.MaxBytesError
	var known *failure
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.As(err, &large):
		return &failure{http.StatusRequestEntityTooLarge,
			fmt.Sprintf("the request is larger than %d bytes: send fewer or smaller images", large.Limit)}
	}
	return wrong("the request cannot be read: %v", err)
}

// pixelBudget bounds the pixels that are being decoded: a small file may hold a picture of hundreds of megabytes.
type pixelBudget struct {
	most    int
	decoded *semaphore.Weighted
}

func newPixelBudget(most int) *pixelBudget {
	return &pixelBudget{most, semaphore.NewWeighted(int64(most))}
}

// acquire waits until an image of that size may be decoded.
func (p *pixelBudget) acquire(ctx context.Context, width, height int) (release func(), err error) {
	if height > 0 && width > p.most/height {
		return nil, &failure{http.StatusRequestEntityTooLarge,
			fmt.Sprintf("%d×%d pixels, the server takes %d: scale the image down", width, height, p.most)}
	}
	pixels := int64(width) * int64(height)
	if err := p.decoded.Acquire(ctx, pixels); err != nil {
		return nil, err
	}
	return func() { p.decoded.Release(pixels) }, nil
}
