package main

import (
	"errors"
	"fmt"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/neudet"
)

// openData opens what --data names, else what Find finds, and says on stderr which.
func (c *call) openData(name string) (*images.Dataset, error) {
	var data *images.Dataset
	var err error
	if c.given("data") {
		data, err = images.Open(name)
	} else {
		data, err = neudet.Find()
	}
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c.stderr, "data: %s (%d + %d images)\n", data.Origin, len(data.Train.Images), len(data.Validation.Images))
	if data.Note != "" {
		fmt.Fprintf(c.stderr, "data: %s\n", data.Note)
	}
	return data, nil
}

// readImages reads all images, or names all that cannot be read.
func readImages(names []string) ([]images.Image, error) {
	files := make([]images.Image, len(names))
	var failed []error
	for i, name := range names {
		f, err := images.ReadFile(name)
		if err != nil {
			failed = append(failed, err)
		}
		files[i] = f
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("%d of %d images cannot be used:\n%w", len(failed), len(names), errors.Join(failed...))
	}
	return files, nil
}

func noticeLine(notice string) string {
	if notice == "" {
		return ""
	}
	return "NOTICE: " + notice + "\n"
}
