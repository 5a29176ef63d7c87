package download

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// patience is how long nothing may come, from the first attempt to connect on: a network that swallows packets must not
// look like work.
var patience = 15 * time.Second

// silenceError is a connection on which nothing came for so long.
type silenceError struct{ patience time.Duration }

func (e *silenceError) Error() string { return fmt.Sprintf("nothing came for %v", e.patience) }

// brokenError is a connection that ended before the file did.
type brokenError struct {
	url         string
	done, total int64
	err         error
}

func (e *brokenError) Error() string {
	of := ""
	if e.total >= 0 {
		of = fmt.Sprintf(" of %d", e.total)
	}
	return fmt.Sprintf("%s: the connection broke after %d%s bytes: %v; run again to go on from there", e.url, e.done, of, e.err)
}

func (e *brokenError) Unwrap() error { return e.err }

// fetch asks for what is missing in the part, and appends it.
func (r Request) fetch(ctx context.Context, part *partFile) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silence := time.AfterFunc(patience, func() { cancel(&silenceError{patience}) })
	defer silence.Stop()
	have, version := part.size(), part.version()
	if version == "" && r.SHA256 == "" && r.MD5 == "" {
		have = 0 // nothing would tell if the server's file had changed in between
	}
	response, err := r.ask(ctx, have, version)
	if err != nil {
		return err
	}
	defer response.Body.Close()

	first, total, err := contentRange(response)
	if err != nil {
		return fmt.Errorf("%s: %w", r.URL, err)
	}
	body := io.Reader(response.Body)
	switch response.StatusCode {
	case http.StatusOK:
		if body, err = r.body(response, silence); err != nil { // a part stays as it is
			if cause := context.Cause(ctx); cause != nil {
				err = &brokenError{r.URL, have, response.ContentLength, cause}
			}
			return err
		}
		have, total = 0, response.ContentLength
		if total >= 0 && r.Size > 0 && total != r.Size { // such as a page that asks for a login; a part stays as it is
			return fmt.Errorf("%s: the server sent a file of %d bytes, expected %d; run again, or put the file at %s by hand",
				r.URL, total, r.Size, r.Path)
		}
	case http.StatusPartialContent:
		if first != have {
			return fmt.Errorf("%s: the server sent bytes from %d, asked for from %d", r.URL, first, have)
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if have > 0 && total == have { // the part is whole: only its rename is missing
			return nil
		}
		part.remove()
		if have > 0 {
			return r.fetch(ctx, part) // from the beginning, so this cannot happen twice
		}
		fallthrough
	default:
		return r.refused(response)
	}

	if total < 0 && r.Size > 0 {
		total = r.Size
	}
	f, err := part.open(have > 0, validator(response), announcedMD5(response))
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", part.path, err)
	}
	err = r.receive(body, f, have, total, silence)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = &brokenError{r.URL, part.size(), total, cause}
	}
	err = errors.Join(err, f.Sync(), f.Close())
	var written *writeError
	if errors.As(err, &written) {
		part.remove()
		return written
	}
	return err
}

func (r Request) ask(ctx context.Context, have int64, version string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity") // lengths and ranges count the file's own bytes
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if version != "" {
			request.Header.Set("If-Range", version)
		}
	}
	return r.send(http.DefaultClient, request)
}

// send does a request. Its errors say what to do.
func (r Request) send(client *http.Client, request *http.Request) (*http.Response, error) {
	response, err := client.Do(request)
	var dns *net.DNSError
	switch {
	case err == nil:
		return response, nil
	case errors.As(err, &dns), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return nil, fmt.Errorf("no connection to %s: %w; check the network, or put the file at %s by hand", request.URL.Host, err, r.Path)
	}
	broken := brokenOff(err)
	if err = fmt.Errorf("%w; run again, or put the file at %s by hand", err, r.Path); broken {
		err = &temporaryError{err: err}
	}
	return nil, err
}

func (r Request) refused(response *http.Response) error {
	advice := "put the file at " + r.Path + " by hand"
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		advice = "there is no such file on the server; check the address, or " + advice
	case code == http.StatusNetworkAuthenticationRequired:
		advice = "the network wants a login: open a browser, log in, and run again, or " + advice
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		advice = "the server wants a login; fetch it with a browser and " + advice
	case code == http.StatusTooManyRequests || code >= 500:
		advice = "the server is in trouble; run again later, or " + advice
	}
	return temporarily(response, fmt.Errorf("%s: the server answered %q; %s", r.URL, response.Status, advice))
}

// contentRange parses "bytes 5-9/10", "bytes 5-9/*" and "bytes */10"; what is absent is −1.
func contentRange(response *http.Response) (first, total int64, err error) {
	first, total = -1, -1
	header := response.Header.Get("Content-Range")
	if response.StatusCode == http.StatusOK || header == "" {
		return first, total, nil
	}
	span, size, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	if ok && span != "*" {
		_, err = fmt.Sscanf(span, "%d-", &first)
	}
	if ok && size != "*" && err == nil {
		_, err = fmt.Sscanf(size, "%d", &total)
	}
	if !ok || err != nil {
		return first, total, fmt.Errorf("the server sent a Content-Range that is none: %q", header)
	}
	return first, total, nil
}

// validator is what If-Range may hold: a strong entity tag, else a date.
func validator(response *http.Response) string {
	if tag := response.Header.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return response.Header.Get("Last-Modified")
}

// announcedMD5 is the MD5, in hexadecimal, that Google's storage announces of a file; "" if there is none.
func announcedMD5(response *http.Response) string {
	for _, header := range response.Header.Values("X-Goog-Hash") {
		for sum := range strings.SplitSeq(header, ",") {
			text, ok := strings.CutPrefix(strings.TrimSpace(sum), "md5=")
			if b, err := base64.StdEncoding.DecodeString(text); ok && err == nil && len(b) == md5.Size {
				return hex.EncodeToString(b)
			}
		}
	}
	return ""
}

// writeError is a file that could not be written, most often for want of space.
type writeError struct {
	path string
	done int64
	err  error
}

func (e *writeError) Error() string {
	advice := "check the disk"
	if errors.Is(e.err, syscall.ENOSPC) {
		advice = "the disk is full: make room, then run again"
	}
	return fmt.Sprintf("cannot write %s after %d bytes: %v; %s", e.path, e.done, e.err, advice)
}

func (e *writeError) Unwrap() error { return e.err }

// receive copies the body to the part. Whatever comes puts off the end of patience.
func (r Request) receive(body io.Reader, f *os.File, done, total int64, silence *time.Timer) error {
	buffer := make([]byte, 1<<16)
	for {
		if r.Progress != nil {
			r.Progress(done, total)
		}
		n, err := body.Read(buffer)
		silence.Reset(patience)
		if _, err := f.Write(buffer[:n]); err != nil {
			return &writeError{f.Name(), done, err}
		}
		done += int64(n)
		if err == io.EOF && total >= 0 && done != total {
			err = io.ErrUnexpectedEOF
		}
		if err == io.EOF {
			if r.Progress != nil {
				r.Progress(done, total)
			}
			return nil
		}
		if err != nil {
			return &brokenError{r.URL, done, total, err}
		}
	}
}
