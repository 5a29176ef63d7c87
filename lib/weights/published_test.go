package weights

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMobileNetV2NamesKerasFiles(t *testing.T) {
	for _, c := range []struct {
		alpha float64
		top   bool
		want  string
	}{
		{0.35, false, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"},
		{0.5, true, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_224.h5"},
		{1, false, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"},
		{1.4, true, "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.4_224.h5"},
	} {
		p, err := MobileNetV2(c.alpha, c.top)
		base := "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
		if err != nil || p.File != c.want || p.URL != base+c.want || p.Size != 224 || p.Top != c.top || p.Alpha != c.alpha {
			t.Errorf("alpha %v: got %+v, %v", c.alpha, p, err)
		}
	}
	if _, err := MobileNetV2(0.4, false); err == nil || !strings.Contains(err.Error(), "0.35 0.5 0.75 1 1.3 1.4") {
		t.Errorf("alpha 0.4: %v", err)
	}
}

// published serves body as a published file, into an empty cache.
func published(t *testing.T, body *[]byte, requests *int) Published {
	t.Helper()
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("WEIGHTS_DIR", "")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*requests++
		w.Write(*body)
	}))
	t.Cleanup(s.Close)
	return Published{File: "w.h5", URL: s.URL, Alpha: 0.35}
}

func TestFetchedFileIsCheckedEachTime(t *testing.T) {
	body, err := os.ReadFile("testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	p := published(t, &body, &requests)
	if s, ok := Find(p); ok {
		t.Fatalf("an empty cache holds %v", s)
	}
	path, err := Fetch(context.Background(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := Find(p); !ok || s != (Source{Path: path, Alpha: 0.35, Name: "imagenet"}) {
		t.Errorf("found %v", s)
	}
	if again, err := Fetch(context.Background(), p, nil); again != path || err != nil || requests != 1 {
		t.Error(again, err, requests)
	}

	spoiled := append([]byte{}, body...)
	spoiled[len(spoiled)/2] ^= 1
	if err := os.WriteFile(path, spoiled, 0o666); err != nil {
		t.Fatal(err)
	}
	if s, ok := Find(p); ok {
		t.Errorf("a file that has changed is found: %v", s)
	}
	if _, err := Fetch(context.Background(), p, nil); err != nil || requests != 2 {
		t.Error(err, requests)
	}
	if _, ok := Find(p); !ok {
		t.Error("the file is not found after it was fetched anew")
	}

	folder := t.TempDir()
	t.Setenv("WEIGHTS_DIR", folder)
	if s, _ := Find(p); s.Path != path {
		t.Errorf("WEIGHTS_DIR without the file: found %v", s)
	}
	if err := os.WriteFile(filepath.Join(folder, p.File), body, 0o666); err != nil {
		t.Fatal(err)
	}
	if s, _ := Find(p); filepath.Dir(s.Path) != folder {
		t.Errorf("WEIGHTS_DIR with the file: found %v", s)
	}
}

func TestFetchRefusesWhatDoesNotOpen(t *testing.T) {
	body, requests := []byte("<html>Please log in to the hotel's network"), 0
	p := published(t, &body, &requests)
	if _, err := Fetch(context.Background(), p, nil); err == nil || !strings.Contains(err.Error(), "not an HDF5 file") {
		t.Error(err)
	}
	if s, ok := Find(p); ok {
		t.Errorf("found %v", s)
	}
}
