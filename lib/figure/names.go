package figure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/metrics"
)

// box is a rectangle on a canvas, y downwards.
type box struct{ left, top, right, bottom float64 }

// hits reports whether b overlaps any of some boxes.
func (b box) hits(lists ...[]box) bool {
	for _, list := range lists {
		for _, a := range list {
			if b.left < a.right && a.left < b.right && b.top < a.bottom && a.top < b.bottom {
				return true
			}
		}
	}
	return false
}

func (b box) within(a box) bool {
	return b.left >= a.left && b.right <= a.right && b.top >= a.top && b.bottom <= a.bottom
}

const (
	nameHeight = 18.0
	maxNamed   = 240.0 // width of a name
	aboveNames = 20.0  // room above a plot for names
)

// spot is a place for a name: where it begins or ends, seen from its point, and on which side of that it stands, −1 to
// the left, 0 centred, 1 to the right.
type spot struct {
	x, y, side float64
	leader     bool // a line leads to the point
}

// spots are tried in this order: beside the point, beyond the ends of its error bar, which lie up and down from it, then
// farther and farther away.
func spots(up, down float64) []spot {
	all := []spot{{9, 0, 1, false}, {-9, 0, -1, false}}
	for _, y := range []float64{-up - 11, down + 11} {
		all = append(all, spot{0, y, 0, false}, spot{-6, y, 1, false}, spot{6, y, -1, false})
	}
	for distance := 24.0; distance < 400; distance += 12 {
		for _, angle := range []float64{0, 15, -15, 30, -30, 45, -45, 60, -60, 75, -75} {
			sin, cos := math.Sincos(angle * math.Pi / 180)
			all = append(all, spot{distance * cos, distance * sin, 1, true}, spot{-distance * cos, distance * sin, -1, true})
		}
	}
	return all
}

// namer finds room for the names of points on a canvas.
type namer struct {
	inside        box
	markers, bars []box     // one per point
	widths        []float64 // of their names
	names, lines  []box     // placed already, and along the lines that lead to their points
}

// placed is a name with its place.
type placed struct {
	spot
	name box
}

// placeAll finds places for all names: those with the shortest lines to their points of some orders in which names may be
// placed. Where points are crowded, the order decides. It gives the index of a name without room, or −1.
func (n *namer) placeAll() (best []placed, without int) {
	const orders = 40
	least, rng := math.Inf(1), rand.New(rand.NewPCG(1, 0))
	order := make([]int, len(n.markers))
	for i := range order {
		order[i] = i
	}
	without = -1
	for range orders {
		n.names, n.lines = nil, nil
		all, sum := make([]placed, len(order)), 0.0
		for _, i := range order {
			p, cost, ok := n.place(i)
			if !ok {
				without, sum = i, math.Inf(1)
				break
			}
			all[i], sum = p, sum+cost
		}
		if sum < least {
			best, least = all, sum
		}
		if least == 0 {
			break
		}
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	if best != nil {
		without = -1
	}
	return best, without
}

// place finds the first spot where the name of point i covers no marker, error bar or other name. A line that leads to a
// point crosses no name; it crosses error bars only if there is no other spot, markers only if there is none then, and
// other such lines at last. Its length and what it crosses are the cost.
func (n *namer) place(i int) (p placed, cost float64, ok bool) {
	marker, width := n.markers[i], n.widths[i]
	x, y := (marker.left+marker.right)/2, (marker.top+marker.bottom)/2
	others := func(boxes []box) []box { return slices.Concat(boxes[:i], boxes[i+1:]) }
	for crossed, avoided := range [][][]box{{n.names, n.lines, others(n.markers), others(n.bars)},
		{n.names, n.lines, others(n.markers)}, {n.names, n.lines}, {n.names}} {
		for _, s := range spots(y-n.bars[i].top, n.bars[i].bottom-y) {
			left := x + s.x + width*(s.side-1)/2
			around := box{left, y + s.y - nameHeight/2, left + width, y + s.y + nameHeight/2}
			if !around.within(n.inside) || around.hits(n.markers, n.bars, n.names, n.lines) {
				continue
			}
			leader, free := leaderTo(x, y, s, avoided)
			if free {
				n.names, n.lines = append(n.names, around), append(n.lines, leader...)
				if s.leader {
					cost = math.Hypot(s.x, s.y) + 100*float64(crossed)
				}
				return placed{s, around}, cost, true
			}
		}
	}
	return placed{}, 0, false
}

// leaderTo is what the line from a spot to its point at (x, y) covers, in small boxes; free tells whether that is nothing
// of what is to be avoided.
func leaderTo(x, y float64, s spot, avoided [][]box) (leader []box, free bool) {
	const start = 8.0 // outside of the marker
	length := math.Hypot(s.x, s.y)
	for at := start; s.leader && at < length; at += 2 {
		lx, ly := x+s.x*at/length, y+s.y*at/length
		b := box{lx - 1, ly - 1, lx + 1, ly + 1}
		if b.hits(avoided...) {
			return nil, false
		}
		leader = append(leader, b)
	}
	return leader, true
}

// drawNames writes the names of points beside them.
func drawNames(c *canvas.Canvas, p *plot.Plot, data draw.Canvas, points []Point) error {
	across := func(x float64) float64 { return float64(data.X(p.X.Norm(x))) }
	down := func(y float64) float64 { return c.Height - float64(data.Y(p.Y.Norm(y))) }
	n := namer{inside: box{float64(data.Min.X), down(p.Y.Max) - aboveNames, float64(data.Max.X), down(p.Y.Min)}}
	style, names := canvas.Body, make([]string, len(points))
	for i, point := range points {
		names[i] = style.Shorten(point.Name, maxNamed)
		n.widths = append(n.widths, style.Width(names[i]))
		x, y := across(point.X), down(point.Y)
		marker := box{x - 6, y - 6, x + 6, y + 6}
		bar := marker
		if point.Interval != (metrics.Interval{}) {
			bar.top, bar.bottom = min(bar.top, down(point.Interval.High)-2), max(bar.bottom, down(point.Interval.Low)+2)
		}
		n.markers, n.bars = append(n.markers, marker), append(n.bars, bar)
	}
	places, without := n.placeAll()
	if without >= 0 {
		return fmt.Errorf("no room for the name of point %d (%s): give shorter names or fewer points", without, points[without].Name)
	}
	for i, s := range places {
		x, y := across(points[i].X), down(points[i].Y)
		left := s.name.left
		if s.leader {
			start := 8 / math.Hypot(s.x, s.y)
			c.Line(draw.LineStyle{Color: canvas.Grey, Width: 1}, x+start*s.x, y+start*s.y, x+s.x, y+s.y)
			left += 3 * s.side
		}
		c.Text(left, y+s.y, style.In(named(seriesColors[i%len(seriesColors)])), names[i])
	}
	return nil
}
