package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"path/filepath"
	"strings"
)

// The logo is a small confusion matrix, nearly all of it right: squares on a grid of 16 by 16 units.
var logo = []struct {
	x, y, size int
	fill       color.RGBA
}{
	{0, 0, 16, color.RGBA{38, 50, 56, 255}},
	{1, 1, 4, color.RGBA{255, 202, 40, 255}}, {6, 1, 4, color.RGBA{69, 90, 100, 255}}, {11, 1, 4, color.RGBA{69, 90, 100, 255}},
	{1, 6, 4, color.RGBA{69, 90, 100, 255}}, {6, 6, 4, color.RGBA{255, 202, 40, 255}}, {11, 6, 4, color.RGBA{144, 113, 56, 255}},
	{1, 11, 4, color.RGBA{69, 90, 100, 255}}, {6, 11, 4, color.RGBA{69, 90, 100, 255}}, {11, 11, 4, color.RGBA{255, 202, 40, 255}},
}

// writeLogo leaves the files that Jupyter looks for beside kernel.json, for its launcher.
func writeLogo(dir string) error {
	var svg strings.Builder
	svg.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="64" height="64">`)
	for _, s := range logo {
		fmt.Fprintf(&svg, `<rect x="%d" y="%d" width="%d" height="%d" fill="#%02x%02x%02x"/>`,
			s.x, s.y, s.size, s.size, s.fill.R, s.fill.G, s.fill.B)
	}
	svg.WriteString("</svg>\n")
	all := writeFile(filepath.Join(dir, "logo-svg.svg"), []byte(svg.String()), 0o644)
	for _, size := range []int{32, 64} {
		picture := image.NewRGBA(image.Rect(0, 0, size, size))
		unit := size / 16
		for _, s := range logo {
			square := image.Rect(s.x*unit, s.y*unit, (s.x+s.size)*unit, (s.y+s.size)*unit)
			draw.Draw(picture, square, image.NewUniform(s.fill), image.Point{}, draw.Src)
		}
		var out bytes.Buffer
		err := png.Encode(&out, picture)
		all = errors.Join(all, err, writeFile(filepath.Join(dir, fmt.Sprintf("logo-%dx%d.png", size, size)), out.Bytes(), 0o644))
	}
	return all
}
