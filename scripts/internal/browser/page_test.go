package browser

import (
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/serve"
	"github.com/transfer-learning-go/defects/lib/surfaces"
	"github.com/transfer-learning-go/defects/scripts/internal/service"
)

// small is a network of a few hundred weights, which has learned nothing.
func small() (*classifier.Model, error) {
	return classifier.New(classifier.Config{Classes: []string{"crazing", "patches", "rolled-in_scale"}, Seed: 1,
		Layers: layer.Sequential(layer.Input{Shape: []int{64, 64, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
			layer.Conv2D{Filters: 8, Kernel: 5, Strides: 5, Activation: "relu"}, layer.GlobalAveragePooling2D{},
			layer.Dense{Units: 3, Activation: "softmax"})})
}

// startService serves the network until the test ends.
func startService(t *testing.T, token string) (url string) {
	t.Helper()
	return "http://" + service.Start(t, serve.Config{Models: []serve.Model{{Name: "steel", Open: small}}, Unsure: 0.5, Token: token}) + "/"
}

func TestThePageOfAService(t *testing.T) {
	root, python, chromium := needs(t, "axe_playwright_python")
	file, err := os.Create(filepath.Join(t.TempDir(), "scratches.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, surfaces.Image(5, 7, 0)); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(root, ".lesson", "browser", "service")
	cmd := exec.CommandContext(t.Context(), python, "-u", "page.py", chromium, out, startService(t, ""), startService(t, "secret"),
		"secret", file.Name())
	output, err := cmd.CombinedOutput()
	t.Logf("\n%s", output)
	if err != nil {
		t.Fatalf("%v; screenshots are in %s", err, out)
	}
}
