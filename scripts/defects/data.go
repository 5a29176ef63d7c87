package main

import (
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

func noticeLine(notice string) string {
	if notice == "" {
		return ""
	}
	return "NOTICE: " + notice + "\n"
}
