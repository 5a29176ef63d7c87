package figure

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
)

func init() {
	samples["positions"] = func() (*Figure, error) {
		return PositionSimilarity(sinusoids(15, 15), 15, 15, 64, PositionsOptions{
			Title: "Similarity of position embeddings", Notice: synthetic})
	}
	titled["PositionSimilarity"] = func(title, notice string) (*Figure, error) {
		return PositionSimilarity(sinusoids(1, 3), 1, 3, 64, PositionsOptions{Title: title, Notice: notice})
	}
}

// sinusoids are embeddings of 64 numbers whose similarity falls with distance, more so along rows.
func sinusoids(rows, columns int) []float32 {
	var e []float32
	for p := range rows * columns {
		for k := range 16 {
			fy, fx := 0.5*math.Pow(100, -float64(k)/16), math.Pow(100, -float64(k)/16)
			y, x := float64(p/columns), float64(p%columns)
			e = append(e, float32(math.Sin(fy*y)), float32(math.Cos(fy*y)), float32(math.Sin(fx*x)), float32(math.Cos(fx*x)))
		}
	}
	return e
}

// Four patches whose embeddings are alike, at right angles and opposite, so that similarities are 1, 0 and −1.
func TestPositionSimilarityDrawsCosines(t *testing.T) {
	plain := []float32{2, 0, 0, 3, -1, 0, 5, 0}
	cosines := [4][4]float64{{1, 0, -1, 1}, {0, 1, 0, 0}, {-1, 0, 1, -1}, {1, 0, -1, 1}}
	for name, e := range map[string][]float32{"patches": plain, "class token first": append([]float32{7, 7}, plain...)} {
		f, err := PositionSimilarity(e, 2, 2, 2, PositionsOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// The first map's first cell is the topmost and leftmost of its colour; cells are 38 CSS pixels, gaps 6.
		at := bounds(f, viridis(1)).Min
		for p, row := range cosines {
			for q, cosine := range row {
				x := at.X + int(canvas.Scale)*(p%2*(76+6)+q%2*38+19)
				y := at.Y + int(canvas.Scale)*(p/2*(76+6)+q/2*38+19)
				if got, want := f.Image.RGBAAt(x, y), viridis((cosine+1)/2); got != want {
					t.Errorf("%s: patch %d to %d is %v, want %v", name, p, q, got, want)
				}
			}
		}
		// By hand: neighbours have 0, −1, 0 and −1, those across a corner 1 and 0.
		if want := "2×2 patches, with 4 maps; on average -0.50 to neighbours, 0.50 elsewhere."; !strings.Contains(f.Alt, want) {
			t.Errorf("%s: the text is %q, want %q in it", name, f.Alt, want)
		}
	}
}

func TestLargeGridsOfPositionsShowEverySecondOne(t *testing.T) {
	for n, want := range map[int][]int{
		1: {0}, 7: {0, 1, 2, 3, 4, 5, 6}, 14: {0, 2, 4, 6, 8, 10, 12}, 15: {0, 2, 4, 6, 8, 10, 12, 14},
		24: {1, 4, 7, 10, 13, 16, 19, 22},
	} {
		if got := shown(n); !slices.Equal(got, want) {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
	f, err := PositionSimilarity(ones(100*100), 100, 100, 1, PositionsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if w := float64(f.Image.Rect.Dx()) / canvas.Scale; w > 900 {
		t.Errorf("a grid of 100×100 is %v wide", w)
	}
}

func ones(n int) []float32 { return slices.Repeat([]float32{1}, n) }

func TestPositionSimilarityRefusesWhatHasNoDirection(t *testing.T) {
	for _, c := range []struct {
		embeddings         []float32
		rows, columns, dim int
		want               string
	}{
		{ones(11), 2, 2, 2, "11 values for 2×2 patches with 2 numbers each: give 8, or 10 with a class token"},
		{nil, 0, 2, 2, "0×2 patches"},
		{ones(101), 101, 1, 1, "give 1 to 100 rows"},
		{[]float32{1, 1, 0, 0}, 1, 2, 2, "row 1, column 2 is zero or not finite"},
		{[]float32{1, float32(math.NaN()), 1, 1}, 2, 1, 2, "row 1, column 1 is zero or not finite"},
		{[]float32{1, 1, float32(math.Inf(1)), 1}, 2, 1, 2, "row 2, column 1 is zero or not finite"},
	} {
		_, err := PositionSimilarity(c.embeddings, c.rows, c.columns, c.dim, PositionsOptions{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", err, c.want)
		}
	}
}

// Attention comes in maps of 15×15 (255 pixels) and 14×14 (224). The one hot patch must be where it stands.
func TestOverlayTakesMapsOfPatches(t *testing.T) {
	for _, c := range []struct{ n, side, row, column int }{{15, 240, 11, 3}, {14, 224, 2, 13}, {14, 200, 6, 0}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			heat := make([]float32, c.n*c.n)
			heat[c.row*c.n+c.column] = 1
			under := image.NewGray(image.Rect(0, 0, c.side, c.side))
			out := overlay(t, under, heat, c.n, c.n)
			patch := float64(c.side) / float64(c.n)
			at := func(row, column int) uint32 {
				_, g, _, _ := out.At(int((float64(column)+0.5)*patch), int((float64(row)+0.5)*patch)).RGBA()
				return g >> 8
			}
			for p := range c.n * c.n {
				hot := p == c.row*c.n+c.column
				if g := at(p/c.n, p%c.n); hot && g < 100 || !hot && g > 12 {
					t.Errorf("patch %d (hot: %v) has green %d", p, hot, g)
				}
			}
		})
	}
}
