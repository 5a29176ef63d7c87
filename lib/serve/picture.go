package serve

import (
	"context"
	"image"

	"github.com/transfer-learning-go/defects/lib/images"
)

// decode gives an encoded image in the size of a model, and the picture itself if it is wanted. An image that cannot be
// used is the client's error.
func (s *Server) decode(ctx context.Context, data []byte, name string, size int, wantPicture bool) (pixels []float32,
	picture image.Image, err error) {
	img := images.Encoded(name, data)
	width, height, err := img.Size()
	if err != nil {
		return nil, nil, wrong("%v", err)
	}
	release, err := s.decoding.acquire(ctx, width, height)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	if wantPicture {
		if picture, err = img.Decode(); err != nil {
			return nil, nil, wrong("%v", err)
		}
	}
	if pixels, err = img.Pixels(size, size); err != nil {
		return nil, nil, wrong("%v", err)
	}
	return pixels, picture, nil
}
