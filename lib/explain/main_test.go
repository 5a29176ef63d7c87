package explain

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/images"
)

// numbers are images that are given as values.
type numbers struct {
	values []float32
	each   int // values of an image
}

func (numbers) About() images.About    { return images.About{Name: "numbers", Notice: "made of numbers"} }
func (s numbers) Len() int             { return len(s.values) / s.each }
func (numbers) Info(i int) images.Info { return images.Info{Name: fmt.Sprint("number ", i), Label: -1} }
func (s numbers) Pixels(i, _, _ int) ([]float32, error) {
	return s.values[i*s.each : (i+1)*s.each], nil
}
