package images

import (
	"image/color"
	"slices"
	"testing"
)

// own embeds a Set, and has pixels of its own.
type own struct{ *Set }

func (o own) Pixels(i, height, width int) ([]float32, error) {
	p := make([]float32, height*width*3)
	for k := range p {
		p[k] = float32(i + 1)
	}
	return p, nil
}

// TestPixelsOfEverySource: Pixels takes shortcuts for some sources, which must give what Source.Pixels gives.
func TestPixelsOfEverySource(t *testing.T) {
	set := flat(color.Gray{10}, color.RGBA{20, 30, 40, 255}, color.Gray{250})
	negative := Change{Name: "negative", Apply: func(i int, pixels []float32, _, _ int) {
		for k, v := range pixels {
			pixels[k] = 255 - v
		}
	}}
	some := []int{2, 0, 1}
	for name, s := range map[string]Source{
		"set":                   set,
		"selection":             Select(plain{set}, some),
		"changed":               Changed(set, negative),
		"changed twice":         Changed(Changed(set, negative), Brightness(-20)),
		"selection of a change": Select(Changed(set, negative), some),
		"change of a selection": Changed(Select(plain{set}, some), negative),
		"plain":                 plain{set},
		"own":                   own{set},
	} {
		got, err := Pixels(s, some, 17)
		if err != nil {
			t.Fatal(err)
		}
		var want []float32
		for _, i := range some {
			one, err := s.Pixels(i, 17, 17)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, one...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: other pixels than those of Source.Pixels", name)
		}
	}
}
