package images

import "fmt"

// Shaped gives some images of a source as a network reads them whose input is [height, width, channels], decoded on all
// processors: [len(indices), height, width, channels] values 0…255. There are three channels, or one of grey; images that
// have colours nevertheless, since DecodedBy(Grey) does not reach them, get the luminance of tf.image.rgb_to_grayscale. An
// index outside of the source and a shape of another kind are errors.
func Shaped(s Source, indices []int, shape []int) ([]float32, error) {
	name := s.About().Name
	if len(shape) != 3 || min(shape[0], shape[1]) < 1 || shape[2] != 3 && shape[2] != 1 {
		return nil, fmt.Errorf("pixels of %s: images of shape %v: give height and width of at least 1, and 3 channels or 1", name, shape)
	}
	for _, i := range indices {
		if i < 0 || i >= s.Len() {
			return nil, fmt.Errorf("pixels of %s: no image %d, there are %d", name, i, s.Len())
		}
	}
	into := pixelsInto
	if shape[2] == 1 {
		into = greyInto
	}
	each := shape[0] * shape[1] * shape[2]
	pixels := make([]float32, len(indices)*each)
	failed := make([]error, len(indices))
	parallel(len(indices), func(i int) {
		failed[i] = into(s, indices[i], pixels[i*each:][:each], shape[0], shape[1])
	})
	for _, err := range failed {
		if err != nil {
			return nil, err
		}
	}
	return pixels, nil
}

// greyInto writes image i into target, [height, width].
func greyInto(s Source, i int, target []float32, height, width int) error {
	pixels := make([]float32, 3*len(target))
	if err := pixelsInto(s, i, pixels, height, width); err != nil {
		return err
	}
	for k := range target {
		r, g, b := pixels[3*k], pixels[3*k+1], pixels[3*k+2]
		if target[k] = r; r != g || g != b {
			target[k] = 0.2989*r + 0.587*g + 0.114*b
		}
	}
	return nil
}
