package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation is how a JPEG is to be turned, 1 to 8 as its EXIF data (JEITA CP-3451, tag 0x0112) count it; 1, as it is, also
// where it does not say, or is damaged.
func orientation(data []byte) int {
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		if marker == 0xff { // padding
			at++
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if marker < 0xc0 || marker == 0xda || end > len(data) || end < at+4 { // the picture begins, or no such segment
			return 1
		}
		if exif, ok := bytes.CutPrefix(data[at+4:end], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(exif)
		}
		at = end
	}
	return 1
}

// tiffOrientation looks for the tag in the first directory.
func tiffOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	const entry, tag, short = 12, 0x0112, 3
	entries := int(order.Uint16(tiff[at:]))
	for rest := tiff[at+2:]; entries > 0 && len(rest) >= entry; entries, rest = entries-1, rest[entry:] {
		if order.Uint16(rest) != tag {
			continue
		}
		if v := order.Uint16(rest[8:]); order.Uint16(rest[2:]) == short && v >= 1 && v <= 8 {
			return int(v)
		}
		return 1
	}
	return 1
}

// upright turns an image as its orientation says.
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	from := func(x, y int) (int, int) { // of a pixel of the result, in the image
		switch orientation {
		case 2:
			return w - 1 - x, y
		case 3:
			return w - 1 - x, h - 1 - y
		case 4:
			return x, h - 1 - y
		case 5:
			return y, x
		case 6:
			return y, h - 1 - x
		case 7:
			return w - 1 - y, h - 1 - x
		}
		return w - 1 - y, x
	}
	if grey, ok := img.(*image.Gray); ok {
		out := image.NewGray(size)
		for i := range out.Pix {
			x, y := from(i%size.Dx(), i/size.Dx())
			out.Pix[i] = grey.GrayAt(b.Min.X+x, b.Min.Y+y).Y
		}
		return out
	}
	out := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := from(x, y)
			r, g, bl := rgb(img, b.Min.X+sx, b.Min.Y+sy)
			out.SetRGBA(x, y, color.RGBA{r, g, bl, 255})
		}
	}
	return out
}
