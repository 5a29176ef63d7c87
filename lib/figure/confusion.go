package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg/draw"
)

// maxClasses is how many classes a confusion matrix can show with readable text.
const maxClasses = 40

// ConfusionMatrix draws counts as a heatmap in Blues with a colour bar. counts[i][j] images of class i were
// predicted as class j: rows are actual classes, columns predicted ones, as in metrics.Confusion.
//
// It is an error if counts is not a square of len(classes), has a negative count or nothing but zeros, or if
// there are more than 40 classes.
func ConfusionMatrix(classes []string, counts [][]int, o Options) (*Figure, error) {
	right, total, most, err := checkCounts(classes, counts)
	if err != nil {
		return nil, fmt.Errorf("confusion matrix figure: %w", err)
	}
	title := o.Title
	if title == "" {
		title = fmt.Sprintf("Confusion matrix: %d of %d right", right, total)
	}

	names, n := textStyle(textSize), float64(len(classes))
	// The number of the fullest cell decides how small cells can be.
	cell := max(math.Floor(min(72, 520/n)), 22, math.Ceil(textWidth(textStyle(tinySize), strconv.Itoa(most)))+4)
	labels := shortenAll(names, classes)
	nameWidth := math.Ceil(widest(names, labels))
	const (
		axisTitle = 24.0
		barWidth  = 20.0
		nameGap   = 8.0
	)
	side := cell * n
	left := margin + axisTitle + nameWidth + nameGap
	barX := left + side + 2*gap
	bar := ticks(0, float64(most), 7, true)
	barLabels := textWidth(names, strconv.Itoa(most))
	width := max(barX+barWidth+nameGap+barLabels+margin, 420)

	h := newHeader(width, title, o.Notice, nil)
	top := h.height + 4
	// Names on the x axis are turned by 45°, and their ends stand under the cells.
	below := nameGap + (nameWidth+textSize)*math.Sqrt2/2
	c := newCanvas(width, top+side+below+axisTitle+margin)
	h.draw(c)

	for i, row := range counts {
		for j, count := range row {
			x, y := left+float64(j)*cell, top+float64(i)*cell
			fill := blues(float64(count) / float64(most))
			c.fill(x, y, cell, cell, fill)
			number := aligned(colored(countStyle(cell), readableOn(fill)), draw.XCenter)
			c.text(x+cell/2, y+cell/2, number, strconv.Itoa(count))
		}
	}
	line := draw.LineStyle{Color: grey, Width: 1}
	c.frame(left, top, side, side, line)

	turned := aligned(names, draw.XRight)
	turned.Rotation = math.Pi / 4
	for i, label := range labels {
		at := (float64(i) + 0.5) * cell
		c.text(left-nameGap, top+at, aligned(names, draw.XRight), label)
		c.line(line, left-4, top+at, left, top+at)
		c.text(left+at, top+side+nameGap, turned, label)
		c.line(line, left+at, top+side, left+at, top+side+4)
	}
	axis := aligned(bold(textStyle(labelSize)), draw.XCenter)
	c.text(left+side/2, top+side+below+axisTitle/2, axis, "predicted")
	axis.Rotation = math.Pi / 2
	c.text(margin+axisTitle/2-4, top+side/2, axis, "actual")

	const steps = 256
	for k := range steps {
		// From pixel to pixel, so that no seams show.
		from, to := math.Round(side*scale*float64(k)/steps)/scale, math.Round(side*scale*float64(k+1)/steps)/scale
		c.fill(barX, top+side-to, barWidth, to-from, blues((float64(k)+0.5)/steps))
	}
	c.frame(barX, top, barWidth, side, line)
	for _, t := range bar {
		y := top + side*(1-t.Value/float64(most))
		c.line(line, barX+barWidth, y, barX+barWidth+4, y)
		c.text(barX+barWidth+nameGap, y, names, t.Label)
	}
	return c.figure(o.alt(confusionAlt(classes, counts, right, total))), nil
}

func countStyle(cell float64) draw.TextStyle {
	if cell < 44 {
		return textStyle(tinySize)
	}
	return textStyle(labelSize + 1)
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
