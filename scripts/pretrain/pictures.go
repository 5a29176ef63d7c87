package main

import (
	"fmt"
	"image"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/scripts/pretrain/textures"
)

// pictures are drawn textures. Crops and mirrors of the training images change from use to use, in an order that the
// seed fixes for each image.
type pictures struct {
	name    string
	drawn   []image.Image
	augment bool
	uses    []atomic.Uint64 // of each image
}

// draw makes n images of each family from position `from` of its sequence.
func draw(name string, n, from int, augment bool) *pictures {
	families := len(textures.Families)
	p := &pictures{name: name, augment: augment, drawn: make([]image.Image, n*families),
		uses: make([]atomic.Uint64, n*families)}
	var wg sync.WaitGroup
	workers := runtime.NumCPU()
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(p.drawn); i += workers {
				p.drawn[i] = textures.Image(i%families, seed, from+i/families, drawn)
			}
		})
	}
	wg.Wait()
	return p
}

func (p *pictures) About() images.About {
	return images.About{Name: p.name, Classes: textures.Families, Origin: "procedural textures"}
}

func (p *pictures) Len() int { return len(p.drawn) }

// Info gives no ID: the crops of an image differ.
func (p *pictures) Info(i int) images.Info {
	label := i % len(textures.Families)
	return images.Info{Name: fmt.Sprintf("%s %d", textures.Families[label], i/len(textures.Families)), Label: label}
}

// Pixels gives a crop. Height and width are those of the network, which crops have.
func (p *pictures) Pixels(i, height, width int) ([]float32, error) {
	left, top, mirror := (drawn-width)/2, (drawn-height)/2, false
	if p.augment {
		rng := rand.New(rand.NewPCG(uint64(seed)<<32|uint64(i), p.uses[i].Add(1)))
		left, top, mirror = rng.IntN(drawn-width+1), rng.IntN(drawn-height+1), rng.IntN(2) == 1
	}
	pixels := make([]float32, 0, height*width*3)
	for y := range height {
		for x := range width {
			at := x
			if mirror {
				at = width - 1 - x
			}
			r, g, b, _ := p.drawn[i].At(left+at, top+y).RGBA()
			pixels = append(pixels, float32(r>>8), float32(g>>8), float32(b>>8))
		}
	}
	return pixels, nil
}
