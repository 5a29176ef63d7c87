package figure

import (
	"fmt"
	"image"
	"math"
	"strconv"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
)

// maxGrid is how many patches a side PositionSimilarity can show: 1600 pixels in patches of 16.
const maxGrid = 100

// mapsPerSide is how many maps PositionSimilarity draws at most in a row or column, so that each can be read.
const mapsPerSide = 8

// PositionsOptions may be left empty.
type PositionsOptions struct {
	Title  string
	Notice string // of the model that the embeddings come from
}

// PositionSimilarity draws how alike the learned position embeddings of a Vision Transformer are, as Fig. 7 of
// Dosovitskiy et al., 2021: one small map per patch, where the patch stands in the grid, with the cosine similarity of
// its embedding to that of every patch, from −1 in violet to 1 in yellow. Of larger grids every second patch (third,
// …) has a map, so that a side has at most 8; each map still shows all patches.
//
// embeddings is the table [rows·columns, dim] of layer.PositionEmbedding, row by row of patches. One row more is taken
// for the class token's, which comes first and is left out. It is an error if there are other numbers of values, if a
// side has more than 100 patches, or if an embedding is zero or not finite, which has no direction.
func PositionSimilarity(embeddings []float32, rows, columns, dim int, o PositionsOptions) (*Figure, error) {
	s, err := newSimilarity(embeddings, rows, columns, dim)
	if err != nil {
		return nil, fmt.Errorf("similarity of position embeddings: %w", err)
	}
	const (
		mapSide   = 76.0
		mapGap    = 6.0
		axisTitle = 24.0
		barWidth  = 20.0
	)
	names := canvas.Body
	// Cells and the places of maps are whole pixels, so that all look alike.
	pixels := int(mapSide*canvas.Scale) / max(rows, columns)
	cell := float64(pixels) / canvas.Scale
	stepX, stepY := cell*float64(columns)+mapGap, cell*float64(rows)+mapGap
	across, down := shown(columns), shown(rows)
	gridWidth, gridHeight := stepX*float64(len(across))-mapGap, stepY*float64(len(down))-mapGap
	left := canvas.Margin + axisTitle + math.Ceil(names.Width(strconv.Itoa(rows))) + nameGap
	barX := left + gridWidth + 2*canvas.Gap
	const barRoom = barWidth + nameGap + 34 + axisTitle
	width := max(barX+barRoom+canvas.Margin, 420)
	page := newPage(width, o.Title, o.Notice, nil)
	top := page.Height + 4
	barTop, barHeight := top, max(gridHeight, 160)
	top += math.Round((barHeight - gridHeight) / 2)
	bottom := max(top+gridHeight+nameGap+canvas.BodySize+axisTitle, barTop+barHeight+canvas.BodySize)
	c := page.canvas(bottom + canvas.Margin - page.Height)

	for i, row := range down {
		for j, column := range across {
			corner := image.Pt(int(canvas.Scale*(left+stepX*float64(j))), int(canvas.Scale*(top+stepY*float64(i))))
			for k, v := range s.to(row*columns + column) {
				at := image.Rect(0, 0, pixels, pixels).Add(corner).Add(image.Pt(k%columns, k/columns).Mul(pixels))
				xdraw.Draw(c.Image, at, image.NewUniform(viridis((v+1)/2)), image.Point{}, xdraw.Src)
			}
		}
	}
	for i, row := range down {
		c.Text(left-nameGap, top+stepY*float64(i)+(stepY-mapGap)/2, names.Ending(), strconv.Itoa(row+1))
	}
	for j, column := range across {
		x, y := left+stepX*float64(j)+(stepX-mapGap)/2, top+gridHeight+nameGap+canvas.BodySize/2
		c.Text(x, y, names.Centred(), strconv.Itoa(column+1))
	}
	axis := canvas.Label.Bold().Centred()
	c.Text(left+gridWidth/2, top+gridHeight+nameGap+canvas.BodySize+axisTitle/2, axis, "column of the patch")
	axis = axis.Turned(math.Pi / 2)
	c.Text(canvas.Margin+axisTitle/2-4, top+gridHeight/2, axis, "row of the patch")
	similarityBar(c, barX, barTop, barWidth, barHeight)
	axis = axis.Turned(-math.Pi / 2)
	c.Text(barX+barRoom-axisTitle/2, barTop+barHeight/2, axis, "cosine similarity")
	return page.figure(c, o.Title, s.alt(down, across)), nil
}

// similarityBar is the legend of colours, from −1 below to 1.
func similarityBar(c *canvas.Canvas, x, y, width, height float64) {
	for k := range int(height * canvas.Scale) { // row by row of pixels
		c.Box(x, y+float64(k)/canvas.Scale, width, 1/canvas.Scale, viridis(1-float64(k)/(height*canvas.Scale-1)))
	}
	line := draw.LineStyle{Color: canvas.Grey, Width: 1}
	c.Frame(x, y, width, height, line)
	for k, label := range []string{"1", "0.5", "0", "−0.5", "−1"} {
		at := y + height*float64(k)/4
		c.Line(line, x+width, at, x+width+4, at)
		c.Text(x+width+8, at, canvas.Body, label)
	}
}

// shown is the rows or columns of patches that have a map.
func shown(n int) []int {
	step := (n + mapsPerSide - 1) / mapsPerSide
	var at []int
	for i := (n - 1) % step / 2; i < n; i += step { // as far from the first as from the last
		at = append(at, i)
	}
	return at
}

// similarity holds position embeddings of length 1.
type similarity struct {
	rows, columns int
	unit          [][]float64
}

func newSimilarity(embeddings []float32, rows, columns, dim int) (*similarity, error) {
	if min(rows, columns, dim) < 1 || max(rows, columns) > maxGrid {
		return nil, fmt.Errorf("%d×%d patches with %d numbers each cannot be drawn: give 1 to %d rows and columns", rows,
			columns, dim, maxGrid)
	}
	n := rows * columns
	switch len(embeddings) {
	case n * dim:
	case (n + 1) * dim:
		embeddings = embeddings[dim:]
	default:
		return nil, fmt.Errorf("%d values for %d×%d patches with %d numbers each: give %d, or %d with a class token",
			len(embeddings), rows, columns, dim, n*dim, (n+1)*dim)
	}
	s := &similarity{rows: rows, columns: columns}
	for p := range n {
		unit, square := make([]float64, dim), 0.0
		for i, v := range embeddings[p*dim : (p+1)*dim] {
			unit[i] = float64(v)
			square += unit[i] * unit[i]
		}
		if !(square > 0) || math.IsInf(square, 0) {
			return nil, fmt.Errorf("the embedding of the patch in row %d, column %d is zero or not finite: it has no "+
				"direction to compare", p/columns+1, p%columns+1)
		}
		for i := range unit {
			unit[i] /= math.Sqrt(square)
		}
		s.unit = append(s.unit, unit)
	}
	return s, nil
}

// to is the cosine similarity of one patch to all.
func (s *similarity) to(p int) []float64 {
	all := make([]float64, len(s.unit))
	for q, u := range s.unit {
		for i, v := range u {
			all[q] += v * s.unit[p][i]
		}
	}
	return all
}

// alt says in numbers whether neighbours, rows and columns are alike.
func (s *similarity) alt(down, across []int) string {
	var sums, counts [4]float64
	for _, row := range down {
		for _, column := range across {
			p := row*s.columns + column
			for q, v := range s.to(p) {
				dy, dx := max(row-q/s.columns, q/s.columns-row), max(column-q%s.columns, q%s.columns-column)
				for k, is := range []bool{dx+dy == 1, dy == 0 && dx > 1, dx == 0 && dy > 1, dx > 0 && dy > 0} {
					if is {
						sums[k] += v
						counts[k]++
					}
				}
			}
		}
	}
	text := fmt.Sprintf("Cosine similarity of the position embeddings of %d×%d patches, with %d maps", s.rows, s.columns,
		len(down)*len(across))
	sep := "; on average "
	for k, name := range []string{"to neighbours", "farther in the same row", "farther in the same column", "elsewhere"} {
		if counts[k] > 0 {
			text += fmt.Sprintf("%s%.2f %s", sep, sums[k]/counts[k], name)
			sep = ", "
		}
	}
	return text + "."
}
