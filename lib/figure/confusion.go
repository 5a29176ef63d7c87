package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

const nameGap = 8.0 // between a name and what it stands beside

// maxClasses is how many classes a confusion matrix can show with readable text.
const maxClasses = 40

// ConfusionOptions may be left empty.
type ConfusionOptions struct {
	Title string // if empty, it says how many are right
	Small bool   // a third of a page wide, for Beside: small names and cells, without colour bar
}

// ConfusionMatrix draws counts as a heatmap in Blues with a colour bar: rows are actual classes, columns predicted ones.
//
// It is an error if the counts are not a square of as many rows as classes, have a negative one or nothing but zeros, or
// if there are more than 40 classes.
func ConfusionMatrix(m *metrics.Confusion, o ConfusionOptions) (*Figure, error) {
	if m == nil {
		return nil, errors.New("confusion matrix figure: no confusion matrix given")
	}
	classes, counts := m.Classes, m.Counts
	right, total, most, err := checkCounts(classes, counts)
	if err != nil {
		return nil, fmt.Errorf("confusion matrix figure: %w", err)
	}
	title := o.Title
	if title == "" {
		title = fmt.Sprintf("Confusion matrix: %d of %d right", right, total)
	}

	names, n := canvas.Body, float64(len(classes))
	if o.Small {
		names = canvas.Tiny
	}
	labels := names.ShortenNames(classes)
	nameWidth := math.Ceil(names.Widest(labels))
	const axisTitle, barWidth = 24.0, 20.0
	left := canvas.Margin + axisTitle + nameWidth + nameGap
	room, largest := 520.0, 72.0
	if o.Small {
		room, largest = canvas.PageWidth/3-left-canvas.Margin, 48
	}
	// The number of the fullest cell decides how small cells can be.
	cell := max(math.Floor(min(largest, room/n)), 22, math.Ceil(canvas.Tiny.Width(strconv.Itoa(most)))+4)
	side := cell * n
	barX := left + side + 2*canvas.Gap
	barLabels := names.Width(strconv.Itoa(most))
	width := max(barX+barWidth+nameGap+barLabels+canvas.Margin, 420)
	if o.Small {
		width = max(left+side+canvas.Margin, math.Floor(canvas.PageWidth/3))
	}

	page := newPage(width, title, m.Notice, nil)
	top := page.Height + 4
	// Names on the x axis are turned by 45°, and their ends stand under the cells.
	below := nameGap + (nameWidth+canvas.BodySize)*math.Sqrt2/2
	c := page.canvas(4 + side + below + axisTitle + canvas.Margin)

	for i, row := range counts {
		for j, count := range row {
			x, y := left+float64(j)*cell, top+float64(i)*cell
			fill := blues(float64(count) / float64(most))
			c.Box(x, y, cell, cell, fill)
			number := countStyle(cell).In(readableOn(fill)).Centred()
			c.Text(x+cell/2, y+cell/2, number, strconv.Itoa(count))
		}
	}
	line := draw.LineStyle{Color: canvas.Grey, Width: 1}
	c.Frame(left, top, side, side, line)

	turned := names.Ending().Turned(math.Pi / 4)
	for i, label := range labels {
		at := (float64(i) + 0.5) * cell
		c.Text(left-nameGap, top+at, names.Ending(), label)
		c.Line(line, left-4, top+at, left, top+at)
		c.Text(left+at, top+side+nameGap, turned, label)
		c.Line(line, left+at, top+side, left+at, top+side+4)
	}
	axis := canvas.Label.Bold().Centred()
	c.Text(left+side/2, top+side+below+axisTitle/2, axis, "predicted")
	axis = axis.Turned(math.Pi / 2)
	c.Text(canvas.Margin+axisTitle/2-4, top+side/2, axis, "actual")

	if !o.Small {
		colourBar(c, barX, top, barWidth, side, most)
	}
	return page.figure(c, o.Title, confusionAlt(classes, counts, right, total)), nil
}

// colourBar tells the counts of the blues, from 0 below to most.
func colourBar(c *canvas.Canvas, x, y, width, height float64, most int) {
	const steps = 256
	line := draw.LineStyle{Color: canvas.Grey, Width: 1}
	for k := range steps {
		// From pixel to pixel, so that no seams show.
		whole := func(k int) float64 { return math.Round(height*canvas.Scale*float64(k)/steps) / canvas.Scale }
		from, to := whole(k), whole(k+1)
		c.Box(x, y+height-to, width, to-from, blues((float64(k)+0.5)/steps))
	}
	c.Frame(x, y, width, height, line)
	for _, t := range ticks(0, float64(most), 7, true) {
		at := y + height*(1-t.Value/float64(most))
		c.Line(line, x+width, at, x+width+4, at)
		c.Text(x+width+nameGap, at, canvas.Body, t.Label)
	}
}

func countStyle(cell float64) canvas.Style {
	if cell < 44 {
		return canvas.Tiny
	}
	return canvas.Sized(canvas.LabelSize + 1)
}

func checkCounts(classes []string, counts [][]int) (right, total, most int, err error) {
	n := len(classes)
	switch {
	case n == 0:
		return 0, 0, 0, errors.New("no classes given")
	case n > maxClasses:
		return 0, 0, 0, fmt.Errorf("%d classes cannot be read in one figure; draw at most %d", n, maxClasses)
	case len(counts) != n:
		return 0, 0, 0, fmt.Errorf("%d classes but %d rows of counts; give one row per class", n, len(counts))
	}
	for i, row := range counts {
		if len(row) != n {
			return 0, 0, 0, fmt.Errorf("row %d (%s) has %d counts; give one per class, %d", i, classes[i], len(row), n)
		}
		for j, count := range row {
			if count < 0 {
				return 0, 0, 0, fmt.Errorf("count %d in row %d, column %d is negative", count, i, j)
			}
			total += count
			most = max(most, count)
		}
		right += row[i]
	}
	if total == 0 {
		return 0, 0, 0, errors.New("all counts are 0; evaluate at least one image")
	}
	return right, total, most, nil
}

func confusionAlt(classes []string, counts [][]int, right, total int) string {
	type mistake struct {
		count int
		text  string
	}
	var mistakes []mistake
	for i, row := range counts {
		for j, count := range row {
			if i != j && count > 0 {
				mistakes = append(mistakes, mistake{count, fmt.Sprintf("%d %s as %s", count, classes[i], classes[j])})
			}
		}
	}
	slices.SortStableFunc(mistakes, func(a, b mistake) int { return b.count - a.count })
	const most = 10
	var texts []string
	for _, m := range mistakes[:min(most, len(mistakes))] {
		texts = append(texts, m.text)
	}
	text := fmt.Sprintf("Confusion matrix: %d of %d right", right, total)
	switch {
	case len(mistakes) > most:
		text += "; the commonest mistakes: " + strings.Join(texts, ", ")
	case len(mistakes) > 0:
		text += "; mistaken: " + strings.Join(texts, ", ")
	}
	return text + "."
}
