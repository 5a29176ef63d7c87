// Command decode writes the pixels of images as lib/images decodes them: for each image height×width×3 bytes, at the
// image's own size, one after the other to standard output. decode.py beside it compares them with those of other
// decoders.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"

	"github.com/transfer-learning-go/defects/lib/images"
)

func main() {
	pillow := flag.Bool("pillow", false, "the pixels of Pillow, not of TensorFlow")
	flag.Parse()
	as := images.TensorFlow
	if *pillow {
		as = images.Pillow
	}
	if err := run(flag.Args(), as); err != nil {
		fmt.Fprintln(os.Stderr, "decode:", err)
		os.Exit(1)
	}
}

func run(paths []string, as images.Decoder) error {
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
		pixels, err := images.Of(f).DecodedBy(as).Images[0].Pixels(img.Bounds().Dy(), img.Bounds().Dx())
		if err != nil {
			return err
		}
		for _, v := range pixels {
			out.WriteByte(byte(v))
		}
	}
	return out.Flush()
}
