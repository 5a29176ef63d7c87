package images

import (
	"encoding/json"
	"image"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func golden(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func texture(size int) []float32 {
	pixels := make([]float32, 0, size*size)
	for y := range size {
		for x := range size {
			pixels = append(pixels, float32((x*x*3+y*7*x+y*13)%256))
		}
	}
	return pixels
}

func TestResizeEqualsTensorFlow(t *testing.T) {
	var goldens struct {
		Cases []struct {
			Height, Width, Channels int
			NewHeight               int `json:"new_height"`
			NewWidth                int `json:"new_width"`
			Pixels, Resized         []float32
		}
		Samples []struct {
			Size    int
			NewSize int          `json:"new_size"`
			Points  [][3]float64 // y, x, value
		}
	}
	golden(t, "resize.json", &goldens)
	const tolerance = 1e-4
	for _, c := range goldens.Cases {
		got := make([]float32, c.NewHeight*c.NewWidth*c.Channels)
		resizeInto(got, c.Pixels, c.Height, c.Width, c.Channels, c.NewHeight, c.NewWidth)
		if len(got) != len(c.Resized) {
			t.Fatalf("%d×%d to %d×%d: %d values, want %d", c.Height, c.Width, c.NewHeight, c.NewWidth, len(got), len(c.Resized))
		}
		for i := range got {
			if diff := math.Abs(float64(got[i] - c.Resized[i])); diff > tolerance {
				t.Fatalf("%d×%d×%d to %d×%d: value %d is %v, TensorFlow's is %v",
					c.Height, c.Width, c.Channels, c.NewHeight, c.NewWidth, i, got[i], c.Resized[i])
			}
		}
	}
	for _, s := range goldens.Samples {
		got := make([]float32, s.NewSize*s.NewSize)
		resizeInto(got, texture(s.Size), s.Size, s.Size, 1, s.NewSize, s.NewSize)
		for _, p := range s.Points {
			if v := got[int(p[0])*s.NewSize+int(p[1])]; math.Abs(float64(v)-p[2]) > tolerance {
				t.Errorf("%d to %d: pixel (%v, %v) is %v, TensorFlow's is %v", s.Size, s.NewSize, p[0], p[1], v, p[2])
			}
		}
	}
}

func TestResizeRefusesWrongSizes(t *testing.T) {
	for _, sizes := range [][4]int{{2, 2, 0, 2}, {2, 2, 2, -1}, {2, 2, 2, 0}, {0, 2, 2, 2}, {2, 0, 2, 2}} {
		img := FromImage("x", image.NewGray(image.Rect(0, 0, sizes[1], sizes[0])))
		if _, err := img.Pixels(sizes[2], sizes[3]); err == nil {
			t.Errorf("an image of %d×%d was resized to %d×%d", sizes[0], sizes[1], sizes[2], sizes[3])
		}
	}
}

func BenchmarkResizeGrey200To255(b *testing.B) {
	source, target := texture(200), make([]float32, 255*255)
	for b.Loop() {
		resizeInto(target, source, 200, 200, 1, 255, 255)
	}
}

func BenchmarkResizeColour200To255(b *testing.B) {
	source, target := make([]float32, 200*200*3), make([]float32, 255*255*3)
	for b.Loop() {
		resizeInto(target, source, 200, 200, 3, 255, 255)
	}
}
