package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"math"

	"github.com/transfer-learning-go/defects/lib/images/jpeg"
)

// grey is a decoded image without its colours, as tf.io.decode_image(channels=1) reads PNG files. TensorFlow reads no BMP
// so: of these it is the luminance of ITU-R BT.601, as Pillow's convert("L"). JPEG files come here as *image.Gray.
func (f *format) grey(img image.Image, data []byte) image.Image {
	if grey, ok := img.(*image.Gray); ok {
		return grey
	}
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	of := jpeg.Luminance
	if f.name == "PNG" {
		of = linear(pngGamma(data))
	}
	for y := range b.Dy() {
		for x := range b.Dx() {
			v := uint8(0)
			if r, g, bl, ok := deep(img, b.Min.X+x, b.Min.Y+y); ok {
				v = uint8((pngRed*r + pngGreen*g + pngBlue*bl + 1<<14) >> 15 >> 8)
			} else {
				v = of(rgb(img, b.Min.X+x, b.Min.Y+y))
			}
			out.Pix[y*out.Stride+x] = v
		}
	}
	return out
}

// The weights that TensorFlow gives libpng, with 15 bits behind the point.
const pngRed, pngGreen, pngBlue = 9797, 19234, 1<<15 - pngRed - pngGreen

// deep is a pixel of 16 bits per colour, which libpng makes grey before it drops the lower eight.
func deep(img image.Image, x, y int) (r, g, b uint32, ok bool) {
	switch m := img.(type) {
	case *image.NRGBA64:
		c := m.NRGBA64At(x, y)
		return uint32(c.R), uint32(c.G), uint32(c.B), true
	case *image.RGBA64: // without transparency
		c := m.RGBA64At(x, y)
		return uint32(c.R), uint32(c.G), uint32(c.B), true
	}
	return 0, 0, 0, false
}

// linear makes grey as libpng's png_do_rgb_to_gray does for files of this gamma: in linear light, if they name one.
func linear(gamma float64) func(r, g, b uint8) uint8 {
	sum := func(r, g, b uint8) uint32 { return pngRed*uint32(r) + pngGreen*uint32(g) + pngBlue*uint32(b) }
	if gamma == 0 {
		return func(r, g, b uint8) uint8 {
			if r == g && g == b {
				return r
			}
			return uint8(sum(r, g, b) >> 15)
		}
	}
	var light, back [256]uint8
	for i := range light {
		light[i] = uint8(255*math.Pow(float64(i)/255, 1/gamma) + 0.5)
		back[i] = uint8(255*math.Pow(float64(i)/255, gamma) + 0.5)
	}
	return func(r, g, b uint8) uint8 {
		if r == g && g == b {
			return r
		}
		return back[uint8((sum(light[r], light[g], light[b])+1<<14)>>15)]
	}
}

// pngGamma is what a PNG file says of its gamma, in its chunk gAMA or sRGB; 0 if it says nothing, or about 1.
func pngGamma(data []byte) float64 {
	gamma := 0.0
	for at := 8; at+12 <= len(data); {
		length, kind := int(binary.BigEndian.Uint32(data[at:])), data[at+4:at+8]
		switch {
		case length > len(data)-at-12 || bytes.Equal(kind, []byte("IDAT")):
			return gamma
		case bytes.Equal(kind, []byte("sRGB")):
			return 0.45455
		case bytes.Equal(kind, []byte("gAMA")) && length == 4:
			gamma = float64(binary.BigEndian.Uint32(data[at+8:])) / 1e5
			if gamma > 0.95 && gamma < 1.05 { // libpng takes it for 1
				gamma = 0
			}
		}
		at += length + 12
	}
	return gamma
}
