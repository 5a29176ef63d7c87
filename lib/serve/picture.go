package serve

import (
	"context"
	"image"

	"github.com/transfer-learning-go/defects/lib/images"
)

// decoded is an encoded image as a model reads it.
type decoded struct {
	pixels  []float32   // in the size of the model
	picture image.Image // as people see it, if it is wanted
	notice  string      // what must be said of it
}

// decode reads an encoded image for a model. One that cannot be used is the client's error.
func (s *Server) decode(ctx context.Context, data []byte, name string, a about, wantPicture bool) (d decoded, err error) {
	set := images.Of(images.Encoded(name, data)).DecodedBy(a.decoder)
	img := set.Images[0]
	width, height, err := img.Size()
	if err != nil {
		return d, wrong("%v", err)
	}
	release, err := s.decoding.acquire(ctx, width, height)
	if err != nil {
		return d, err
	}
	defer release()
	if wantPicture {
		if d.picture, err = img.Decode(); err != nil {
			return d, wrong("%v", err)
		}
	}
	if d.pixels, err = images.Shaped(set, []int{0}, a.shape); err != nil {
		return d, wrong("%v", err)
	}
	d.notice = set.Notice
	return d, nil
}
