package images

import (
	"image"
	"strings"
	"testing"
)

// A panic in a goroutine would end the process, whatever its caller does.
func TestAPanicOfAChangeReachesTheCaller(t *testing.T) {
	grey := FromImage("grey", image.NewGray(image.Rect(0, 0, 4, 4)))
	source := Changed(Of(grey, grey, grey), Change{Apply: func(i int, _ []float32, _, _ int) {
		if i == 1 {
			panic("broken change")
		}
	}})
	defer func() {
		err, _ := recover().(error)
		if err == nil || !strings.Contains(err.Error(), "broken change") || !strings.Contains(err.Error(), "parallel_test.go") {
			t.Errorf("panic of %v", err)
		}
	}()
	Pixels(source, []int{0, 1, 2}, 4)
	t.Error("no panic")
}
