package figure

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// maxChange is how far paletted may move a channel of a pixel, of 255. It is the edges of letters that move.
const maxChange = 24

// paletted is the picture in at most 256 colours, a third of the size as a PNG file: its own if they are as few, else the
// most frequent of 256 groups that lie close together (median cut, Heckbert 1982, by the widest group). It is nil if a
// pixel would change by more than maxChange or is not opaque.
func paletted(m *image.RGBA) *image.Paletted {
	counts, ok := countColours(m)
	if !ok {
		return nil
	}
	colours := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, compareColours) // a map has no order, a file must
	index := make(map[color.RGBA]uint8, len(colours))
	palette := make(color.Palette, 0, 256)
	for _, group := range groups(colours, 256) {
		chosen := slices.MaxFunc(group, func(a, b color.RGBA) int { return cmp.Compare(counts[a], counts[b]) })
		for _, c := range group {
			if change(c, chosen) > maxChange {
				return nil
			}
			index[c] = uint8(len(palette))
		}
		palette = append(palette, chosen)
	}
	out := image.NewPaletted(m.Rect, palette)
	last, i := colours[0], index[colours[0]]
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			if c := (color.RGBA{row[4*x], row[4*x+1], row[4*x+2], 255}); c != last {
				last, i = c, index[c]
			}
			out.Pix[y*out.Stride+x] = i
		}
	}
	return out
}

// countColours counts pixels. It is not ok if one is not opaque, or if there are none.
func countColours(m *image.RGBA) (counts map[color.RGBA]int, ok bool) {
	counts = map[color.RGBA]int{}
	var last color.RGBA
	run := 0
	for y := range m.Rect.Dy() {
		row := m.Pix[y*m.Stride:]
		for x := range m.Rect.Dx() {
			c := color.RGBA{row[4*x], row[4*x+1], row[4*x+2], row[4*x+3]}
			if c.A != 255 {
				return nil, false
			}
			if c != last && run > 0 {
				counts[last] += run
				run = 0
			}
			last = c
			run++
		}
	}
	if run > 0 {
		counts[last] += run
	}
	return counts, len(counts) > 0
}

// groups cuts the widest group in two until there are n, or as many as colours.
func groups(colours []color.RGBA, n int) [][]color.RGBA {
	all := [][]color.RGBA{colours}
	for len(all) < min(n, len(colours)) {
		widest, channel, width := 0, 0, -1
		for i, g := range all {
			for c := range 3 {
				if w := extent(g, c); w > width {
					widest, channel, width = i, c, w
				}
			}
		}
		g := all[widest]
		slices.SortStableFunc(g, func(a, b color.RGBA) int { return cmp.Compare(channelOf(a, channel), channelOf(b, channel)) })
		middle := (int(channelOf(g[0], channel)) + int(channelOf(g[len(g)-1], channel)) + 1) / 2
		cut := slices.IndexFunc(g, func(c color.RGBA) bool { return int(channelOf(c, channel)) >= middle })
		all[widest] = g[:cut]
		all = append(all, g[cut:])
	}
	return all
}

func extent(colours []color.RGBA, channel int) int {
	low, high := 255, 0
	for _, c := range colours {
		v := int(channelOf(c, channel))
		low, high = min(low, v), max(high, v)
	}
	return high - low
}

func channelOf(c color.RGBA, channel int) uint8 { return [3]uint8{c.R, c.G, c.B}[channel] }

// change is the largest difference of two colours in a channel.
func change(a, b color.RGBA) int {
	worst := 0
	for c := range 3 {
		p, q := int(channelOf(a, c)), int(channelOf(b, c))
		worst = max(worst, p-q, q-p)
	}
	return worst
}

func compareColours(a, b color.RGBA) int {
	return cmp.Or(cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
}
