package images

import (
	"bytes"
	"errors"
	"fmt"
)

// Encoded takes an encoded image from memory, without decoding it: whether it is whole, Decode and Pixels tell. Its Label
// is −1; name names it in messages. data must not be changed any more.
func Encoded(name string, data []byte) Image {
	return Image{Name: name, Label: -1, data: data, hash: contentHash(data)}
}

// Size is the width and height of an image in pixels, as an encoded one says at its beginning: what follows may be damaged,
// and may be larger than Decode takes. A photograph that Decode turns upright may change places of the two.
func (f Image) Size() (width, height int, err error) {
	if f.picture != nil {
		b := f.picture.Bounds()
		return b.Dx(), b.Dy(), nil
	}
	format, err := formatOf(f.data)
	if err != nil {
		return 0, 0, fmt.Errorf("%s %w", f.Name, err)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s is a damaged %s (%v): replace or remove it", f.Name, format.name, r)
		}
	}()
	config, err := format.decodeConfig(f.data)
	if err != nil {
		return 0, 0, fmt.Errorf("%s %w", f.Name, damaged(format, f.data, err))
	}
	return config.Width, config.Height, nil
}

// formatOf is the format that data begins in.
func formatOf(data []byte) (*format, error) {
	if len(data) == 0 {
		return nil, errors.New("is an empty file: replace or remove it")
	}
	for i := range formats {
		if bytes.HasPrefix(data, []byte(formats[i].magic)) {
			return &formats[i], nil
		}
	}
	return nil, fmt.Errorf("is not a JPEG, PNG or BMP image (it starts with %q): replace or remove it",
		data[:min(len(data), 12)])
}
