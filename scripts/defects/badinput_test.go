//go:build unix

package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// refuse expects one error that says all of these, nothing on stdout, and no file that was not there before.
func refuse(t *testing.T, says []string, args ...string) {
	t.Helper()
	before := listing(t, fixture.root)
	code, stdout, stderr := defects(args...)
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	if n := strings.Count(stderr, "defects "+args[0]+": "); n != 1 {
		t.Errorf("%d errors: %s", n, stderr)
	}
	for _, s := range says {
		if !strings.Contains(stderr, s) {
			t.Errorf("stderr does not say %q: %s", s, stderr)
		}
	}
	if after := listing(t, fixture.root); after != before {
		t.Errorf("files before:\n%s\nafter:\n%s", before, after)
	}
}

func write(t *testing.T, data []byte, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func truncatedJPEG(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()[:b.Len()-20]
}

// hugePNG is the header of a picture of 20,000×20,000 pixels.
func hugePNG() []byte {
	header := append([]byte("IHDR"), 0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20, 8, 0, 0, 0, 0)
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(header))
}

func TestBadDataIsRefused(t *testing.T) {
	inData := func(change func(root string)) string {
		dir := t.TempDir()
		if err := writeData(dir); err != nil {
			t.Fatal(err)
		}
		change(filepath.Join(dir, "NEU-DET"))
		return dir
	}
	zipped := func(extra string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		if err := z.AddFS(os.DirFS(fixture.data)); err != nil {
			t.Fatal(err)
		}
		if extra != "" {
			if _, err := z.Create(extra); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	whole := zipped("")
	for _, c := range []struct {
		name, data string
		says       []string
	}{
		{"missing folder", filepath.Join(t.TempDir(), "gone"), []string{"gone does not exist", "expected: {train,validation}/<class>/*"}},
		{"empty folder", t.TempDir(), []string{"no folder train or validation", "name the folder that holds them", "expected: {train,validation}/<class>/*"}},
		{"class missing in a split", inData(func(root string) { os.RemoveAll(filepath.Join(root, "validation/images/rows")) }),
			[]string{"validation/images/rows: has no images", "put the images of class rows there"}},
		{"three bad images", inData(func(root string) {
			write(t, []byte("Dear reader, this is a letter."), root, "train/images/dots/dots_1.jpg")
			write(t, truncatedJPEG(t), root, "train/images/rows/rows_2.jpg")
			write(t, hugePNG(), root, "validation/images/stripes/stripes_3.png")
		}), []string{"3 problems", "train/images/dots/dots_1.jpg: is not a JPEG", "train/images/rows/rows_2.jpg: is a truncated",
			"validation/images/stripes/stripes_3.png: is too large: 20000×20000"}},
		{"zip that leaves its folder", write(t, zipped("../../etc/passwd.jpg"), t.TempDir(), "d.zip"),
			[]string{"d.zip", "../../etc/passwd.jpg: is a path that leaves the folder"}},
		{"truncated zip", write(t, whole[:len(whole)*2/3], t.TempDir(), "d.zip"), []string{"d.zip", "truncated", "download it again"}},
		{"empty file", write(t, nil, t.TempDir(), "d.zip"), []string{"d.zip"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := filepath.Join(fixture.root, "runs", "refused")
			refuse(t, c.says, "train", "mobilenetv2", "--alpha", "0.35", "--weights", fixture.weights, "--data", c.data, "--out", run, "--json")
		})
	}
	t.Run("evaluate", func(t *testing.T) {
		run := trainedRun(t)
		refuse(t, []string{"gone does not exist"}, "evaluate", run, "--data", filepath.Join(t.TempDir(), "gone"))
		other := inData(func(root string) {
			for _, split := range []string{"train", "validation"} {
				os.Rename(filepath.Join(root, split, "images/rows"), filepath.Join(root, split, "images/waves"))
			}
		})
		for _, split := range []string{"train", "validation"} { // their names tell another class
			old, _ := filepath.Glob(filepath.Join(other, "NEU-DET", split, "images/waves/*"))
			for _, name := range old {
				os.Rename(name, strings.Replace(name, "rows_", "waves_", 1))
			}
		}
		refuse(t, []string{"[dots rows stripes]", "[dots stripes waves]", "--data"}, "evaluate", run, "--data", other)
	})
}

func TestBadImagesAreAllNamed(t *testing.T) {
	dir := t.TempDir()
	images := []string{
		imageFile("train", "dots", 1),
		write(t, []byte("Dear reader, this is a letter."), dir, "text.jpg"),
		write(t, truncatedJPEG(t), dir, "short.jpg"),
		write(t, hugePNG(), dir, "huge.png"),
		write(t, nil, dir, "empty.png"),
		filepath.Join(dir, "gone.png"),
		dir,
	}
	says := []string{"6 of 7 images", "text.jpg is not a JPEG", "short.jpg is a truncated", "huge.png is too large: 20000×20000",
		"empty.png is an empty file", "gone.png: no such file", dir + " is not a file"}
	refuse(t, says, append([]string{"features", "mobilenetv2", "--weights", fixture.weights, "--json"}, images...)...)
	refuse(t, says, append([]string{"predict", trainedRun(t), "--json"}, images...)...)
}

func TestBadWeightsAreRefused(t *testing.T) {
	good, err := os.ReadFile(fixture.weights)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed := func(name string, old, new []byte) string {
		if bytes.Count(good, old) == 0 {
			t.Fatalf("%s: there is nothing to change", name)
		}
		return write(t, bytes.Replace(good, old, new, 1), dir, name)
	}
	var shape, terabytes, value, nan []byte
	for _, d := range []uint64{3, 3, 3, 16} { // Conv1's kernel
		shape = binary.LittleEndian.AppendUint64(shape, d)
		terabytes = binary.LittleEndian.AppendUint64(terabytes, d<<11)
	}
	value = binary.LittleEndian.AppendUint32(nil, math.Float32bits(firstValue(t)))
	nan = binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(math.NaN())))
	stranger := filepath.Join(dir, "stranger.h5")
	if err := weights.Save(stranger, []weights.Layer{{Name: "conv1_conv", Tensors: []weights.Tensor{
		{Name: "kernel", Shape: []int{2}, Data: []float32{1, 2}}}}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, alpha string
		says              []string
	}{
		{"missing", filepath.Join(dir, "gone.h5"), "0.35", []string{"gone.h5", "no such file"}},
		{"folder", dir, "0.35", []string{dir + " is a folder"}},
		{"text", write(t, []byte("Dear reader, this is a letter."), dir, "text.h5"), "0.35", []string{"text.h5"}},
		{"truncated", write(t, good[:len(good)/2], dir, "short.h5"), "0.35", []string{"short.h5", "get the file again"}},
		{"other architecture", stranger, "0.35", []string{"stranger.h5", "missing layer Conv1", "give the file of this architecture"}},
		{"other alpha", fixture.weights, "1.0", []string{"alpha 0.35 without top", "not for MobileNetV2 alpha 1 without top"}},
		{"NaN", changed("nan.h5", value, nan), "0.35", []string{"nan.h5", "Conv1/kernel", "NaN"}},
		{"terabytes", changed("huge.h5", shape, terabytes), "0.35", []string{"huge.h5"}},
		{"cyclic links", "../../lib/weights/testdata/refused_cycle.h5", "0.35", []string{"refused_cycle.h5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuse(t, c.says, "features", "mobilenetv2", "--weights", c.path, "--alpha", c.alpha, "--json", imageFile("train", "dots", 1))
			run := filepath.Join(fixture.root, "runs", "refused")
			refuse(t, c.says, "train", "mobilenetv2", "--weights", c.path, "--alpha", c.alpha, "--json", "--out", run)
		})
	}
	t.Run("none on disk", func(t *testing.T) {
		refuse(t, []string{"no ImageNet weights", "WEIGHTS_DIR", "fetch"}, "features", "mobilenetv2", "--weights", "imagenet", imageFile("train", "dots", 1))
	})
}

// firstValue is the first number of Conv1's kernel in the shared weights.
func firstValue(t *testing.T) float32 {
	t.Helper()
	c, err := weights.Open(fixture.weights)
	if err != nil {
		t.Fatal(err)
	}
	base, err := backbone.MobileNetV2(backbone.Config{Alpha: 0.35})
	if err != nil {
		t.Fatal(err)
	}
	var values layer.Values
	if values, err = base.Layers.Match(c); err != nil {
		t.Fatal(err)
	}
	return values["Conv1"][0][0]
}
