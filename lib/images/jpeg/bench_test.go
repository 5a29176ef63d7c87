package jpeg

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// Two hundred pixels in each direction at a quality that gives 15 kB, as NEU-DET's files have.
func BenchmarkGrey200(b *testing.B) {
	file := encoded(b, texture(200, 200), 90)
	b.Logf("%d bytes", len(file))
	benchmark(b, file)
}

func BenchmarkProgressiveColour(b *testing.B) { benchmark(b, archived(b)["progressive-440"]) }

func BenchmarkColour420(b *testing.B) { benchmark(b, archived(b)["420-31x40"]) }

func benchmark(b *testing.B, file []byte) {
	for name, decode := range map[string]func() error{
		"Go":         func() error { _, err := jpeg.Decode(bytes.NewReader(file)); return err },
		"TensorFlow": func() error { _, err := Decode(file, TensorFlow); return err },
		"Pillow":     func() error { _, err := Decode(file, Pillow); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
