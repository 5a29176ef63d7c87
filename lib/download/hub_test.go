package download

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// newHub stands for the hub: it announces sum, and sends who asks for OWNER/NAME to a server with the bytes. OWNER/OLD is
// a former name of the repository.
func newHub(t *testing.T, sum string, bytes *server) (url string, asked *atomic.Int64) {
	asked = new(atomic.Int64)
	mux := http.NewServeMux()
	mux.HandleFunc("/OWNER/NAME/resolve/main/model.safetensors", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if sum != "" {
			w.Header().Set("X-Linked-Etag", sum)
			w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		}
		http.Redirect(w, r, bytes.URL+"/signed", http.StatusFound)
	})
	mux.HandleFunc("/OWNER/OLD/resolve/main/model.safetensors", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, strings.Replace(r.URL.Path, "OLD", "NAME", 1), http.StatusTemporaryRedirect)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/OWNER/NAME/resolve/main/model.safetensors", asked
}

var contentSum = fmt.Sprintf("%x", sha256.Sum256(content))

func TestHubFileArrivesByTheRedirect(t *testing.T) {
	for _, tag := range []string{`"` + contentSum + `"`, `W/"` + contentSum + `"`, strings.ToUpper(contentSum), ""} {
		cdn := newServer(t)
		url, asked := newHub(t, tag, cdn)
		for _, url := range []string{url, strings.Replace(url, "NAME", "OLD", 1)} {
			asked.Store(0)
			cdn.requests.Store(0)
			r := request(t, url)
			last := int64(0)
			r.Progress = func(done, total int64) {
				if last = done; total != int64(len(content)) {
					t.Errorf("progress of %d bytes", total)
				}
			}
			if err := HubFile(context.Background(), r); err != nil {
				t.Fatalf("tag %q: %v", tag, err)
			}
			want(t, r, content)
			only(t, r, "")
			if asked.Load() != 2 || cdn.requests.Load() != 1 || last != int64(len(content)) {
				t.Errorf("tag %q: the hub was asked %d times, the other server %d times; progress ended at %d", tag, asked.Load(),
					cdn.requests.Load(), last)
			}
		}
	}
}

func TestHubFileGoesOnWhereItBroke(t *testing.T) {
	for _, cdnTag := range []string{`"1"`, ""} { // without one the announced sum tells that the parts belong together
		cdn := newServer(t)
		url, _ := newHub(t, `"`+contentSum+`"`, cdn)
		cdn.set(content, cdnTag, len(content)/3)
		r := request(t, url)
		if err := HubFile(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		want(t, r, content)
		only(t, r, "")
		if cdn.sent.Load() != int64(len(content)) {
			t.Errorf("the server sent %d bytes for a file of %d", cdn.sent.Load(), len(content))
		}
	}
}

func TestHubFileGoesOnInALaterCall(t *testing.T) {
	cdn := newServer(t)
	url, _ := newHub(t, `"`+contentSum+`"`, cdn)
	cdn.set(content, `"1"`, len(content)/2)
	r := request(t, url)
	ctx, cancel := context.WithCancel(context.Background())
	r.Progress = func(done, _ int64) {
		if done >= int64(len(content)/2) {
			cancel()
		}
	}
	wantError(t, HubFile(ctx, r), "run again to go on")
	only(t, r, ".part", ".part.version")
	cdn.set(content, `"1"`, 0)
	cdn.sent.Store(0)
	r.Progress = nil
	if err := HubFile(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
	only(t, r, "")
	if cdn.sent.Load() > int64(len(content)/2+1) {
		t.Errorf("the server sent %d bytes again", cdn.sent.Load())
	}
}

func TestWrongBytesFromTheHubLeaveNothing(t *testing.T) {
	cdn := newServer(t)
	url, _ := newHub(t, `"`+contentSum+`"`, cdn)
	spoiled := append([]byte{}, content...)
	spoiled[len(spoiled)/2] ^= 1
	cdn.set(spoiled, `"1"`, 0)
	r := request(t, url)
	wantError(t, HubFile(context.Background(), r), url, contentSum, fmt.Sprintf("%x", sha256.Sum256(spoiled)), "removed", "run again")
	only(t, r)
}

func TestAnswerOfAnotherSizeLeavesThePart(t *testing.T) {
	cdn := newServer(t)
	url, _ := newHub(t, `"`+contentSum+`"`, cdn)
	cdn.set([]byte(`{"error": "log in"}`), `"2"`, 0)
	r := request(t, url)
	wantError(t, HubFile(context.Background(), r), "of 19 bytes", fmt.Sprint(len(content)), r.Path)
	only(t, r)
	half := content[:len(content)/2]
	if err := errors.Join(os.WriteFile(r.Path+".part", half, 0o666), os.WriteFile(r.Path+".part.version", []byte("\"1\"\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	wantError(t, HubFile(context.Background(), r), "of 19 bytes")
	if b, err := os.ReadFile(r.Path + ".part"); err != nil || !bytes.Equal(b, half) {
		t.Errorf("the part has %d bytes, want %d: %v", len(b), len(half), err)
	}
}

func TestFileWithoutLengthThatEndsEarlyIsBroken(t *testing.T) {
	gets := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Linked-Etag", contentSum)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(content)))
		if r.Method == http.MethodHead {
			return
		}
		body := content
		if gets++; gets == 1 {
			body = content[:50_000]
		}
		w.(http.Flusher).Flush() // so that no Content-Length is sent
		w.Write(body)
	}))
	t.Cleanup(s.Close)
	r := request(t, s.URL)
	r.Progress = func(_, total int64) {
		if total != int64(len(content)) {
			t.Errorf("progress of %d bytes", total)
		}
	}
	if err := HubFile(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
	if gets != 2 {
		t.Errorf("%d requests for bytes", gets)
	}
}

func TestTagThatIsNoSumIsRefused(t *testing.T) {
	for _, tag := range []string{`"fac2f116257151a9d068a22e544a4917"`, `"` + contentSum[1:] + `"`, `"` + contentSum[1:] + `g"`, `""`} {
		cdn := newServer(t)
		url, _ := newHub(t, tag, cdn)
		r := request(t, url)
		wantError(t, HubFile(context.Background(), r), url, "no SHA-256", strconv.Quote(tag), r.Path)
		only(t, r)
		if cdn.requests.Load() != 0 {
			t.Errorf("tag %s: %d requests for bytes", tag, cdn.requests.Load())
		}
	}
}

func TestHubThatRefusesSaysWhatToDo(t *testing.T) {
	impatient(t)
	for code, advice := range map[int]string{401: "login", 403: "login", 404: "no such file", 503: "run again later"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		r := request(t, s.URL)
		err := HubFile(context.Background(), r)
		wantError(t, err, s.URL, fmt.Sprint(code), advice, r.Path)
		if strings.Count(err.Error(), s.URL) != 1 {
			t.Errorf("not one error: %v", err)
		}
		only(t, r)
		s.Close()
	}
	r := request(t, "http://127.0.0.1:1/file.bin")
	wantError(t, HubFile(context.Background(), r), "no connection to 127.0.0.1:1", r.Path)
}

func TestMirrorThatKnowsOnlyGETIsTakenAsItIs(t *testing.T) {
	for _, code := range []int{405, 501} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.WriteHeader(code)
				return
			}
			w.Write(content)
		}))
		t.Cleanup(s.Close)
		r := request(t, s.URL)
		if err := HubFile(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		want(t, r, content)
	}
}

func TestMirrorThatGoesInCirclesIsGivenUp(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	t.Cleanup(s.Close)
	wantError(t, HubFile(context.Background(), request(t, s.URL)), "10 redirects")
}

func TestSilentHubIsGivenUp(t *testing.T) {
	defer func(before time.Duration) { patience = before }(patience)
	patience = 200 * time.Millisecond
	r := request(t, "http://"+silent(t, "")+"/file.bin")
	start := time.Now()
	wantError(t, HubFile(context.Background(), r), r.URL, "nothing came for 200ms", "run again")
	if took := time.Since(start); took > 5*time.Second {
		t.Error("it took", took)
	}
}

func TestHubThatRedirectsToItselfIsAskedOnce(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Linked-Etag", contentSum)
		http.Redirect(w, r, "/bytes", http.StatusFound)
	})
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, r *http.Request) { // an address signed for GET alone
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Write(content)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	r := request(t, s.URL+"/file")
	if err := HubFile(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want(t, r, content)
}
