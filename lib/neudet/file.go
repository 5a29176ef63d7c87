package neudet

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

// File is one image, still encoded.
type File struct {
	Path  string // names the file in messages; inside a zip it is "archive.zip:NEU-DET/train/images/…"
	Label int    // index into Classes; -1 if unknown
	name  string // inside the data set, with slashes
	data  []byte
	hash  [sha256.Size]byte
}

// ReadFile reads one image from disk and checks that it can be decoded. Its Label is -1.
func ReadFile(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, fmt.Errorf("read image: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return File{}, fmt.Errorf("read image: %s is not a file: name an image", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return File{}, fmt.Errorf("read image: %w", err)
	}
	if len(data) > maxFileSize {
		return File{}, fmt.Errorf("read image: %s is larger than %d MB: scale it down", path, maxFileSize>>20)
	}
	file := File{Path: path, Label: -1, name: path, data: data, hash: sha256.Sum256(data)}
	if _, err := file.Image(); err != nil {
		return File{}, err
	}
	return file, nil
}

// Hash is the SHA-256 of the encoded image, in hexadecimal.
func (f File) Hash() string { return hex.EncodeToString(f.hash[:]) }

// Image decodes the file: JPEG, PNG or BMP, whatever its name says, up to MaxSide pixels in width and height.
// A grey JPEG, PNG or BMP (the JPEG also when stored as colour, as NEU-DET's are) gives *image.Gray.
func (f File) Image() (image.Image, error) {
	img, err := decode(f.data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", f.Path, err)
	}
	return img, nil
}

// Pixels decodes the file and resizes it with Resize. The result holds height×width×3 values 0…255: red, green, blue
// interleaved. A grey image gets three equal channels, as tf.io.decode_image(channels=3) makes them: that is how
// one-channel images enter a network trained on colour.
func (f File) Pixels(height, width int) ([]float32, error) {
	if height < 1 || width < 1 {
		return nil, fmt.Errorf("%s: resize to %d×%d: sizes must be at least 1", f.Path, height, width)
	}
	pixels := make([]float32, height*width*3)
	return pixels, f.pixelsInto(pixels, height, width)
}

func (f File) pixelsInto(target []float32, height, width int) error {
	img, err := f.Image()
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

// Pixels gives the pixels of some files of the split, decoded on all processors: [len(indices), size, size, 3] values
// 0…255, as File.Pixels makes them. An index outside s.Files and a size below 1 are errors.
func (s *Split) Pixels(indices []int, size int) ([]float32, error) {
	if size < 1 {
		return nil, fmt.Errorf("pixels of %s: image size is %d, it must be at least 1", s.Name, size)
	}
	for _, i := range indices {
		if i < 0 || i >= len(s.Files) {
			return nil, fmt.Errorf("pixels of %s: no image %d, there are %d", s.Name, i, len(s.Files))
		}
	}
	each := size * size * 3
	pixels := make([]float32, len(indices)*each)
	failed := make([]error, len(indices))
	parallel(len(indices), func(i int) {
		failed[i] = s.Files[indices[i]].pixelsInto(pixels[i*each:][:each], size, size)
	})
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return pixels, nil
}
