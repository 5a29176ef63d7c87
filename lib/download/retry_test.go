package download

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/files"
)

// impatient lets a test not wait for servers.
func impatient(t *testing.T) {
	before := [2]time.Duration{pause, patience}
	pause, patience = time.Millisecond, 200*time.Millisecond
	t.Cleanup(func() { pause, patience = before[0], before[1] })
}

// serverThatFails answers the first requests by fail, the others with the content.
func serverThatFails(t *testing.T, times int, fail http.HandlerFunc) (url string, requests *int) {
	requests = new(int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if *requests++; *requests <= times {
			fail(w, r)
			return
		}
		w.Header().Set("ETag", `"1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func status(code int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		c.Close()
	}
}

func TestServersThatRecoverAreAskedAgain(t *testing.T) {
	impatient(t)
	for name, fail := range map[string]http.HandlerFunc{"429": status(429, ""), "500": status(500, ""), "502": status(502, ""),
		"503 for now": status(503, "0"), "cut": hangUp} {
		for _, fetch := range []func(context.Context, Request) error{File, HubFile} {
			url, requests := serverThatFails(t, 2, fail)
			r := request(t, url)
			if err := fetch(context.Background(), r); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want(t, r, content)
			if *requests < 3 || *requests > 4 {
				t.Errorf("%s: %d requests", name, *requests)
			}
		}
		url, requests := serverThatFails(t, 1000, fail)
		r := request(t, url)
		if err := File(context.Background(), r); err == nil || *requests > 1+fruitless+1 { // Go itself repeats one on a used connection
			t.Errorf("%s: %v after %d requests", name, err, *requests)
		}
		only(t, r)
	}
}

func TestRetryAfterIsObeyedWithinBounds(t *testing.T) {
	impatient(t)
	url, _ := serverThatFails(t, 1, status(503, "1"))
	start := time.Now()
	if err := File(context.Background(), request(t, url)); err != nil || time.Since(start) < time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	url, requests := serverThatFails(t, 1000, status(429, "3600"))
	start = time.Now()
	err := File(context.Background(), request(t, url))
	wantError(t, err, "429", "left alone for 1h0m0s", "run again later")
	if *requests != 1 || time.Since(start) > 2*time.Second {
		t.Errorf("%d requests in %v", *requests, time.Since(start))
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{"": 0, "soon": 0, "-5": 0, " 7 ": 7 * time.Second,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:00 GMT": 0} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

// A server that sends a little and stalls must not be tried for minutes. What came stays.
func TestStallingServerIsGivenUp(t *testing.T) {
	impatient(t)
	requests := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(content)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(content[from : from+1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(s.Close)
	r := request(t, s.URL)
	wantError(t, File(context.Background(), r), "nothing came for 200ms", "run again to go on")
	if requests != silences {
		t.Errorf("%d requests", requests)
	}
	if info, err := os.Stat(r.Path + ".part"); err != nil || info.Size() != int64(1000*silences) {
		t.Errorf("the part: %v, %v", info, err)
	}
}

func TestAPageThatAsksForALoginLeavesThePart(t *testing.T) {
	impatient(t)
	const page = "<!DOCTYPE html><html><body>Welcome to our hotel</body></html>"
	for name, portal := range map[string]http.HandlerFunc{
		"says so": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Write([]byte("Log in"))
		},
		"looks so": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/zip")
			w.Write([]byte("\n " + page))
		},
		"of one size": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(page + strings.Repeat(" ", len(content)-len(page))))
		},
		"511":          status(http.StatusNetworkAuthenticationRequired, ""),
		"another host": nil,
	} {
		s := newServer(t)
		r := interrupted(t, s, `"1"`)
		at := s.Config.Handler
		if portal == nil {
			login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(page)) }))
			t.Cleanup(login.Close)
			portal = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, login.URL+"/login", http.StatusFound)
			}
		}
		s.Config.Handler = portal
		for _, fetch := range []func(context.Context, Request) error{File, HubFile} {
			wantError(t, fetch(context.Background(), r), "login", "run again", r.Path)
			only(t, r, ".part", ".part.version")
		}
		s.Config.Handler = at
		s.set(content, `"1"`, 0)
		if err := File(context.Background(), r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want(t, r, content)
		if s.sent.Load() > int64(len(content)/2+1) {
			t.Errorf("%s: the server sent %d bytes again", name, s.sent.Load())
		}
	}
}

func TestTheMD5ThatGooglesStorageAnnouncesIsChecked(t *testing.T) {
	const right, wrong = "PrOPqAefiHMk6O4dkrPaEg==", "vNMccUvKLEH/yjG9AwAzEQ=="
	for _, c := range []struct {
		header []string
		good   bool
	}{
		{[]string{"crc32c=n03x6A==", "md5=" + right}, true}, {[]string{"crc32c=n03x6A==,md5=" + right}, true},
		{[]string{"crc32c=n03x6A=="}, true}, {nil, true}, {[]string{"md5=" + wrong}, false},
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Goog-Hash"] = c.header
			w.Write([]byte("steel"))
		}))
		t.Cleanup(s.Close)
		r := request(t, s.URL)
		switch err := File(context.Background(), r); {
		case c.good && err != nil:
			t.Errorf("%q: %v", c.header, err)
		case c.good:
			want(t, r, []byte("steel"))
		default:
			wantError(t, err, "its MD5 is", "removed")
			only(t, r)
		}
	}
}

// What Check cannot save is no fault of the file.
func TestAFileIsNotBlamedForAFullDisk(t *testing.T) {
	r := request(t, newServer(t).URL)
	r.Check = func(string) error { return &files.WriteError{Path: "sums", Err: os.ErrPermission} }
	err := File(context.Background(), r)
	wantError(t, err, "was fetched, but cannot save sums", "run again")
	if strings.Contains(err.Error(), "removed") || !errors.Is(err, os.ErrPermission) {
		t.Error(err)
	}
	if _, err := os.Stat(r.Path + ".part"); err != nil {
		t.Error(err)
	}
	r.Check = nil
	if err := File(context.Background(), r); err != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(r.Path)); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}
