package jpeg

import (
	"bytes"
	"image/jpeg"
	"testing"
	"time"
)

// BenchmarkDecode lets both decoders and that of Go take turns, and reports the shortest time of each in µs: on a busy
// machine that one is the least disturbed. Go's makes no red, green and blue of colours.
func BenchmarkDecode(b *testing.B) {
	files := archived(b)
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"grey 200×200, 18 kB", encoded(b, texture(200, 200), 90)}, // as NEU-DET's
		{"colours 31×40, 4:2:0", files["420-31x40"]},
		{"progressive colours 64×64, 4:4:0", files["progressive-440"]},
	} {
		b.Run(c.name, func(b *testing.B) {
			best := map[string]time.Duration{}
			for b.Loop() {
				for name, decode := range map[string]func() error{
					"µs-Go":         func() error { _, err := jpeg.Decode(bytes.NewReader(c.file)); return err },
					"µs-TensorFlow": func() error { _, err := Decode(c.file, TensorFlow); return err },
					"µs-Pillow":     func() error { _, err := Decode(c.file, Pillow); return err },
				} {
					start := time.Now()
					if err := decode(); err != nil {
						b.Fatal(err)
					}
					if d := time.Since(start); best[name] == 0 || d < best[name] {
						best[name] = d
					}
				}
			}
			b.ReportMetric(0, "ns/op")
			for name, d := range best {
				b.ReportMetric(float64(d.Nanoseconds())/1000, name)
			}
		})
	}
}
