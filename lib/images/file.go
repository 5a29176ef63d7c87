package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"io"
	"os"
)

// maxFileSize bounds one image file in bytes. NEU-DET's have at most 25 kB.
const maxFileSize = 32 << 20

// Image is one image, still encoded.
type Image struct {
	Name  string // names the file in messages; inside a zip it is "archive.zip:NEU-DET/train/images/…"
	Label int    // index into Classes; -1 if unknown
	name  string // inside the data set, with slashes
	data  []byte
	hash  [sha256.Size]byte
}

// ReadFile reads one image from disk and checks that it can be decoded. Its Label is -1.
func ReadFile(path string) (Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return Image{}, fmt.Errorf("read image: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return Image{}, fmt.Errorf("read image: %s is not a file: name an image", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return Image{}, fmt.Errorf("read image: %w", err)
	}
	if len(data) > maxFileSize {
		return Image{}, fmt.Errorf("read image: %s is larger than %d MB: scale it down", path, maxFileSize>>20)
	}
	file := Image{Name: path, Label: -1, name: path, data: data, hash: sha256.Sum256(data)}
	if _, err := file.Decode(); err != nil {
		return Image{}, err
	}
	return file, nil
}

// Hash is the SHA-256 of the encoded image, in hexadecimal.
func (f Image) Hash() string { return hex.EncodeToString(f.hash[:]) }

// Decode decodes the file: JPEG, PNG or BMP, whatever its name says, up to MaxSide pixels in width and height.
// A grey JPEG, PNG or BMP (the JPEG also when stored as colour, as NEU-DET's are) gives *image.Gray.
func (f Image) Decode() (image.Image, error) {
	img, err := decode(f.data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", f.Name, err)
	}
	return img, nil
}

// Pixels decodes the file and resizes it with Resize. The result holds height×width×3 values 0…255: red, green, blue
// interleaved. A grey image gets three equal channels, as tf.io.decode_image(channels=3) makes them: that is how
// one-channel images enter a network trained on colour.
func (f Image) Pixels(height, width int) ([]float32, error) {
	if height < 1 || width < 1 {
		return nil, fmt.Errorf("%s: resize to %d×%d: sizes must be at least 1", f.Name, height, width)
	}
	pixels := make([]float32, height*width*3)
	return pixels, f.pixelsInto(pixels, height, width)
}

func (f Image) pixelsInto(target []float32, height, width int) error {
	img, err := f.Decode()
	if err != nil {
		return err
	}
	p := toPlanes(img)
	if p.channels == 3 {
		resizeInto(target, p.pixels, p.height, p.width, 3, height, width)
		return nil
	}
	grey := make([]float32, height*width)
	resizeInto(grey, p.pixels, p.height, p.width, 1, height, width)
	for i, v := range grey {
		rgb := target[3*i:][:3]
		rgb[0], rgb[1], rgb[2] = v, v, v
	}
	return nil
}
