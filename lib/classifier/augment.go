package classifier

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/inference"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// Augmentation changes each training image at random, anew in each epoch, as Keras's RandomFlip, RandomTranslation and
// RandomContrast do, in this order. What an image becomes depends on Config.Seed, the epoch and the image alone.
//
// Features of changed images cannot be stored: the layers below the cut are computed for every image in every epoch,
// which History.Note and History.Seconds show. Features of the validation images are stored as ever.
type Augmentation struct {
	FlipHorizontal bool    `json:"flip_horizontal,omitempty"` // left for right, for every other image
	FlipVertical   bool    `json:"flip_vertical,omitempty"`   // up for down, for every other image, independently
	ShiftHeight    float64 `json:"shift_height,omitempty"`    // moves up or down by at most this fraction of the height
	ShiftWidth     float64 `json:"shift_width,omitempty"`     // moves left or right by at most this fraction of the width
	// FillMode says what moves in at an edge: "reflect", the image mirrored at its edge, or "nearest", the pixel at the
	// edge again. "" is "reflect".
	FillMode string `json:"fill_mode,omitempty"`
	// Contrast scales the distance of pixels from the mean of their channel by a factor from [1−Contrast, 1+Contrast].
	Contrast float64 `json:"contrast,omitempty"`
}

const augmentationNote = "augmentation: the features of train are computed anew in each epoch"

func (a Augmentation) withDefaults() (Augmentation, error) {
	for _, f := range []struct {
		name  string
		value float64
	}{{"ShiftHeight", a.ShiftHeight}, {"ShiftWidth", a.ShiftWidth}, {"Contrast", a.Contrast}} {
		if !(f.value >= 0 && f.value <= 1) {
			return a, fmt.Errorf("%s %v: give a fraction, 0…1", f.name, f.value)
		}
	}
	if a.FillMode != "" && a.FillMode != "reflect" && a.FillMode != "nearest" {
		return a, fmt.Errorf("FillMode %q: use \"reflect\" or \"nearest\"", a.FillMode)
	}
	if a.ShiftHeight == 0 && a.ShiftWidth == 0 {
		a.FillMode = ""
	} else {
		a.FillMode = orDefault(a.FillMode, "reflect")
	}
	return a, nil
}

func (a Augmentation) none() bool { return a == Augmentation{} }

// change is what chance makes of one image in one epoch.
type change struct {
	horizontal, vertical bool
	down, right          float64 // in pixels
	contrast             float64
}

// draw gives the change of an image in an epoch, both counted from 0.
func (a Augmentation) draw(seed int64, epoch, image, height, width int) change {
	const stream = 0x617567 // other numbers than those that shuffle
	random := rand.New(rand.NewPCG(uint64(seed)^stream, uint64(epoch)<<32|uint64(image)))
	c := change{contrast: 1}
	if a.FlipHorizontal {
		c.horizontal = random.Float64() < 0.5
	}
	if a.FlipVertical {
		c.vertical = random.Float64() < 0.5
	}
	if a.ShiftHeight > 0 {
		c.down = (2*random.Float64() - 1) * a.ShiftHeight * float64(height)
	}
	if a.ShiftWidth > 0 {
		c.right = (2*random.Float64() - 1) * a.ShiftWidth * float64(width)
	}
	if a.Contrast > 0 {
		c.contrast = 1 + (2*random.Float64()-1)*a.Contrast
	}
	return c
}

// apply gives the changed image of pixels [height, width, channels]; the pixels stay as they are.
func (c change) apply(pixels []float32, height, width, channels int, fillMode string) []float32 {
	rows, columns := positions(height, c.down, c.vertical, fillMode), positions(width, c.right, c.horizontal, fillMode)
	out := make([]float32, 0, len(pixels))
	for _, row := range rows {
		above, below := pixels[row.before*width*channels:], pixels[row.after*width*channels:]
		for _, column := range columns {
			left, right := column.before*channels, column.after*channels
			for i := range channels {
				out = append(out, between(between(above[left+i], above[right+i], column.part),
					between(below[left+i], below[right+i], column.part), row.part))
			}
		}
	}
	if c.contrast != 1 {
		scaleContrast(out, channels, c.contrast)
	}
	return out
}

// position tells where a row or column comes from: from between two neighbours.
type position struct {
	before, after int
	part          float32 // how far from before to after
}

// positions gives for each of n rows or columns where it comes from when the flipped image is moved by shift.
func positions(n int, shift float64, flip bool, fillMode string) []position {
	out := make([]position, n)
	for i := range out {
		from := float64(i) - shift
		before := int(math.Floor(from))
		out[i] = position{inside(before, n, fillMode), inside(before+1, n, fillMode), float32(from - float64(before))}
		if flip {
			out[i].before, out[i].after = n-1-out[i].before, n-1-out[i].after
		}
	}
	return out
}

// inside maps a position beyond an edge to one of n.
func inside(i, n int, fillMode string) int {
	if fillMode == "nearest" {
		return min(max(i, 0), n-1)
	}
	if i = ((i % (2 * n)) + 2*n) % (2 * n); i >= n { // dcba|abcd|dcba
		i = 2*n - 1 - i
	}
	return i
}

func between(a, b, part float32) float32 { return a + part*(b-a) }

// scaleContrast is Keras's RandomContrast: (x − mean)·factor + mean, with the mean of each channel, within 0…255.
func scaleContrast(pixels []float32, channels int, factor float64) {
	for channel := range channels {
		sum := 0.0
		for i := channel; i < len(pixels); i += channels {
			sum += float64(pixels[i])
		}
		mean := sum / float64(len(pixels)/channels)
		for i := channel; i < len(pixels); i += channels {
			pixels[i] = float32(min(max((float64(pixels[i])-mean)*factor+mean, 0), 255))
		}
	}
}

// changing are the training images with augmentation: pixels, from which trainedIn computes what lies below the cut.
func (t *training) changing(s images.Source) (examples, error) {
	image := t.model.Layers[0].Shape
	if len(image) != 3 {
		return examples{}, fmt.Errorf("Augment: the model reads values of shape %v, which are no images", image)
	}
	e := examples{source: s, shape: t.model.Layers[:max(1, t.cut)].Output()}
	var err error
	if e.labels, err = labels(s, t.classes()); err != nil || t.cut == 0 {
		return e, err
	}
	t.below, err = inference.New(t.model.Layers[:t.cut], t.model.Values)
	return e, err
}

// trainedIn gives the training examples of an epoch, counted from 0.
func (t *training) trainedIn(epoch int) examples {
	e, augment := t.train, t.plan.Augment
	if augment.none() {
		return e
	}
	shape := t.model.Layers[0].Shape
	e.rows = func(ctx context.Context, indices []int) ([]float32, error) {
		pixels, err := images.Pixels(e.source, indices, shape[0])
		if err != nil {
			return nil, err
		}
		changed := make([]float32, 0, len(pixels))
		for row, i := range indices {
			c := augment.draw(t.model.Seed, epoch, i, shape[0], shape[1])
			image := pixels[row*layer.Size(shape) : (row+1)*layer.Size(shape)]
			changed = append(changed, c.apply(image, shape[0], shape[1], shape[2], augment.FillMode)...)
		}
		if t.below == nil {
			return changed, nil
		}
		return t.below.Run(ctx, changed)
	}
	return e
}
