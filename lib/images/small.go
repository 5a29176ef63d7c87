package images

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// leastSide is the height and width in pixels from which on there may be something to see.
const leastSide = 16

// tooSmall says which images have too few pixels to tell anything; "" if none.
func tooSmall(images []Image) string {
	var texts []string
	for _, f := range images {
		height, width := f.size()
		if height > 0 && min(height, width) < leastSide {
			texts = append(texts, fmt.Sprintf("%s has %d×%d pixels, too few to see anything", f.Name, width, height))
		}
	}
	if n := len(texts); n > 3 {
		texts = append(texts[:3], fmt.Sprintf("%d more images have as few pixels", n-3))
	}
	return notice.Join(texts...)
}

// size is what the image says of its size in pixels, 0×0 if it is damaged.
func (f Image) size() (height, width int) {
	if f.picture != nil {
		return f.picture.Bounds().Dy(), f.picture.Bounds().Dx()
	}
	if format := formatOf(f.data); format != nil {
		if config, err := format.decodeConfig(f.data); err == nil {
			return config.Height, config.Width
		}
	}
	return 0, 0
}
