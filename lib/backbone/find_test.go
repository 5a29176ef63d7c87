package backbone

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/weights"
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
		p, err := mobileNetV2.Published(Config{Alpha: c.alpha, IncludeTop: c.top})
		base := "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
		if err != nil || p.File != c.want || p.URL != base+c.want || p.Network != "mobilenetv2" {
			t.Errorf("alpha %v: got %+v, %v", c.alpha, p, err)
		}
	}
	if _, err := mobileNetV2.Published(Config{Alpha: 0.4}); err == nil || !strings.Contains(err.Error(), "0.35 0.5 0.75 1 1.3 1.4") {
		t.Errorf("alpha 0.4: %v", err)
	}
}

// served offers body as a published file, into an empty cache.
func served(t *testing.T, body *[]byte, requests *int) Published {
	t.Helper()
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("WEIGHTS_DIR", "")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*requests++
		w.Write(*body)
	}))
	t.Cleanup(s.Close)
	return Published{File: "w.h5", URL: s.URL}
}

func TestFetchedFileIsCheckedEachTime(t *testing.T) {
	body, err := os.ReadFile("../weights/testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	p := served(t, &body, &requests)
	if found, damaged := p.Find(); found != "" || damaged != nil {
		t.Fatalf("an empty cache holds %q, %v", found, damaged)
	}
	path, err := p.Fetch(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if found, damaged := p.Find(); found != path || damaged != nil {
		t.Errorf("found %q, %v", found, damaged)
	}
	if again, err := p.Fetch(context.Background(), nil); again != path || err != nil || requests != 1 {
		t.Error(again, err, requests)
	}

	spoiled := append([]byte{}, body...)
	spoiled[len(spoiled)/2] ^= 1
	if err := os.WriteFile(path, spoiled, 0o666); err != nil {
		t.Fatal(err)
	}
	if found, damaged := p.Find(); found != "" || damaged == nil || !strings.Contains(damaged.Error(), path) {
		t.Errorf("a file that has changed is found as %q, %v", found, damaged)
	}
	if _, err := p.Fetch(context.Background(), nil); err != nil || requests != 2 {
		t.Error(err, requests)
	}
	if found, damaged := p.Find(); found != path || damaged != nil {
		t.Errorf("after it was fetched anew, found %q, %v", found, damaged)
	}

	folder := t.TempDir()
	t.Setenv("WEIGHTS_DIR", folder)
	if found, _ := p.Find(); found != path {
		t.Errorf("WEIGHTS_DIR without the file: found %q", found)
	}
	if err := os.WriteFile(filepath.Join(folder, p.File), body, 0o666); err != nil {
		t.Fatal(err)
	}
	if found, _ := p.Find(); filepath.Dir(found) != folder {
		t.Errorf("WEIGHTS_DIR with the file: found %q", found)
	}
}

func TestFetchRefusesWhatDoesNotOpen(t *testing.T) {
	body, requests := []byte("<html>Please log in to the hotel's network"), 0
	p := served(t, &body, &requests)
	if _, err := p.Fetch(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "a web page came instead") {
		t.Error(err)
	}
	if found, damaged := p.Find(); found != "" || damaged != nil {
		t.Errorf("found %q, %v", found, damaged)
	}
}

func TestFileThatWasPutIntoTheCacheMustOpen(t *testing.T) {
	body, requests := []byte{}, 0
	p := served(t, &body, &requests)
	path := filepath.Join(os.Getenv("DEFECTS_CACHE"), "weights", p.File)
	write(t, path, checkpointBytes(t)[:1000])
	if _, err := p.Fetch(context.Background(), nil); err == nil || !strings.Contains(err.Error(), path) ||
		!strings.Contains(err.Error(), "remove it to fetch") {
		t.Errorf("a truncated file: %v", err)
	}
	write(t, path, checkpointBytes(t))
	if got, err := p.Fetch(context.Background(), nil); got != path || err != nil || requests != 0 {
		t.Errorf("fetched %s, %v, %d requests", got, err, requests)
	}
}

// Weights that stand in for damaged ones must say so, or nobody learns why the published ones are not used.
func TestBestSaysWhichDamagedFileItPassesOver(t *testing.T) {
	t.Setenv("WEIGHTS_DIR", "")
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	damage := func(n *Network, c Config) string {
		t.Helper()
		p, err := n.Published(c)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(os.Getenv("DEFECTS_CACHE"), "weights", p.File)
		write(t, path, []byte("changed"))
		write(t, path+".sha256", []byte(strings.Repeat("0", 64)+"  "+p.File+"\n"))
		return path
	}
	for _, n := range []*Network{mobileNetV2, resNet50V2, vit} {
		path := damage(n, Config{})
		b, err := New(n.Name, Config{Weights: "best", Input: 32})
		if err != nil {
			t.Fatal(err)
		}
		want := map[bool]string{true: "embedded", false: "random"}[n.Embedded != 0]
		if b.Source != want || !strings.Contains(b.Notice, want+" weights") || !strings.Contains(b.Notice, path+" is damaged") {
			t.Errorf("%s from %s, notice %q", b, b.Source, b.Notice)
		}
		_, err = New(n.Name, Config{Weights: "imagenet", Input: 32})
		requireInError(t, err, path+" is damaged")
		requireInError(t, err, "fetch weights "+n.Name)
	}
	// Another width is found, but it is not the one that was fetched.
	small, err := MobileNetV2(Config{Alpha: 0.35, Input: 32})
	if err != nil {
		t.Fatal(err)
	}
	p, err := mobileNetV2.Published(Config{Alpha: 0.35})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(os.Getenv("DEFECTS_CACHE"), "weights", p.File)
	if err := weights.Save(path, small.Layers.Checkpoint(small.Values)); err != nil {
		t.Fatal(err)
	}
	b, err := MobileNetV2(Config{Weights: "best", Input: 32})
	if err != nil || b.Source != "imagenet" || !strings.Contains(b.Notice, "is damaged and not used") {
		t.Errorf("%v, notice %q, %v", b, b.Notice, err)
	}
}

// All lists of networks are made from what a network says of itself.
func TestNetworksAreDescribedInFull(t *testing.T) {
	for i, n := range Networks() {
		if n.Name != Names()[i] || n.Title == "" || n.Input < n.least || n.Megabytes == 0 || n.layers == nil {
			t.Errorf("%+v", n)
		}
		files := n.Files()
		if len(files) == 0 {
			t.Fatalf("%s has no published file", n.Name)
		}
		first, err := n.Published(Config{})
		if err != nil || files[0] != first {
			t.Errorf("%s: the first file is %+v, that of the zero Config %+v, %v", n.Name, files[0], first, err)
		}
		for _, p := range files {
			if p.Network != n.Name || p.File == "" || !strings.HasPrefix(p.URL, "https://") {
				t.Errorf("%+v", p)
			}
		}
	}
	if n := len(mobileNetV2.Files()); n != len(Alphas) {
		t.Errorf("%d files of MobileNetV2", n)
	}
	for label, c := range map[string]Config{"MobileNetV2 α=0.35": {Alpha: 0.35}, "MobileNetV2 α=1": {}} {
		if got := mobileNetV2.Label(c); got != label {
			t.Errorf("%q, want %q", got, label)
		}
	}
	if vit.Label(Config{}) != "ViT-B/16" || resNet50V2.Label(Config{}) != "ResNet50V2" {
		t.Error(vit.Label(Config{}), resNet50V2.Label(Config{}))
	}
}

func TestANetworkThatNobodyPublishesWeightsOf(t *testing.T) {
	own := &Network{Name: "own", Title: "Own", Input: 32, layers: resNet50V2Layers}
	networks = append(networks, own)
	t.Cleanup(func() { networks = networks[:len(networks)-1] })
	if names := Names(); names[len(names)-1] != "own" || len(names) != len(Networks()) {
		t.Errorf("the names are %q", names)
	}
	if files := own.Files(); files != nil {
		t.Errorf("its files are %v", files)
	}
	_, err := own.Published(Config{})
	requireInError(t, err, "Own")
	_, err = New("own", Config{Weights: "imagenet"})
	requireInError(t, err, "nobody publishes weights of Own")
	if b, err := New("own", Config{Weights: "best"}); err != nil || b.Source != "random" {
		t.Errorf("the best weights are %v, %v", b, err)
	}
}
