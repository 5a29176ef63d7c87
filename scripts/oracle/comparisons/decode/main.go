// Command decode writes the pixels of images as lib/images decodes them: for each image height×width×3 bytes, at the
// image's own size, one after the other to standard output. decode.py beside it compares them with those of other
// decoders.
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/images"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func run(paths []string) error {
	out := bufio.NewWriter(os.Stdout)
	for _, path := range paths {
		f, err := images.ReadFile(path)
		if err != nil {
			return err
		}
		img, err := f.Decode()
		if err != nil {
			return err
		}
		pixels, err := f.Pixels(img.Bounds().Dy(), img.Bounds().Dx())
		if err != nil {
			return err
		}
		for _, v := range pixels {
			out.WriteByte(byte(v))
		}
	}
	return out.Flush()
}
