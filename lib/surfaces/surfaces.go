// Package surfaces makes procedural pictures of hot-rolled steel with the six
// defects of NEU-DET (Song and Yan, "A noise robust method based on completed
// local binary patterns for hot-rolled steel strip surface defects", 2013). They
// stand in for the real images where those cannot be had. They are drawn from a
// description of each defect, not from the images of that data set, and results
// on them say nothing about real steel.
package surfaces

import (
	"fmt"
	"image"

	"github.com/transfer-learning-go/defects/lib/surfaces/noise"
)

// Size is the height and width of every image in pixels.
const Size = 200

// Classes are NEU-DET's class names, sorted; an image's class is an index here.
var Classes = []string{"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"}

// A defect knows the finish of the steel it appears on, and how to draw itself.
var defects = []struct {
	finish finish
	draw   func(*plate)
}{
	{finish{grain: span{0.07, 0.16}, across: 0.2, mottle: span{0.02, 0.08}, brushed: 0.4}, crazing},
	{finish{grain: span{0.015, 0.05}, across: 0.4, mottle: span{0.01, 0.05}, brushed: 0.15}, inclusion},
	{finish{grain: span{0.08, 0.18}, across: 0.3, mottle: span{0.03, 0.10}, brushed: 0.2}, patches},
	{finish{grain: span{0.015, 0.06}, across: 0.3, mottle: span{0.01, 0.07}, brushed: 0.15}, pittedSurface},
	{finish{grain: span{0.05, 0.11}, across: 0.85, mottle: span{0.04, 0.10}, brushed: 0.4}, rolledInScale},
	{finish{grain: span{0.015, 0.06}, across: 0.3, mottle: span{0.01, 0.08}, brushed: 0.15}, scratches},
}

// Image draws image number index of a class, Size×Size pixels. The same
// arguments give the same pixels on one kind of machine, in any order and from
// any number of goroutines. class must be an index of Classes: like an index out
// of a slice's range, another value panics.
func Image(class int, seed int64, index int) *image.Gray {
	if class < 0 || class >= len(Classes) {
		panic(fmt.Sprintf("surfaces.Image: class %d, want 0 to %d (see surfaces.Classes)", class, len(Classes)-1))
	}
	d := defects[class]
	p := newPlate(noise.Rand(seed, class, index))
	p.roll(d.finish)
	p.soil()
	d.draw(p)
	p.light()
	return p.photograph()
}
