package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/result"
)

const side = 4

var testClasses = []string{"dark", "middle", "bright"}

// fake is an engine that tells images by their mean. Each computation waits for gate, if there is one.
type fake struct {
	gate    chan struct{}
	notice  string
	shift   int // added to the class: another model
	fails   error
	mutex   sync.Mutex
	batches []int
	closed  atomic.Bool
}

func (f *fake) about() about {
	return about{classes: testClasses, shape: []int{side, side, 3}, batch: 4, notice: f.notice}
}

func (f *fake) predict(_ context.Context, pixels [][]float32) ([][]float32, error) {
	if f.closed.Load() {
		return nil, errors.New("used after close")
	}
	if f.gate != nil {
		<-f.gate
	}
	f.mutex.Lock()
	f.batches = append(f.batches, len(pixels))
	f.mutex.Unlock()
	if f.fails != nil {
		return nil, f.fails
	}
	var rows [][]float32
	for _, p := range pixels {
		sum := float32(0)
		for _, v := range p {
			sum += v
		}
		row := []float32{0.25, 0.25, 0.25}
		row[(min(int(sum/float32(len(p))/85), 2)+f.shift)%3] = 0.5
		rows = append(rows, row)
	}
	return rows, nil
}

func (f *fake) explain(context.Context, []float32) (result.Heatmap, string, func(image.Image) image.Image, error) {
	whole := func(img image.Image) image.Image { return img }
	return result.Heatmap{Height: 1, Width: 2, Values: []float32{0, 1}}, "fake", whole, nil
}

func (f *fake) close() error {
	f.closed.Store(true)
	return nil
}

// newServer serves one model, steel, by the engines that open gives, one after the other and then the last again.
func newServer(t *testing.T, c Config, engines ...engine) *Server {
	t.Helper()
	c.Models = []Model{{Name: "steel"}}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var next atomic.Int64
	s.entries[0].open = func() (engine, error) { return engines[min(int(next.Add(1)), len(engines))-1], nil }
	t.Cleanup(func() { s.Close() })
	return s
}

func loadedServer(t *testing.T, c Config, engines ...engine) *Server {
	t.Helper()
	s := newServer(t, c, engines...)
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request without a network.
func ask(s http.Handler, method, path string, body []byte, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, bytes.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// answered decodes an answer of a status.
func answered(t *testing.T, w *httptest.ResponseRecorder, status int, into any) {
	t.Helper()
	if w.Code != status || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %s: %s; want %d", w.Code, w.Header().Get("Content-Type"), w.Body, status)
	}
	d := json.NewDecoder(w.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// refused checks an answer that is an error, and what it says.
func refused(t *testing.T, w *httptest.ResponseRecorder, status int, says ...string) {
	t.Helper()
	var e struct{ Error string }
	answered(t, w, status, &e)
	for _, s := range says {
		if !strings.Contains(e.Error, s) {
			t.Errorf("the error does not say %q: %s", s, e.Error)
		}
	}
}

// grey is an encoded picture of one grey.
func grey(t testing.TB, format string, width, height int, value uint8) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = value
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	if format == "jpeg" {
		b.Reset()
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWrongConfigurationsAreRefused(t *testing.T) {
	for _, c := range []struct {
		config Config
		says   string
	}{
		{Config{}, "no model"},
		{Config{Models: []Model{{Name: "a/b"}}}, "letters, digits"},
		{Config{Models: []Model{{Name: ""}}}, "letters, digits"},
		{Config{Models: []Model{{Name: "a"}, {Name: "a"}}}, "two models"},
		{Config{Models: []Model{{Name: "a"}}, Queue: -1}, "above 0"},
		{Config{Models: []Model{{Name: "a"}}, Unsure: 2}, "a probability"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.config, err)
		}
	}
}

func TestClassifyTakesAnImageInManyForms(t *testing.T) {
	f := &fake{notice: "drawn for a test"}
	s := loadedServer(t, Config{Unsure: 0.6}, f)
	form := func(names ...string) ([]byte, string) {
		var b strings.Builder
		for _, name := range names {
			b.WriteString("--X\r\nContent-Disposition: form-data; name=\"image\"; filename=\"" + name + "\"\r\n\r\n" +
				string(grey(t, "jpeg", 19, 16, 200)) + "\r\n")
		}
		return []byte(b.String() + "--X\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nnone\r\n--X--\r\n"),
			"multipart/form-data; boundary=X"
	}
	one, kind := form("a.jpg")
	two, _ := form("a.jpg", "b.jpg")
	none, _ := form()
	for _, c := range []struct {
		body []byte
		kind string
	}{{grey(t, "jpeg", 19, 16, 200), "image/jpeg"}, {grey(t, "png", 16, 19, 200), ""}, {one, kind},
		{grey(t, "png", 40, 40, 200), "application/x-www-form-urlencoded"}} {
		var a classification
		answered(t, ask(s, "POST", "/classify", c.body, "Content-Type", c.kind), 200, &a)
		if a.Model != "steel" || a.Version != "1" || a.Class != "bright" || a.Probability != 0.5 || !a.Unsure ||
			len(a.Classes) != 3 || a.Probabilities[2] != 0.5 || a.Overlay != "" || a.Notice != "drawn for a test" {
			t.Errorf("%s: %+v", c.kind, a)
		}
	}
	var small classification
	answered(t, ask(s, "POST", "/classify", grey(t, "png", 1, 1, 200)), 200, &small)
	if !strings.Contains(small.Notice, "drawn for a test; the image has 1×1 pixels, too few") {
		t.Errorf("an image of one pixel: %q", small.Notice)
	}
	refused(t, ask(s, "POST", "/classify", two, "Content-Type", kind), 400, "one at a time")
	refused(t, ask(s, "POST", "/classify", none, "Content-Type", kind), 400, "no image")
	refused(t, ask(s, "POST", "/classify", nil), 400, "no image")
	refused(t, ask(s, "POST", "/classify", []byte("<html>"), "Content-Type", "image/jpeg"), 400, "not a JPEG, PNG or BMP")
	refused(t, ask(s, "POST", "/classify", grey(t, "jpeg", 64, 64, 9)[:400]), 400, "truncated or damaged JPEG")
	refused(t, ask(s, "POST", "/classify", []byte("--X\r\nContent-Disposition: form-data; filename=a\r\n\r\nhalf"), "Content-Type", kind), 400, "form cannot be read")
	refused(t, ask(s, "POST", "/classify?model=iron", one), 404, `no model "iron"`)
	refused(t, ask(s, "GET", "/classify", nil), 405, "Method Not Allowed")

	var drawn classification
	answered(t, ask(s, "POST", "/classify?model=steel&gradcam=1", grey(t, "png", 10, 5, 100)), 200, &drawn)
	if got := pictureOf(t, drawn.Overlay); got.Bounds().Dx() != overlaySide || got.Bounds().Dy() != overlaySide/2 ||
		got.At(10, 100) != (color.RGBA{100, 100, 100, 255}) || got.At(500, 100) == (color.RGBA{100, 100, 100, 255}) {
		t.Errorf("the overlay is %v, %v on the left and %v on the right", got.Bounds(), got.At(10, 100), got.At(500, 100))
	}
}

// A model gets the pixels of the decoder that it was trained with.
func TestImagesAreDecodedAsTheModelWants(t *testing.T) {
	s := loadedServer(t, Config{}, &fake{})
	var file bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, 33, 21))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i / 7)
	}
	if err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for _, d := range []images.Decoder{images.TensorFlow, images.Pillow} {
		want, err := images.DecodedBy(images.Of(images.Encoded("", file.Bytes())), d).Pixels(0, 20, 20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.decode(t.Context(), file.Bytes(), "", about{shape: []int{20, 20, 3}, decoder: d}, false)
		if err != nil || !slices.Equal(got.pixels, want) {
			t.Errorf("%v: other pixels, %v", d, err)
		}
		all = append(all, want)
	}
	if slices.Equal(all[0], all[1]) {
		t.Error("both decoders give the same: the test tells nothing")
	}
}

func TestSeveralModelsAtOnce(t *testing.T) {
	s, err := New(Config{Models: []Model{{Name: "steel"}, {Name: "iron"}}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range s.entries {
		s.entries[i].open = func() (engine, error) { return &fake{shift: i}, nil }
	}
	if err := s.Load(t.Context(), "steel"); err != nil {
		t.Fatal(err)
	}
	if s.ready() {
		t.Error("ready before the second model is")
	}
	if err := s.Load(t.Context()); err != nil || !s.ready() {
		t.Fatal(err, s.ready())
	}
	for path, want := range map[string]string{"/classify": "steel 2 bright", "/classify?model=iron": "iron 1 dark"} {
		var c classification
		answered(t, ask(s, "POST", path, grey(t, "png", 2, 2, 200)), 200, &c)
		if got := c.Model + " " + c.Version + " " + c.Class; got != want {
			t.Errorf("%s: %s instead of %s", path, got, want)
		}
	}
	if err := s.Load(t.Context(), "lead"); err == nil || !strings.Contains(err.Error(), `no model "lead"`) {
		t.Errorf("an unknown model: %v", err)
	}
	if err := s.Unload("iron"); err != nil {
		t.Fatal(err)
	}
	refused(t, ask(s, "POST", "/classify?model=iron", grey(t, "png", 2, 2, 200)), 503, "iron is not loaded: unloaded")
	if got := ask(s, "POST", "/classify", grey(t, "png", 2, 2, 200)).Code; got != 200 {
		t.Errorf("the other model: %d", got)
	}
}
