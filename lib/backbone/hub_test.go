package backbone

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// hub stands for Hugging Face's: it announces the sum of content and redirects to a second server, which sends sends. It
// breaks the connection after cut bytes (0: never), and counts what it sent.
type hub struct {
	content, sends []byte
	silent         bool // it announces nothing
	cut, sent      int
	status         int // of each answer, if not 0
}

// newHub serves content as the ViT, to an empty cache.
func newHub(t *testing.T, content []byte) *hub {
	t.Helper()
	h := &hub{content: content, sends: content}
	bytesServer := httptest.NewServer(http.HandlerFunc(h.bytes))
	t.Cleanup(bytesServer.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.status != 0:
			w.WriteHeader(h.status)
			return
		case r.URL.Path != "/google/vit-base-patch16-224/resolve/main/model.safetensors":
			http.NotFound(w, r)
			return
		case !h.silent:
			w.Header().Set("X-Linked-Etag", fmt.Sprintf(`"%x"`, sha256.Sum256(h.content)))
			w.Header().Set("X-Linked-Size", strconv.Itoa(len(h.content)))
		}
		http.Redirect(w, r, bytesServer.URL+"/signed?for=a+while", http.StatusFound)
	}))
	t.Cleanup(s.Close)
	t.Setenv("HF_ENDPOINT", s.URL+"/")
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("WEIGHTS_DIR", "")
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	return h
}

func (h *hub) bytes(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"1"`)
	counted := &cutWriter{w, h, h.cut}
	http.ServeContent(counted, r, "", time.Time{}, bytes.NewReader(h.sends))
}

type cutWriter struct {
	http.ResponseWriter
	hub  *hub
	left int
}

func (c *cutWriter) Write(b []byte) (int, error) {
	if c.hub.cut == 0 {
		c.hub.sent += len(b)
		return c.ResponseWriter.Write(b)
	}
	n := min(c.left, len(b))
	c.left -= n
	c.hub.sent += n
	c.ResponseWriter.Write(b[:n])
	if n < len(b) {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func checkpointBytes(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../weights/testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cached lists the cache's folder of weights.
func cached(t *testing.T) string {
	t.Helper()
	entries, _ := os.ReadDir(filepath.Join(os.Getenv("DEFECTS_CACHE"), "weights"))
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimPrefix(e.Name(), "vit-base-patch16-224.safetensors"))
	}
	return strings.Join(names, " ")
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// viTFile is the published file of the lesson's ViT.
func viTFile(t *testing.T) Published {
	t.Helper()
	p, err := vit.Published(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestViTNamesTheHubsFile(t *testing.T) {
	for endpoint, want := range map[string]string{"": "https://huggingface.co", "https://mirror.example/hf/": "https://mirror.example/hf"} {
		t.Setenv("HF_ENDPOINT", endpoint)
		p := viTFile(t)
		if want += "/google/vit-base-patch16-224/resolve/main/model.safetensors"; p.URL != want {
			t.Errorf("HF_ENDPOINT %q: %s, want %s", endpoint, p.URL, want)
		}
		if p.Network != "vit" || p.File != "vit-base-patch16-224.safetensors" || p.MD5 != "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestHubFileIsFetchedOnce(t *testing.T) {
	content := checkpointBytes(t)
	h := newHub(t, content)
	for _, silent := range []bool{false, true} { // a mirror that announces nothing: the first download counts
		h.silent, h.sent = silent, 0
		t.Setenv("DEFECTS_CACHE", t.TempDir())
		path, err := viTFile(t).Fetch(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := viTFile(t).Fetch(context.Background(), nil)
		if err != nil || again != path || h.sent != len(content) {
			t.Errorf("fetched %s again as %s, %d bytes sent, %v", path, again, h.sent, err)
		}
		if found, damaged := viTFile(t).Find(); found != path || damaged != nil {
			t.Errorf("found %q, %v", found, damaged)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("it has %d bytes, %v", len(got), err)
		}
		want := fmt.Sprintf("%x  vit-base-patch16-224.safetensors\n", sha256.Sum256(content))
		if sum, _ := os.ReadFile(path + ".sha256"); string(sum) != want {
			t.Errorf("its sum is kept as %q", sum)
		}
		spoiled := bytes.Clone(content)
		spoiled[len(spoiled)/2] ^= 1
		write(t, path, spoiled)
		if _, err := viTFile(t).Fetch(context.Background(), nil); err != nil || h.sent != 2*len(content) {
			t.Errorf("a file that has changed: %v, %d bytes sent", err, h.sent)
		}
	}
}

func TestHubFileGoesOnWhereItBroke(t *testing.T) {
	content := checkpointBytes(t)
	h := newHub(t, content)
	h.cut = len(content)/3 + 1
	if _, err := viTFile(t).Fetch(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if h.sent != len(content) {
		t.Errorf("%d bytes sent for %d", h.sent, len(content))
	}

	h = newHub(t, content) // what a killed process leaves
	part := filepath.Join(os.Getenv("DEFECTS_CACHE"), "weights", "vit-base-patch16-224.safetensors.part")
	write(t, part, content[:1000])
	write(t, part+".version", []byte("\"1\"\n"))
	first := int64(-1)
	progress := func(done, _ int64) {
		if first < 0 {
			first = done
		}
	}
	if _, err := viTFile(t).Fetch(context.Background(), progress); err != nil {
		t.Fatal(err)
	}
	if h.sent != len(content)-1000 || first != 1000 || cached(t) != " .sha256" {
		t.Errorf("%d of %d bytes sent, progress from %d, the cache holds %q", h.sent, len(content), first, cached(t))
	}
}

func TestWrongBytesFromTheHubLeaveNothing(t *testing.T) {
	h := newHub(t, checkpointBytes(t))
	h.sends = bytes.Clone(h.content)
	h.sends[len(h.sends)-1] ^= 1
	_, err := viTFile(t).Fetch(context.Background(), nil)
	for _, s := range []string{viTFile(t).URL, fmt.Sprintf("%x", sha256.Sum256(h.content)), fmt.Sprintf("%x", sha256.Sum256(h.sends)), "run again"} {
		if err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("got %v, want %q in it", err, s)
		}
	}
	if cached(t) != "" {
		t.Errorf("the cache holds %q", cached(t))
	}
	h.silent, h.sends = true, []byte("no weights at all")
	if _, err := viTFile(t).Fetch(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "was removed") || cached(t) != "" {
		t.Errorf("a page was taken for weights: %v, the cache holds %q", err, cached(t))
	}
}

func TestHubThatRefusesSaysWhatToDo(t *testing.T) {
	h := newHub(t, nil)
	for status, advice := range map[int]string{401: "login", 403: "login", 404: "no such file"} {
		h.status = status
		_, err := viTFile(t).Fetch(context.Background(), nil)
		for _, s := range []string{"HF_ENDPOINT", viTFile(t).URL, strconv.Itoa(status), advice, viTFile(t).File + " by hand"} {
			if err == nil || !strings.Contains(err.Error(), s) {
				t.Errorf("got %v, want %q in it", err, s)
			}
		}
	}
	t.Setenv("HF_ENDPOINT", "mirror.example")
	if _, err := viTFile(t).Fetch(context.Background(), nil); err == nil || !strings.Contains(err.Error(), `HF_ENDPOINT is "mirror.example"`) {
		t.Error(err)
	}
	if cached(t) != "" {
		t.Errorf("the cache holds %q", cached(t))
	}
}
