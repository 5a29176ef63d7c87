package images

import (
	"fmt"
	"image"

	"github.com/transfer-learning-go/defects/lib/images/jpeg"
)

// Decoder says to whose pixels JPEG files are decoded: decoders differ in their rounding, and networks see that. From
// other files all decoders read the same, but for Grey.
type Decoder = jpeg.Decoder

const (
	// TensorFlow is Keras's, and that of every image unless DecodedBy says something else.
	TensorFlow = jpeg.TensorFlow
	// Pillow is that of PyTorch's world: Hugging Face, timm.
	Pillow = jpeg.Pillow
	// Grey is Keras's for networks of one channel: tf.io.decode_image(channels=1), as image_dataset_from_directory has it
	// with color_mode="grayscale". Files of every format become grey.
	Grey = jpeg.Grey
)

// Decoding names how files become pixels. It changes with them, so that nothing that was computed from others is taken.
const Decoding = "decoding 2"

func decode(data []byte) (image.Image, error) { return decodeAs(data, TensorFlow) }

// DecodedBy gives the images of s as another decoder reads them. Pictures from memory stay as they are, and so do images
// of a source of another kind that has no method DecodedBy(Decoder) Source.
func DecodedBy(s Source, d Decoder) Source {
	switch s := s.(type) {
	case *Set:
		return s.DecodedBy(d)
	case selection:
		return selection{DecodedBy(s.Source, d), s.indices}
	case changed:
		return changed{DecodedBy(s.Source, d), s.change}
	case interface{ DecodedBy(d Decoder) Source }:
		return s.DecodedBy(d)
	}
	return s
}

// DecodedBy gives the same images as another decoder reads them.
func (s *Set) DecodedBy(d Decoder) *Set {
	other := s.only(sequence(len(s.Images)))
	for i := range other.Images {
		other.Images[i].decoder = d
	}
	return other
}

// suffix tells the IDs of images with other pixels apart.
func (f Image) suffix() string {
	if f.decoder == TensorFlow || f.picture != nil {
		return ""
	}
	return fmt.Sprintf(" by %v", f.decoder)
}
