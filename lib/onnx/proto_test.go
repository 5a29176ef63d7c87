package onnx

import (
	"io"
	"strings"
	"testing"
)

func TestFilesOfMoreThan2GBAreRefused(t *testing.T) {
	g := &graph{tensors: []tensor{{name: "kernel", dims: []int{1 << 15, 1 << 14}, floats: func() []float32 {
		t.Error("the values are made")
		return nil
	}}}}
	if err := g.write(io.Discard); err == nil || !strings.Contains(err.Error(), "takes 2147 MB") {
		t.Error(err)
	}
}
