package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/lib/notice"
)

const (
	attempts  = 20 // that each bring something
	fruitless = 3  // repetitions in a row of an attempt that brought nothing
	silences  = 3  // of a server that sends, then stalls
)

// pause lets a server or a network recover. It is three times as long after each fruitless attempt.
var pause = 300 * time.Millisecond

// longestWait bounds what a server may ask for by Retry-After.
const longestWait = 30 * time.Second

// temporaryError may be gone a moment later.
type temporaryError struct {
	err   error
	after time.Duration // that the server asks to wait; 0 if it does not say
}

func (e *temporaryError) Error() string { return e.err.Error() }
func (e *temporaryError) Unwrap() error { return e.err }

// retry repeats attempts as long as they bring something, and a few that do not. size is what has come so far.
func (r Request) retry(ctx context.Context, size func() int64, attempt func() error) error {
	failed, silent := 0, 0
	for range attempts {
		before := size()
		err := attempt()
		if err == nil || ctx.Err() != nil {
			return err
		}
		var broken *brokenError
		var temporary *temporaryError
		var silence *silenceError
		progress := size() > before
		if errors.As(err, &silence) {
			silent++
		}
		if failed++; progress {
			failed = 0
		}
		wait := pause
		switch {
		case silence != nil && (!progress || silent == silences), failed > fruitless:
			return err
		case errors.As(err, &temporary) && temporary.after > longestWait:
			return fmt.Errorf("%w; it asks to be left alone for %v", err, temporary.after)
		case temporary != nil || errors.As(err, &broken):
			for range failed - 1 {
				wait *= 3
			}
		default:
			return err
		}
		if temporary != nil {
			wait = max(wait, temporary.after)
		}
		if wait > 2*time.Second {
			notice.Say(fmt.Sprintf("%v: trying again in %v", err, wait))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("%s: the connection broke %d times; run again to go on from there", r.URL, attempts)
}

// temporarily marks the answers of servers that are overloaded or being restarted.
func temporarily(response *http.Response, err error) error {
	codes := []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout}
	if !slices.Contains(codes, response.StatusCode) {
		return err
	}
	return &temporaryError{err, retryAfter(response.Header.Get("Retry-After"), time.Now())}
}

// retryAfter is how long a server asks to wait, in seconds or until a date; 0 if it does not say.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(strings.TrimSpace(header)); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now).Round(time.Second))
	}
	return 0
}

// brokenOff reports whether a connection ended before there was an answer.
func brokenOff(err error) bool {
	for _, reason := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
}
