package download

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var content = bytes.Repeat([]byte("steel surface "), 20_000)

// server serves content as version tag, and breaks the connection after cut bytes (0: never). It counts requests and
// the body bytes that it sent.
type server struct {
	*httptest.Server
	mu             sync.Mutex
	content        []byte
	tag            string
	cut            int
	requests, sent atomic.Int64
}

func newServer(t *testing.T) *server {
	s := &server{content: content, tag: `"1"`}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		body, tag, cut := s.content, s.tag, s.cut
		s.mu.Unlock()
		s.requests.Add(1)
		if tag != "" {
			w.Header().Set("ETag", tag)
		}
		limited := &limitedWriter{ResponseWriter: w, left: len(body), sent: &s.sent}
		if cut > 0 {
			limited.left = cut
		}
		http.ServeContent(limited, r, "", time.Time{}, bytes.NewReader(body))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) set(content []byte, tag string, cut int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.content, s.tag, s.cut = content, tag, cut
}

type limitedWriter struct {
	http.ResponseWriter
	left int
	sent *atomic.Int64
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	n := min(l.left, len(b))
	l.left -= n
	l.sent.Add(int64(n))
	l.ResponseWriter.Write(b[:n])
	if n < len(b) {
		l.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func request(t *testing.T, url string) Request {
	return Request{URL: url, Path: filepath.Join(t.TempDir(), "new", "file.bin")}
}

// only checks that the folder of the request holds exactly these files.
func only(t *testing.T, r Request, names ...string) {
	t.Helper()
	entries, _ := os.ReadDir(filepath.Dir(r.Path))
	var got []string
	for _, e := range entries {
		got = append(got, strings.TrimPrefix(e.Name(), "file.bin"))
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("the folder holds %q, want %q", got, names)
	}
}

func want(t *testing.T, r Request, content []byte) {
	t.Helper()
	if got, err := os.ReadFile(r.Path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file has %d bytes, want %d, or others: %v", len(got), len(content), err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("got %v, want %q in it", err, part)
		}
	}
}

func TestFileArrivesWholeWithProgress(t *testing.T) {
	s := newServer(t)
	r := request(t, s.URL)
	r.SHA256, r.MD5 = fmt.Sprintf("%x", sha256.Sum256(content)), fmt.Sprintf("%X", md5.Sum(content))
	last := int64(-1)
	r.Progress = func(done, total int64) {
		if done < last || total != int64(len(content)) {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	}
	for range 2 { // the second call asks nobody
		if err := File(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	want(t, r, content)
	only(t, r, "")
	if last != int64(len(content)) || s.requests.Load() != 1 {
		t.Errorf("progress ended at %d, %d requests", last, s.requests.Load())
	}
}

func TestBrokenConnectionIsTakenUpInOneCall(t *testing.T) {
	s := newServer(t)
	s.set(content, `"1"`, len(content)/3)
	r := request(t, s.URL)
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
	only(t, r, "")
	if s.sent.Load() != int64(len(content)) {
		t.Errorf("the server sent %d bytes for a file of %d", s.sent.Load(), len(content))
	}
}

// interrupted leaves a part behind, as a call that was stopped does.
func interrupted(t *testing.T, s *server, tag string) Request {
	t.Helper()
	r := request(t, s.URL)
	ctx, cancel := context.WithCancel(context.Background())
	s.set(content, tag, len(content)/2)
	r.Progress = func(done, _ int64) {
		if done >= int64(len(content)/2) {
			cancel()
		}
	}
	wantError(t, File(ctx, r), "run again to go on")
	only(t, r, ".part", ".part.version")
	r.Progress = nil
	s.sent.Store(0)
	return r
}

func TestLaterCallGoesOn(t *testing.T) {
	s := newServer(t)
	r := interrupted(t, s, `"1"`)
	s.set(content, `"1"`, 0)
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
	if s.sent.Load() > int64(len(content)/2+1) {
		t.Errorf("the server sent %d bytes again", s.sent.Load())
	}
}

func TestChangedFileIsFetchedAnew(t *testing.T) {
	other := bytes.ToUpper(content)
	for name, tags := range map[string][2]string{"another tag": {`"1"`, `"2"`}, "no tag": {"", ""}, "weak tag": {`W/"1"`, `W/"1"`}} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			r := interrupted(t, s, tags[0])
			s.set(other, tags[1], 0)
			if err := File(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			want(t, r, other)
		})
	}
}

func TestFileThatBecameShorterIsFetchedAnew(t *testing.T) {
	s := newServer(t)
	r := interrupted(t, s, `"1"`)
	s.set(content[:100], `"1"`, 0) // the same tag: the server answers 416
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content[:100])
	only(t, r, "")
}

func TestWholePartNeedsOnlyItsRename(t *testing.T) {
	s := newServer(t)
	r := interrupted(t, s, `"1"`)
	if err := os.WriteFile(r.Path+".part", content, 0o666); err != nil {
		t.Fatal(err)
	}
	s.set(content, `"1"`, 0)
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
	if s.sent.Load() > 100 {
		t.Errorf("the server sent %d bytes", s.sent.Load())
	}
}

func TestWrongSumNamesBothAndLeavesNothing(t *testing.T) {
	s := newServer(t)
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	r := request(t, s.URL)
	r.SHA256 = strings.Repeat("0", 64)
	wantError(t, File(context.Background(), r), sum, r.SHA256, "removed")
	only(t, r)
	r.SHA256, r.MD5 = "", strings.Repeat("0", 32)
	wantError(t, File(context.Background(), r), fmt.Sprintf("%x", md5.Sum(content)), r.MD5)

	r.MD5, r.SHA256 = "", sum // a finished file with a wrong sum is replaced
	if err := os.WriteFile(r.Path, []byte("spoiled"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
}

func TestFailedCheckLeavesNothing(t *testing.T) {
	r := request(t, newServer(t).URL)
	bad := errors.New("no zip")
	r.Check = func(path string) error {
		if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, content) {
			t.Error("the check sees another file", err)
		}
		return bad
	}
	if err := File(context.Background(), r); !errors.Is(err, bad) {
		t.Error(err)
	}
	only(t, r)
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	impatient(t)
	for code, advice := range map[int]string{404: "no such file", 403: "login", 503: "run again later", 429: "run again later", 416: "by hand", 302: "by hand"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		r := request(t, s.URL)
		wantError(t, File(context.Background(), r), s.URL, fmt.Sprint(code), advice)
		only(t, r)
		s.Close()
	}
}

func TestNoNetworkSaysSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	r := request(t, "http://"+address+"/file.bin")
	start := time.Now()
	wantError(t, File(context.Background(), r), "no connection to "+address, r.Path, "by hand")
	if time.Since(start) > 2*time.Second {
		t.Error("it took", time.Since(start))
	}
	r.URL = "http://host.invalid/"
	wantError(t, File(context.Background(), r), "host.invalid")
}

func TestConcurrentDownloadsAskOnce(t *testing.T) {
	s := newServer(t)
	r := request(t, s.URL)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := File(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	want(t, r, content)
	if s.requests.Load() != 1 {
		t.Errorf("%d requests", s.requests.Load())
	}
}

func TestWaitingForALockCanBeStopped(t *testing.T) {
	s := newServer(t)
	slow := request(t, s.URL)
	held, release := make(chan bool), make(chan bool)
	slow.Check = func(string) error { close(held); <-release; return nil }
	done := make(chan error)
	go func() { done <- File(context.Background(), slow) }()
	<-held
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := File(ctx, Request{URL: s.URL, Path: slow.Path}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// silent gives the address of a server that accepts connections and says no more than this.
func silent(t *testing.T, says string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			c.Read(make([]byte, 1000)) // the request
			io.WriteString(c, says)
		}
	}()
	return l.Addr().String()
}

func TestSilentServerIsGivenUp(t *testing.T) {
	defer func(before time.Duration) { patience = before }(patience)
	patience = 200 * time.Millisecond
	for name, url := range map[string]string{
		"no answer":    "http://" + silent(t, "") + "/file.bin",
		"no handshake": "https://" + silent(t, "") + "/file.bin",
		"no end":       "http://" + silent(t, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: \"1\"\r\n\r\nsteel") + "/file.bin",
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, url)
			start := time.Now()
			err := File(context.Background(), r)
			wantError(t, err, r.URL, "nothing came for 200ms", "run again")
			if took := time.Since(start); took > 5*time.Second {
				t.Error("it took", took)
			}
		})
	}
}

func TestSlowServerIsNotGivenUp(t *testing.T) {
	defer func(before time.Duration) { patience = before }(patience)
	patience = time.Second
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			io.WriteString(w, "steel ")
			w.(http.Flusher).Flush()
			time.Sleep(400 * time.Millisecond)
		}
	}))
	t.Cleanup(s.Close)
	r := request(t, s.URL)
	if err := File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, []byte("steel steel steel steel "))
}

func TestLinesSayHowFarItIsOnceASecond(t *testing.T) {
	var b strings.Builder
	tell := Lines(&b, "NEU-DET")
	for done := range int64(100) {
		tell(done*270_000, 27_000_000)
	}
	tell(27_000_000, 27_000_000)
	Lines(&b, "no length")(1_500_000, -1)
	if want := "NEU-DET: 0.0 of 27.0 MB\nNEU-DET: 27.0 of 27.0 MB\nno length: 1.5 MB\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
