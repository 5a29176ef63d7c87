package images

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/bmp"

	"github.com/transfer-learning-go/defects/lib/images/jpeg"
)

// MaxSide is the largest width and height of an image in pixels. It is checked before an image is decoded, since a
// small file may claim a picture that does not fit into memory.
const MaxSide = 4096

// format is a way to store an image, known by the file's first bytes and not by its name.
type format struct {
	name, magic  string
	decodeConfig func(data []byte) (image.Config, error)
	decode       func(data []byte, as Decoder) (image.Image, error)
}

var formats = []format{
	{"JPEG", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"PNG", "\x89PNG\r\n\x1a\n",
		func(data []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(data)) },
		func(data []byte, _ Decoder) (image.Image, error) { return png.Decode(bytes.NewReader(data)) }},
	{"BMP", "BM",
		func(data []byte) (image.Config, error) { return bmp.DecodeConfig(bytes.NewReader(data)) },
		func(data []byte, _ Decoder) (image.Image, error) { return bmp.Decode(bytes.NewReader(data)) }},
}

// decodeAs reads one JPEG, PNG or BMP. A JPEG is turned as its orientation says. The result is *image.Gray if all its pixels
// are grey and the format makes that cheap to know, as for JPEG with constant colour planes: NEU-DET's files are such.
func decodeAs(data []byte, as Decoder) (img image.Image, err error) {
	f, err := formatOf(data)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil { // a decoder's bug must not stop a run without naming the file
			img, err = nil, fmt.Errorf("is a damaged %s (%v): replace or remove it", f.name, r)
		}
	}()
	config, err := f.decodeConfig(data)
	if err != nil {
		return nil, damaged(f, data, err)
	}
	if config.Width < 1 || config.Height < 1 {
		return nil, fmt.Errorf("is a %s without pixels (%d×%d): replace or remove it", f.name, config.Width, config.Height)
	}
	if config.Width > MaxSide || config.Height > MaxSide {
		return nil, fmt.Errorf("is too large: %d×%d pixels, the limit is %d×%d: scale it down or remove it",
			config.Width, config.Height, MaxSide, MaxSide)
	}
	img, err = f.decode(data, as)
	if err != nil {
		return nil, damaged(f, data, err)
	}
	if m, ok := img.(*image.Paletted); ok {
		for _, index := range m.Pix {
			if int(index) >= len(m.Palette) {
				return nil, damaged(f, data, fmt.Errorf("colour %d of a palette of %d", index, len(m.Palette)))
			}
		}
	}
	if as == Grey {
		img = f.grey(img, data)
	}
	return upright(img, orientation(data)), nil
}

func damaged(f *format, data []byte, err error) error {
	return fmt.Errorf("is a truncated or damaged %s of %d bytes (%w): replace or remove it", f.name, len(data), err)
}

// planes is an image as float32 0…255, interleaved: one channel for a grey image, else red, green, blue.
type planes struct {
	height, width, channels int
	pixels                  []float32
}

// toPlanes drops transparency and keeps the upper 8 bits of 16, as tf.io.decode_image(channels=3) does.
func toPlanes(img image.Image) planes {
	bounds := img.Bounds()
	p := planes{height: bounds.Dy(), width: bounds.Dx(), channels: 3}
	if grey, ok := img.(*image.Gray); ok {
		p.channels = 1
		p.pixels = make([]float32, 0, p.height*p.width)
		for y := range p.height {
			for _, v := range grey.Pix[y*grey.Stride:][:p.width] {
				p.pixels = append(p.pixels, float32(v))
			}
		}
		return p
	}
	p.pixels = make([]float32, 0, p.height*p.width*3)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b := rgb(img, x, y)
			p.pixels = append(p.pixels, float32(r), float32(g), float32(b))
		}
	}
	return p
}

// rgb is the colour of one pixel without its transparency.
func rgb(img image.Image, x, y int) (r, g, b uint8) {
	switch m := img.(type) {
	case *image.YCbCr:
		c := m.YCbCrAt(x, y)
		return color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
	case *image.RGBA:
		if c := m.RGBAAt(x, y); c.A == 255 { // always, from the decoders
			return c.R, c.G, c.B
		}
	case *image.NRGBA64:
		c := m.NRGBA64At(x, y)
		return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
	}
	c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
	return c.R, c.G, c.B
}
