package images

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"

	"github.com/transfer-learning-go/defects/lib/files"
)

// maxFileSize bounds one image file in bytes. NEU-DET's have at most 25 kB.
const maxFileSize = 32 << 20

// Image is one image: an encoded file, or pixels. It does not change, so that copies of it may be used anywhere.
type Image struct {
	Name    string // names the image in messages; inside a zip it is "archive.zip:NEU-DET/train/images/…"
	Label   int    // index into Classes; −1 if unknown
	data    []byte
	picture image.Image // instead of data
	decoder Decoder
	hash    [sha256.Size]byte
}

// ReadFile reads one image from disk, as Read does. What is no file, such as a folder or a pipe, is an error.
func ReadFile(path string) (Image, error) {
	return whole(EncodedFile(path))
}

// EncodedFile is ReadFile without decoding the image: whether it is whole, Decode and Pixels tell, and what they do is done
// once.
func EncodedFile(path string) (Image, error) {
	f, err := openFile(path)
	if err != nil {
		return Image{}, fmt.Errorf("read image: %w", err)
	}
	defer f.Close()
	return readEncoded(f, path)
}

// openFile is files.Open with advice.
func openFile(path string) (*os.File, error) {
	f, err := files.Open(path)
	if errors.Is(err, files.ErrNoFile) {
		err = fmt.Errorf("%w: name an image", err)
	}
	return f, err
}

// Read reads one image, such as an upload, to the end of r and checks that it can be decoded. Not more than 32 MB are
// read; a larger one is an error. Its Label is −1; name names it in messages.
func Read(r io.Reader, name string) (Image, error) {
	return whole(readEncoded(r, name))
}

// whole is an image that can be decoded, or why not.
func whole(f Image, err error) (Image, error) {
	if err == nil {
		_, err = f.Decode()
	}
	if err != nil {
		return Image{}, err
	}
	return f, nil
}

func readEncoded(r io.Reader, name string) (Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFileSize+1))
	if err != nil {
		return Image{}, fmt.Errorf("read image: %s: %w", name, err)
	}
	if len(data) > maxFileSize {
		return Image{}, fmt.Errorf("read image: %s is larger than %d MB: scale it down", name, maxFileSize>>20)
	}
	return Encoded(name, data), nil
}

// FromImage takes a picture from memory. Its pixels are copied, without transparency; its ID is their hash, and its
// Label is −1. A picture that is nil or has no pixels gives an Image that cannot be decoded.
func FromImage(name string, img image.Image) Image {
	if img == nil {
		img = image.NewGray(image.Rectangle{})
	}
	bounds := img.Bounds()
	size := image.Rect(0, 0, bounds.Dx(), bounds.Dy())
	f := Image{Name: name, Label: -1}
	h := sha256.New()
	if grey, ok := img.(*image.Gray); ok {
		own := image.NewGray(size)
		for y := range size.Dy() {
			copy(own.Pix[y*own.Stride:][:own.Stride], grey.Pix[y*grey.Stride:])
		}
		fmt.Fprintf(h, "grey pixels %d %d\n", size.Dy(), size.Dx())
		h.Write(own.Pix)
		f.picture = own
	} else {
		own := image.NewRGBA(size)
		for y := range size.Dy() {
			for x := range size.Dx() {
				r, g, b := rgb(img, bounds.Min.X+x, bounds.Min.Y+y)
				own.SetRGBA(x, y, color.RGBA{r, g, b, 255})
			}
		}
		fmt.Fprintf(h, "colour pixels %d %d\n", size.Dy(), size.Dx())
		h.Write(own.Pix)
		f.picture = own
	}
	h.Sum(f.hash[:0])
	return f
}

// contentHash is the SHA-256 of an encoded image. Of one that is turned upright its orientation is part: it has other pixels
// than earlier versions, which did not turn it, gave it.
func contentHash(data []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	if o := orientation(data); o > 1 {
		fmt.Fprintf(h, "orientation %d\n", o)
	}
	h.Write(data)
	h.Sum(sum[:0])
	return sum
}

// ID is the SHA-256 of the encoded image (of one that is turned upright, of its orientation and the image), or of its
// pixels if it came from memory, in hexadecimal, and the decoder unless that is TensorFlow's. It is "" for the zero Image.
func (f Image) ID() string {
	if f.hash == [sha256.Size]byte{} {
		return ""
	}
	return hex.EncodeToString(f.hash[:]) + f.suffix()
}

// Decode decodes the image: JPEG, PNG or BMP, whatever its name says, up to MaxSide pixels in width and height. A JPEG
// becomes the same pixels, bit for bit, as by TensorFlow or by the decoder that DecodedBy has set; then it is turned as the
// EXIF orientation in it says, as browsers show it and PIL's ImageOps.exif_transpose makes it (tf.io.decode_image does not).
// A grey JPEG, PNG or BMP (the JPEG also when stored as colour, as NEU-DET's are) gives *image.Gray. The result must
// not be changed.
func (f Image) Decode() (image.Image, error) {
	if f.picture != nil {
		if f.picture.Bounds().Empty() {
			return nil, fmt.Errorf("%s has no pixels: give an image of at least 1×1", f.Name)
		}
		return f.picture, nil
	}
	img, err := decodeAs(f.data, f.decoder)
	if err != nil {
		return nil, fmt.Errorf("%s %w", f.Name, err)
	}
	return img, nil
}

// Pixels decodes the image and resizes it bilinearly, as tf.image.resize(method="bilinear", antialias=False) does. The
// result holds height×width×3 values 0…255: red, green, blue interleaved. A grey image gets three equal channels, as
// tf.io.decode_image(channels=3) makes them: that is how one-channel images enter a network trained on colour.
func (f Image) Pixels(height, width int) ([]float32, error) {
	if height < 1 || width < 1 {
		return nil, fmt.Errorf("%s: resize to %d×%d: sizes must be at least 1", f.Name, height, width)
	}
	pixels := make([]float32, height*width*3)
	if err := f.pixelsInto(pixels, height, width); err != nil {
		return nil, err
	}
	return pixels, nil
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
