// Command jpeg decodes the files of a zip as TensorFlow and as Pillow do, for jpeg.py beside it. For each file and
// decoder it writes a number of bytes, 32 bits with the lowest byte first, and so many bytes: red, green, blue of each
// pixel; 0 for a file that cannot be read.
package main

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"image"
	"io"
	"os"

	"github.com/transfer-learning-go/defects/lib/images/jpeg"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "jpeg:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	out := bufio.NewWriter(os.Stdout)
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		for _, as := range []jpeg.Decoder{jpeg.TensorFlow, jpeg.Pillow} {
			var pixels []byte
			if img, err := jpeg.Decode(data, as); err == nil {
				pixels = colours(img)
			}
			if err := binary.Write(out, binary.LittleEndian, uint32(len(pixels))); err != nil {
				return err
			}
			out.Write(pixels)
		}
	}
	return out.Flush()
}

func colours(img image.Image) []byte {
	var pixels []byte
	switch m := img.(type) {
	case *image.Gray:
		for _, v := range m.Pix {
			pixels = append(pixels, v, v, v)
		}
	case *image.RGBA:
		for i := 0; i < len(m.Pix); i += 4 {
			pixels = append(pixels, m.Pix[i:i+3]...)
		}
	}
	return pixels
}
