package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/serve"
)

var classes = []string{"dots", "rows", "stripes"}

// small is a network of a few hundred weights.
func small() (*classifier.Model, error) {
	return classifier.New(classifier.Config{Classes: classes, Seed: 1, Layers: layer.Sequential(
		layer.Input{Shape: []int{24, 24, 3}}, layer.Rescaling{Scale: 1 / 127.5, Offset: -1},
		layer.Conv2D{Filters: 8, Kernel: 3, Strides: 3, Activation: "relu"}, layer.GlobalAveragePooling2D{},
		layer.Dense{Units: 3, Activation: "softmax"})})
}

// Triton's own client; scripts/test installs it.
func TestTritonsClientWorksAsItIs(t *testing.T) {
	clientWorks(t, ".venv", "requirements.txt", "client.py", "tritonclient.http")
}

// These two bring servers with them, of hundreds of megabytes: whoever changes what is served installs them.
func TestKServesClientWorksAsItIs(t *testing.T) {
	clientWorks(t, ".venv-kserve", "kserve.txt", "kserve_client.py", "kserve")
}

func TestMLServersClientWorksAsItIs(t *testing.T) {
	clientWorks(t, ".venv-mlserver", "mlserver.txt", "mlserver_client.py", "mlserver")
}

// clientWorks runs a program that talks to a service, with the Python of a virtual environment in the root of the clone.
func clientWorks(t *testing.T, venv, requirements, program, modules string) {
	python, err := filepath.Abs(filepath.Join("..", "..", "..", venv, "bin", "python"))
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(python, "-c", "import "+modules).Run(); err != nil {
		t.Skipf("needs %s: python3 -m venv %s && %s/bin/python -m pip install -r scripts/internal/service/%s", modules, venv, venv, requirements)
	}
	white := image.NewRGBA(image.Rect(0, 0, 50, 40))
	draw.Draw(white, white.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	var picture bytes.Buffer
	if err := png.Encode(&picture, white); err != nil {
		t.Fatal(err)
	}
	m, err := small()
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(t.Context(), images.Of(images.Encoded("white", picture.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	expected, err := json.Marshal(map[string]any{"classes": classes, "probabilities": p.Probabilities[0]})
	if err != nil {
		t.Fatal(err)
	}
	folder, config := t.TempDir(), serve.Config{Models: []serve.Model{{Name: "steel", Open: small}}, Token: "secret"}
	if err := errors.Join(os.WriteFile(filepath.Join(folder, "white.png"), picture.Bytes(), 0o644),
		os.WriteFile(filepath.Join(folder, "expected.json"), expected, 0o644)); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, program, Start(t, config), "steel",
		filepath.Join(folder, "white.png"), filepath.Join(folder, "expected.json"), "secret").CombinedOutput()
	t.Logf("\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
