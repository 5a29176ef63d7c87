package neudet

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

func hashOf(t *testing.T, d *images.Dataset) string {
	t.Helper()
	hash, err := images.Hash(d.Train, 32)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// small is a data set of classes a and b, three training and two validation images each, as file contents by path.
func small(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for c, class := range []string{"a", "b"} {
		for i := range 5 {
			split := "train"
			if i >= 3 {
				split = "validation"
			}
			files[fmt.Sprintf("NEU-DET/%s/images/%s/%s_%d.jpg", split, class, class, i)] = picture(t, 10*c+i)
		}
	}
	return files
}

// picture is an encoded image that differs from number to number.
func picture(t *testing.T, number int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 2, 2))
	binary.LittleEndian.PutUint32(img.Pix, uint32(number))
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(files[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// elsewhere moves the test to a folder outside any module, or inside a copy of ours.
func elsewhere(t *testing.T, inModule bool) (folder, cache string) {
	t.Helper()
	t.Setenv("NEU_DET_DIR", "")
	cache, folder = t.TempDir(), t.TempDir()
	t.Setenv("DEFECTS_CACHE", cache)
	if inModule {
		mod := []byte("module github.com/transfer-learning-go/defects\n\ngo 1.26\n")
		if err := os.WriteFile(filepath.Join(folder, "go.mod"), mod, 0o644); err != nil {
			t.Fatal(err)
		}
		deep := filepath.Join(folder, "notebooks", "deep")
		os.MkdirAll(deep, 0o755)
		t.Chdir(deep)
		return folder, cache
	}
	t.Chdir(folder)
	return folder, cache
}

func put(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// never stands for a writer of synthetic images that must not be called.
func never(folder string, _ int64, _, _ int) error {
	return fmt.Errorf("synthetic images were to be written to %s", folder)
}

func TestFindTakesSourcesInOrder(t *testing.T) {
	module, cache := elsewhere(t, true)
	files := small(t)
	zipped := archive(t, files)

	inCache := filepath.Join(cache, "datasets", zipName)
	put(t, inCache, zipped)
	expect := func(want string) {
		t.Helper()
		d, err := find(never)
		if err != nil {
			t.Fatal(err)
		}
		if d.Origin != want {
			t.Errorf("found %s, want %s", d.Origin, want)
		}
	}
	expect(inCache)
	byHand := filepath.Join(module, "datasets", "archive.zip")
	put(t, byHand, zipped)
	expect(byHand)
	for name, data := range files {
		put(t, filepath.Join(module, "datasets", name), data)
	}
	expect(filepath.Join(module, "datasets", "NEU-DET"))
	given := filepath.Join(t.TempDir(), "data.zip")
	put(t, given, zipped)
	t.Setenv("NEU_DET_DIR", given)
	expect(given)
}

// What was meant to be used and cannot be must not be replaced by something else.
func TestFindDoesNotPassOverBadData(t *testing.T) {
	module, _ := elsewhere(t, true)
	put(t, filepath.Join(module, "datasets", "archive.zip"), []byte("PK broken"))
	if _, err := find(never); err == nil || !strings.Contains(err.Error(), "archive.zip is no zip") ||
		!strings.Contains(err.Error(), "download https://www.kaggle.com") {
		t.Error(err)
	}
	put(t, filepath.Join(module, "datasets", "NEU-DET", "train", "images", "a", "a_1.jpg"), []byte("text"))
	if _, err := find(never); err == nil || !strings.Contains(err.Error(), "a_1.jpg: is not a JPEG") ||
		!strings.Contains(err.Error(), "download https://www.kaggle.com") {
		t.Error(err)
	}
	t.Setenv("NEU_DET_DIR", filepath.Join(module, "nowhere"))
	if _, err := find(never); err == nil || !strings.Contains(err.Error(), "NEU_DET_DIR") || !strings.Contains(err.Error(), "does not exist") {
		t.Error(err)
	}
}

func TestFindMakesSyntheticImagesAndSaysSo(t *testing.T) {
	for _, inModule := range []bool{true, false} {
		root, cache := elsewhere(t, inModule)
		want := filepath.Join(root, "datasets", "surfaces")
		if !inModule {
			want = filepath.Join(cache, "datasets", "surfaces")
		}
		few := func(folder string, seed int64, train, validation int) error {
			if folder != want || train != 240 || validation != 60 {
				t.Errorf("write(%s, %d, %d, %d), want folder %s", folder, seed, train, validation, want)
			}
			return surfaces.Write(folder, seed, 2, 1)
		}
		var hash string
		for range 2 {
			d, err := find(few)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Synthetic || d.Notice == "" || d.Origin != want || len(d.Train.Images) != 12 {
				t.Errorf("%+v", d)
			}
			if !slices.Equal(d.Classes, Classes) {
				t.Errorf("classes %v", d.Classes)
			}
			if hash != "" && hash != hashOf(t, d) {
				t.Error("the second call found other images")
			}
			hash = hashOf(t, d)
		}
	}
	elsewhere(t, true)
	if _, err := find(func(string, int64, int, int) error { return errors.New("disk is full") }); err == nil ||
		!strings.Contains(err.Error(), "disk is full") || !strings.Contains(err.Error(), "NEU_DET_DIR") {
		t.Error(err)
	}
}

func TestFindWithoutAPlaceToWriteSaysSo(t *testing.T) {
	module, _ := elsewhere(t, true)
	put(t, filepath.Join(module, "datasets", "surfaces"), []byte("a file in the way"))
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), "make synthetic images") ||
		!strings.Contains(err.Error(), filepath.Join("datasets", "surfaces")) {
		t.Error(err)
	}
}

// published has the names and numbers of NEU-DET, less the last few images.
func published(t *testing.T, missing int) []byte {
	t.Helper()
	files := map[string][]byte{}
	for _, class := range Classes {
		for i := range 300 {
			split := "train"
			if i >= 240 {
				split = "validation"
			}
			if n := len(files); n < neuDetImages-missing {
				files[fmt.Sprintf("NEU-DET/%s/images/%s/%s_%d.jpg", split, class, class, i+1)] = picture(t, n)
			}
		}
	}
	return archive(t, files)
}

// kaggle is a server that sends one answer.
func kaggle(t *testing.T, status int, body []byte) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		w.Write(body)
	}))
	t.Cleanup(server.Close)
	before := kaggleURL
	kaggleURL = server.URL
	t.Cleanup(func() { kaggleURL = before })
	return server
}

func TestFetchedDataIsFound(t *testing.T) {
	module, _ := elsewhere(t, true)
	server := kaggle(t, http.StatusOK, published(t, 0))
	var told int64
	name, err := Fetch(t.Context(), func(done, _ int64) { told = done })
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(module, "datasets", zipName); name != want || told == 0 {
		t.Errorf("fetched %d bytes to %s, want %s", told, name, want)
	}
	d, err := find(never)
	if err != nil || d.Origin != name || len(d.Train.Images) != 1440 || len(d.Validation.Images) != 360 {
		t.Fatal(d, err)
	}
	server.Close() // a second call needs no network
	if again, err := Fetch(t.Context(), nil); err != nil || again != name {
		t.Error(again, err)
	}
}

func TestFetchRefusesWhatIsNotNEUDET(t *testing.T) {
	for what, c := range map[string]struct {
		status int
		body   []byte
		want   string
	}{
		"a page":          {http.StatusOK, []byte("<html>please log in</html>"), "a web page came instead"},
		"images missing":  {http.StatusOK, published(t, 1), "holds 1799 images"},
		"another data":    {http.StatusOK, archive(t, small(t)), "holds 10 images of the classes [a b]"},
		"nothing":         {http.StatusNotFound, nil, "404"},
		"truncated bytes": {http.StatusOK, published(t, 0)[:5000], "truncated"},
	} {
		t.Run(what, func(t *testing.T) {
			module, _ := elsewhere(t, true)
			kaggle(t, c.status, c.body)
			_, err := Fetch(t.Context(), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "NEU_DET_DIR") {
				t.Errorf("want %q, got %v", c.want, err)
			}
			if items, _ := filepath.Glob(filepath.Join(module, "datasets", "*.zip")); len(items) > 0 {
				t.Errorf("left behind: %v", items)
			}
		})
	}
}

func TestFetchWithoutNetworkSaysWhatToDo(t *testing.T) {
	elsewhere(t, false)
	kaggle(t, http.StatusOK, nil).Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Fetch(ctx, nil)
	if err == nil || !strings.Contains(err.Error(), "download https://www.kaggle.com") || !strings.Contains(err.Error(), "NEU_DET_DIR") {
		t.Error(err)
	}
}
