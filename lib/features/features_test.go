//go:build unix

package features

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/result"
)

func TestMain(m *testing.M) {
	// The device first: it lies in the user's cache, the tests use caches of their own.
	if _, err := device.Open(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(childDoes) != "" {
		child()
		return
	}
	os.Exit(m.Run())
}

// list is a Source of images that follow from their IDs; "" is an image of unknown content.
type list []string

func (l list) About() images.About { return images.About{Name: "train", Classes: []string{"a"}} }
func (l list) Len() int            { return len(l) }
func (l list) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprintf("%d.png", i), Label: 0, ID: l[i]}
}
func (l list) Pixels(i, height, width int) ([]float32, error) {
	if l[i] == "unreadable" {
		return nil, errors.New("it cannot be read")
	}
	return golden.Uniform(l[i], height*width*3, 0, 255), nil
}

func numbered(from, to int) (l list) {
	for i := from; i < to; i++ {
		l = append(l, fmt.Sprint("image ", i))
	}
	return l
}

// network is a small list of layers: images of 8×8 to [3, 3, 4].
func network() (layer.List, layer.Values) {
	b := &layer.Builder{}
	layer.Sequential(layer.Input{Shape: []int{8, 8, 3}}, layer.Conv2D{Filters: 4, Kernel: 3, Strides: 2}, layer.ReLU{})(b)
	if b.Err != nil {
		panic(b.Err)
	}
	return b.List, b.List.Initial(1)
}

func extractor(t testing.TB) *Extractor {
	t.Helper()
	e, err := New(network())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func ownCache(t testing.TB) string {
	folder := filepath.Join(t.TempDir(), "cache")
	t.Setenv("DEFECTS_CACHE", folder)
	return folder
}

func extract(t testing.TB, e *Extractor, s images.Source) *Features {
	t.Helper()
	f, err := e.Extract(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// all are the rows of all images.
func all(t testing.TB, f *Features) []float32 {
	t.Helper()
	indices := make([]int, f.Len())
	for i := range indices {
		indices[i] = i
	}
	rows, err := f.Rows(indices)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// computed are the rows that the layers give, nothing stored.
func computed(t testing.TB, l list) []float32 {
	t.Helper()
	p, err := inference.New(network())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var pixels []float32
	for i := range l {
		one, _ := l.Pixels(i, 8, 8)
		pixels = append(pixels, one...)
	}
	rows, err := p.Run(t.Context(), pixels)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// stored is the one file of features in a cache.
func storedFile(t testing.TB, cache string) string {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(cache, "features", "*"))
	if len(paths) != 1 {
		t.Fatalf("stored as %v", paths)
	}
	return paths[0]
}

func TestFeaturesAreThoseOfTheLayers(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 70)
	e := extractor(t)
	var seen []result.Progress
	f, err := e.Extract(t.Context(), l, func(p result.Progress) { seen = append(seen, p) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := computed(t, l)
	if !slices.Equal(all(t, f), want) || slices.Max(want) <= 0 {
		t.Error("the features are not the layers' output")
	}
	if len(seen) != 5 || seen[0].Phase != "compiling" || seen[0].Total != 0 || seen[1].Done != 32 || seen[3].Done != 70 ||
		seen[2].Total != 70 || seen[2].Phase != "features of train" || !seen[2].Kept || seen[3].Finished || !seen[4].Finished ||
		seen[4].Err != nil {
		t.Errorf("progress %+v", seen)
	}
	if !slices.Equal(f.Shape(), []int{3, 3, 4}) || f.Len() != 70 || f.Info(3).Name != "3.png" || f.About().Name != "train" ||
		f.Layers() != e.Layers() || e.Computed() != 70 {
		t.Errorf("%v %d %v %v %s %d", f.Shape(), f.Len(), f.Info(3), f.About(), f.Layers(), e.Computed())
	}
	some := f.Select([]int{4, 60, 4}).(*Features).Select([]int{2, 1}).(*Features)
	rows, err := some.Rows([]int{1, 0})
	if err != nil || !slices.Equal(rows, append(slices.Clone(want[60*36:61*36]), want[4*36:5*36]...)) || some.Info(0).Name != "4.png" {
		t.Errorf("selected images have other features: %v", err)
	}
	if p, err := some.Pixels(1, 8, 8); err != nil || !slices.Equal(p, golden.Uniform("image 60", 192, 0, 255)) {
		t.Errorf("selected images have other pixels: %v", err)
	}
	some.Close()
	if again := all(t, f); !slices.Equal(again, want) {
		t.Error("closing a selection closes the features")
	}

	second := extractor(t)
	if got := all(t, extract(t, second, l)); !slices.Equal(got, want) || second.Computed() != 0 || second.program != nil {
		t.Errorf("%d images are computed again, or layers compiled", second.Computed())
	}
	storedFile(t, cache)
	if _, err := f.Rows([]int{70}); err == nil || !strings.Contains(err.Error(), "no image 70, there are 70") {
		t.Errorf("got %v", err)
	}
	f.Close()
	if _, err := f.Rows([]int{0}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v", err)
	}
}

func TestEachImageIsComputedOnce(t *testing.T) {
	cache := ownCache(t)
	e := extractor(t)
	extract(t, e, numbered(0, 40))
	overlap := append(numbered(30, 50), numbered(10, 12)...)
	overlap = append(overlap, "image 49", "image 49")
	if got := all(t, extract(t, e, overlap)); !slices.Equal(got, computed(t, overlap)) || e.Computed() != 50 {
		t.Errorf("%d computed, want 50; or other features", e.Computed())
	}
	storedFile(t, cache)

	ls, v := network()
	v["conv2d"][0][5] += 1e-3
	other, err := New(ls, v)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if got := all(t, extract(t, other, numbered(0, 3))); slices.Equal(got, computed(t, numbered(0, 3))) || other.Computed() != 3 ||
		other.Layers() == e.Layers() {
		t.Error("other weights give the same features")
	}
	if paths, _ := filepath.Glob(filepath.Join(cache, "features", "*")); len(paths) != 2 {
		t.Errorf("stored as %v", paths)
	}
}

func TestImagesOfUnknownContentAreNotStored(t *testing.T) {
	cache := ownCache(t)
	e := extractor(t)
	l := append(numbered(0, 3), "", "", "image 1")
	want := computed(t, l)
	for _, total := range []int{5, 7} {
		f := extract(t, e, l)
		if !slices.Equal(all(t, f), want) || e.Computed() != total {
			t.Errorf("%d computed, want %d; or other features", e.Computed(), total)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	storedFile(t, cache)
	unknown := list{"", ""}
	if got := all(t, extract(t, e, unknown)); !slices.Equal(got, computed(t, unknown)) {
		t.Error("other features")
	}
	if none := extract(t, e, list{}); none.Len() != 0 || len(all(t, none)) != 0 {
		t.Error("no images have features")
	}
}

func TestKilledWritersLeaveWholeRows(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 7)
	want := computed(t, l)
	e := extractor(t)
	extract(t, e, l).Close()
	path := storedFile(t, cache)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	record := headSize + 36*4
	if len(whole) != headerSize+7*record {
		t.Fatalf("%d bytes", len(whole))
	}
	for length := 0; length < len(whole); length += 3 {
		if err := os.WriteFile(path, whole[:length], 0o644); err != nil {
			t.Fatal(err)
		}
		before := e.Computed()
		f := extract(t, e, l)
		if got := all(t, f); !slices.Equal(got, want) {
			t.Errorf("with %d of %d bytes there, other features come out", length, len(whole))
		}
		f.Close()
		if n, rest := e.Computed()-before, 7-max(0, length-headerSize)/record; n != rest {
			t.Errorf("with %d bytes there, %d images are computed, want %d", length, n, rest)
		}
		if now, _ := os.ReadFile(path); !slices.Equal(now, whole) {
			t.Errorf("after %d bytes, the file is another", length)
		}
	}
	if e.Damaged() != 0 {
		t.Errorf("%d rows count as damaged", e.Damaged())
	}
	// Zeros at the end, as a system that went down leaves them.
	if err := os.WriteFile(path, append(slices.Clone(whole[:headerSize+2*record+9]), make([]byte, 2*record)...), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := all(t, extract(t, e, l)); !slices.Equal(got, want) || e.Damaged() != 2 {
		t.Errorf("%d rows count as damaged, want 2; or other features", e.Damaged())
	}
}

func TestAFlippedBitIsFoundAndMended(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 5)
	want := computed(t, l)
	e := extractor(t)
	extract(t, e, l).Close()
	path := storedFile(t, cache)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		damaged := slices.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		before, images := e.Damaged(), e.Computed()
		f := extract(t, e, l)
		if got := all(t, f); !slices.Equal(got, want) {
			t.Fatalf("a flipped bit of byte %d gives other features", at)
		}
		f.Close()
		if n := e.Damaged() - before; n != 1 {
			t.Errorf("a flipped bit of byte %d is noticed %d times", at, n)
		}
		if n := e.Computed() - images; n > 1 || n == 0 && at >= headerSize {
			t.Errorf("for a flipped bit of byte %d, %d images are computed", at, n)
		}
		if now, _ := os.ReadFile(path); !slices.Equal(now, whole) {
			t.Fatalf("a flipped bit of byte %d is not mended", at)
		}
	}
}

func TestDamageIsReported(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 5)
	extract(t, extractor(t), l).Close()
	path := storedFile(t, cache)
	flip(t, path, headerSize+1)
	var shown []string
	notice.Show(func(text string) { shown = append(shown, text) })
	defer notice.Show(nil)
	var last result.Progress
	f, err := extractor(t).Extract(t.Context(), l, func(p result.Progress) {
		if !p.Finished {
			last = p
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if last.Phase != "features of train, 1 of which were damaged" || last.Notice != "" || last.Done != 5 {
		t.Errorf("progress %+v", last)
	}
	flip(t, path, headerSize+headSize+1)
	f = extract(t, extractor(t), l)
	all(t, f)
	want := []string{"stored features were damaged and are computed again: 1 in " + path,
		"stored features were damaged and are computed again: those of 0.png in " + path}
	if !slices.Equal(shown, want) {
		t.Errorf("said are %q", shown)
	}
	// Rows are right again, so nothing that is made of them says it.
	if told := notice.Told(); len(told) > 0 {
		t.Errorf("told are %q", told)
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 4
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRowsMendWhileTheyAreRead(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 40)
	want := computed(t, l)
	e := extractor(t)
	f := extract(t, e, l)
	e.Close() // rows are mended all the same
	path := storedFile(t, cache)
	whole, _ := os.ReadFile(path)
	for i := range 10 {
		flip(t, path, headerSize+i*4*(headSize+36*4)+100)
	}
	var readers sync.WaitGroup
	for g := range 8 {
		readers.Go(func() {
			for k := range 40 {
				i := (7*k + 11*g) % 40
				row, err := f.Rows([]int{i})
				if err != nil || !slices.Equal(row, want[i*36:(i+1)*36]) {
					t.Errorf("row %d differs: %v", i, err)
				}
			}
		})
	}
	readers.Wait()
	if now, _ := os.ReadFile(path); !slices.Equal(now, whole) || e.Damaged() != 10 || e.Computed() != 50 {
		t.Errorf("%d damaged, %d computed, or not mended", e.Damaged(), e.Computed())
	}
}

func TestChangedWeightsAreNotTakenForTheOldOnes(t *testing.T) {
	ownCache(t)
	ls, v := network()
	e, err := New(ls, v)
	if err != nil {
		t.Fatal(err)
	}
	v["conv2d"][0] = make([]float32, 108) // as training replaces them
	if got := all(t, extract(t, e, numbered(0, 2))); !slices.Equal(got, computed(t, numbered(0, 2))) {
		t.Error("an extractor takes later weights")
	}
	e.Close()
	if e, err = New(ls, v); err != nil {
		t.Fatal(err)
	}
	v["conv2d"][0][0] = 9
	if _, err := e.Extract(t.Context(), numbered(0, 2), nil); err == nil || !strings.Contains(err.Error(), "weights of the layers have changed") {
		t.Errorf("got %v", err)
	}
}

func TestWaitingForAnotherProcess(t *testing.T) {
	cache := ownCache(t)
	e := extractor(t)
	extract(t, e, numbered(0, 2)).Close()
	another, err := openPack(storedFile(t, cache), e.header(), e.size())
	if err != nil {
		t.Fatal(err)
	}
	defer another.close()
	unlock, err := another.lock()
	if err != nil || unlock == nil {
		t.Fatal(err)
	}
	if got := all(t, extract(t, e, numbered(0, 2))); len(got) != 72 {
		t.Error("what is stored has to be waited for")
	}
	ctx, cancel := context.WithCancel(t.Context())
	said := ""
	began := time.Now()
	_, err = e.Extract(ctx, numbered(0, 3), func(p result.Progress) {
		if !p.Finished {
			said = fmt.Sprintf("%s: %d of %d", p.Phase, p.Done, p.Total)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) || said != "features of train, which another process computes: 2 of 3" || time.Since(began) > 5*time.Second {
		t.Errorf("said %q, got %v after %v", said, err, time.Since(began))
	}
	// What the other one stores is taken, before it gives the lock back.
	if err := errors.Join(another.scan(), another.add(keyOf("image 2"), computed(t, numbered(2, 3)))); err != nil {
		t.Fatal(err)
	}
	if got := all(t, extract(t, e, numbered(0, 3))); !slices.Equal(got, computed(t, numbered(0, 3))) || e.Computed() != 2 {
		t.Error("rows of another process are not taken")
	}
	var waiting []string
	notice.Show(func(text string) { waiting = append(waiting, text) })
	defer notice.Show(nil)
	time.AfterFunc(200*time.Millisecond, unlock)
	if got := all(t, extract(t, e, numbered(0, 4))); !slices.Equal(got, computed(t, numbered(0, 4))) {
		t.Error("other features after the other process ended")
	}
	if !slices.Contains(waiting, "waiting for features of train, which another process computes") {
		t.Errorf("without a watcher it says %q", waiting)
	}
}

func TestAnInterruptedExtractionIsTakenUp(t *testing.T) {
	ownCache(t)
	l := numbered(0, 100)
	e := extractor(t)
	ctx, cancel := context.WithCancel(t.Context())
	var last result.Progress
	_, err := e.Extract(ctx, l, func(p result.Progress) {
		if last = p; p.Done > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !last.Finished || last.Err != err {
		t.Fatalf("got %v, told %+v", err, last)
	}
	done := e.Computed()
	if got := all(t, extract(t, e, l)); !slices.Equal(got, computed(t, l)) || done != 32 || e.Computed() != 100 {
		t.Errorf("%d computed before, %d after", done, e.Computed())
	}
	bad := append(slices.Clone(l), numbered(200, 240)...)
	bad = append(bad, "unreadable")
	if _, err := e.Extract(t.Context(), bad, nil); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("got %v", err)
	}
	if e.Computed() != 132 {
		t.Errorf("%d computed, want those before the image that fails", e.Computed())
	}
}

func TestStoredAndClear(t *testing.T) {
	cache := ownCache(t)
	if files, err := Stored(); err != nil || len(files) != 0 {
		t.Errorf("%v, %v", files, err)
	}
	e := extractor(t)
	f := extract(t, e, numbered(0, 3))
	old := filepath.Join(cache, "features", "old.f32")
	if err := os.WriteFile(old, make([]byte, 10), 0o644); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(cache, "features", "first-xla-cpu.features")
	if err := os.WriteFile(first, []byte(`defects features 1 {"layers":"1"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if files, err := Stored(); err != nil || len(files) != 3 || !slices.ContainsFunc(files, func(f File) bool {
		return f.Path == first && strings.Contains(f.What, "earlier version")
	}) {
		t.Errorf("%v, %v", files, err)
	}
	os.Remove(first)
	files, err := Stored()
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		want := "features of 3 images of 8×8 pixels: 3 layers up to re_lu, [3 3 4], on "
		if file.Path == old {
			want = "earlier version"
		}
		if !strings.Contains(file.What, want) || file.Bytes < 10 || time.Since(file.Used) > time.Minute {
			t.Errorf("%+v", file)
		}
	}
	unlock, err := f.stored.pack.lock()
	if err != nil || unlock == nil {
		t.Fatal(err)
	}
	removed, err := Clear()
	if err == nil || !strings.Contains(err.Error(), "is being written") || len(removed) != 1 || removed[0].Path != old {
		t.Errorf("removed %v, %v", removed, err)
	}
	unlock()
	if removed, err := Clear(); err != nil || len(removed) != 1 {
		t.Errorf("removed %v, %v", removed, err)
	}
	if got := all(t, f); !slices.Equal(got, computed(t, numbered(0, 3))) {
		t.Error("open features are lost")
	}
	if got := all(t, extract(t, e, numbered(0, 3))); len(got) != 3*36 || e.Computed() != 6 {
		t.Errorf("%d computed", e.Computed())
	}
	if _, err := New(nil, nil); err == nil {
		t.Error("features of no layers")
	}
}

// A slot that was damaged may hold the row of another image by now, which another process has computed.
func TestMendingKeepsTheRowsOfOthers(t *testing.T) {
	cache := ownCache(t)
	l := numbered(0, 5)
	want := computed(t, l)
	f := extract(t, extractor(t), l)
	path := storedFile(t, cache)
	for at := 1; at < 4; at++ {
		flip(t, path, headerSize+at*(headSize+36*4))
	}
	other := numbered(10, 12)
	extract(t, extractor(t), other).Close() // takes the damaged slots
	for range 2 {
		if got := all(t, f); !slices.Equal(got, want) {
			t.Error("other features")
		}
	}
	e := extractor(t)
	if got := all(t, extract(t, e, append(other, l...))); !slices.Equal(got[:72], computed(t, other)) || !slices.Equal(got[72:], want) {
		t.Error("other features of what another process stored")
	}
	if e.Computed() != 0 || e.Damaged() != 0 {
		t.Errorf("%d rows are computed, %d damaged: mending has overwritten them", e.Computed(), e.Damaged())
	}
	if n := f.stored.extractor.Computed(); n != 5+3 {
		t.Errorf("%d rows are computed, want each damaged one once", n)
	}
}

// Another version of the backend, or of Go, which decodes the images, may compute other numbers.
func TestFeaturesOfAnotherMakerAreNotTaken(t *testing.T) {
	ownCache(t)
	l := numbered(0, 3)
	e, other := extractor(t), extractor(t)
	if !strings.Contains(e.maker, runtime.Version()) || !strings.Contains(e.maker, images.Decoding) {
		t.Errorf("they are made by %q", e.maker)
	}
	other.maker = "XLA on CPU, plugin another.so (0.12), 1 device, go1.99"
	for _, x := range []*Extractor{e, other} {
		if f := extract(t, x, l); x.Computed() != 3 || !slices.Equal(all(t, f), computed(t, l)) {
			t.Errorf("%d are computed", x.Computed())
		}
	}
	if e.Layers() == other.Layers() || string(e.header()) == string(other.header()) {
		t.Error("they are taken for one another")
	}
}

func TestAdviceFitsTheError(t *testing.T) {
	path := func(op string, err error) error { return &fs.PathError{Op: op, Path: "x.features", Err: err} }
	for _, c := range []struct {
		err           error
		space, folder bool
	}{
		{path("write", syscall.EFBIG), true, true},
		{path("mkdir", syscall.ENOSPC), true, true},
		{path("open", fs.ErrPermission), false, true},
		{path("read", syscall.EIO), false, false},
		{errors.New("the lock cannot be taken"), false, false},
	} {
		text := advise(c.err).Error()
		if strings.Contains(text, "free some space") != c.space || strings.Contains(text, "set DEFECTS_CACHE") != c.folder {
			t.Errorf("for %v, the advice is %q", c.err, text)
		}
		if !errors.Is(advise(c.err), c.err) {
			t.Errorf("%v is lost", c.err)
		}
	}
}
