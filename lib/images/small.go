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
		width, height, err := f.Size()
		if err == nil && min(height, width) < leastSide {
			texts = append(texts, fmt.Sprintf("%s has %d×%d pixels, too few to see anything", f.Name, width, height))
		}
	}
	if n := len(texts); n > 3 {
		texts = append(texts[:3], fmt.Sprintf("%d more images have as few pixels", n-3))
	}
	return notice.Join(texts...)
}
