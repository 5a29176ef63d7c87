package main

import (
	"bytes"
	"encoding/base64"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png"
	"regexp"
)

var (
	figureTag = regexp.MustCompile(`<img [^>]*\bid="figure-[^>]*>`)
	figureID  = regexp.MustCompile(`\bid="(figure-[0-9]+)"`)
	figureAlt = regexp.MustCompile(`\balt=(?:"([^"]*)"|'([^']*)')`)
	figureSrc = regexp.MustCompile(`\bsrc="data:image/(?:png|jpeg);base64,([^"]*)"`)
)

// pictures are the figures of a report.
func pictures(text []byte) (found []picture) {
	for _, tag := range figureTag.FindAll(text, -1) {
		id, alt, src := figureID.FindSubmatch(tag), figureAlt.FindSubmatch(tag), figureSrc.FindSubmatch(tag)
		if id == nil || alt == nil || src == nil {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(string(src[1]))
		if err != nil {
			continue
		}
		found = append(found, picture{string(id[1]), html.UnescapeString(string(alt[1]) + string(alt[2])), data})
	}
	return found
}

// thumbnailHeight is in pixels, two of which are one on the start page.
const thumbnailHeight = 180

// shrink makes a small JPEG file of a picture. Each of its pixels is the mean of those that it stands for.
func shrink(file []byte) ([]byte, error) {
	decoded, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	large := image.NewRGBA(image.Rectangle{Max: decoded.Bounds().Size()})
	draw.Draw(large, large.Rect, decoded, decoded.Bounds().Min, draw.Src)
	size := large.Rect.Max
	height := min(thumbnailHeight, size.Y)
	width := max(1, size.X*height/size.Y)
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			part := image.Rect(x*size.X/width, y*size.Y/height, (x+1)*size.X/width, (y+1)*size.Y/height)
			small.SetRGBA(x, y, mean(large, part))
		}
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	return out.Bytes(), err
}

func mean(m *image.RGBA, part image.Rectangle) color.RGBA {
	var sum [3]int
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := m.Pix[m.PixOffset(part.Min.X, y):m.PixOffset(part.Max.X, y)]
		for i := 0; i < len(row); i += 4 {
			sum[0], sum[1], sum[2] = sum[0]+int(row[i]), sum[1]+int(row[i+1]), sum[2]+int(row[i+2])
		}
	}
	n := part.Dx() * part.Dy()
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
