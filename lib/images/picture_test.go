package images

import (
	"strings"
	"testing"
)

func TestAPictureOfNoImageIsAnError(t *testing.T) {
	for _, i := range []int{-1, 0} {
		if _, err := (&Set{Name: "test"}).Picture(i); err == nil || !strings.Contains(err.Error(), "picture of test: no image") {
			t.Error(i, err)
		}
	}
}
