package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// TestMain cuts the tests off from the network: nobody listens at this proxy.
func TestMain(m *testing.M) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
		os.Setenv(name, "http://127.0.0.1:1")
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		os.Setenv(name, "")
	}
	os.Exit(m.Run())
}

// published makes a folder with weights of these backbones under the names of the published files.
func published(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		n, err := backbone.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		config := backbone.Config{}
		if n.Alphas != nil {
			config.Alpha = 0.35
		}
		file, err := n.Published(config)
		if err != nil {
			t.Fatal(err)
		}
		base, err := backbone.New(name, config)
		if err != nil {
			t.Fatal(err)
		}
		if err := weights.Save(filepath.Join(dir, file.File), base.Layers.Checkpoint(base.Values)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEachBackboneHasALineThatSaysItsWeights(t *testing.T) {
	const (
		mobile   = "ImageNet, MobileNetV2 α=0.35"
		resnet   = "ImageNet, ResNet50V2"
		embedded = "NOTICE: MobileNetV2 α=0.35: embedded weights"
		random   = "NOTICE: ResNet50V2: random weights"
	)
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	for name, c := range map[string]struct {
		files []string
		want  [2]string
	}{
		"none":             {nil, [2]string{embedded, random}},
		"MobileNetV2 only": {[]string{"mobilenetv2"}, [2]string{mobile, random}},
		"ResNet50V2 only":  {[]string{"resnet50v2"}, [2]string{embedded, resnet}},
		"both":             {[]string{"mobilenetv2", "resnet50v2"}, [2]string{mobile, resnet}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("WEIGHTS_DIR", "")
			if c.files != nil {
				t.Setenv("WEIGHTS_DIR", published(t, c.files...))
			}
			for _, offline := range []bool{true, false} {
				note, err := imagenet(t.Context(), offline)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(note, "\n")
				if len(lines) != 3 || !strings.HasPrefix(lines[0], c.want[0]) || !strings.HasPrefix(lines[1], c.want[1]) ||
					!strings.HasPrefix(lines[2], "NOTICE: ViT-B/16: random weights") {
					t.Errorf("offline %t: %s", offline, note)
				}
				for _, line := range lines {
					if strings.HasPrefix(line, "NOTICE") && (!strings.Contains(line, "--weights DIR") ||
						strings.Contains(line, "cannot be reached") == offline) {
						t.Errorf("offline %t: %s", offline, line)
					}
				}
			}
		})
	}
}

func TestANamedFolderWithoutWeightsIsAnError(t *testing.T) {
	t.Setenv("DEFECTS_CACHE", t.TempDir())
	dir := t.TempDir()
	t.Setenv("WEIGHTS_DIR", dir)
	_, err := imagenet(t.Context(), true)
	for _, part := range []string{dir, "mobilenet_v2_weights", "resnet50v2_weights", "vit-base-patch16-224"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
}
