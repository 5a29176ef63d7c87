package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/png"

	xdraw "golang.org/x/image/draw"

	"github.com/transfer-learning-go/defects/lib/explain"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// explainer is Grad-CAM or, for a transformer, which has no feature map, attention rollout.
type explainer struct {
	gradcam   *explain.GradCAM
	attention *explain.Attention
}

func newExplainer(ls layer.List, v layer.Values) (*explainer, error) {
	for _, l := range ls {
		if _, transformer := l.Op.(layer.MultiHeadAttention); transformer {
			if a, err := explain.NewAttention(ls, v); err == nil {
				return &explainer{attention: a}, nil
			}
			break // a hybrid may have a feature map all the same
		}
	}
	g, err := explain.NewGradCAM(ls, v)
	if err != nil {
		return nil, err
	}
	return &explainer{gradcam: g}, nil
}

func (e *explainer) explain(ctx context.Context, s images.Source) (heat result.Heatmap, method string,
	part func(image.Image) image.Image, err error) {
	if e.gradcam != nil {
		maps, err := e.gradcam.Explain(ctx, s, nil)
		if err != nil {
			return heat, "", nil, err
		}
		return maps[0], "Grad-CAM", func(img image.Image) image.Image { return img }, nil
	}
	maps, err := e.attention.Explain(ctx, s)
	if err != nil {
		return heat, "", nil, err
	}
	return maps[0].Rollout().Stretched(), "attention rollout, stretched", maps[0].Crop, nil
}

func (e *explainer) close() error {
	if e.gradcam != nil {
		return e.gradcam.Close()
	}
	return e.attention.Close()
}

// overlaySide is the longer side of the pictures that explanations are drawn on, in pixels.
const overlaySide = 512

var errNoPicture = errors.New("no picture to draw on")

// overlay draws heat over a picture and gives it as a data URI.
func overlay(picture image.Image, heat result.Heatmap, part func(image.Image) image.Image) (string, error) {
	if picture == nil {
		return "", errNoPicture
	}
	b := picture.Bounds()
	scale := float64(overlaySide) / float64(max(b.Dx(), b.Dy()))
	small := image.NewRGBA(image.Rect(0, 0, max(1, int(scale*float64(b.Dx())+0.5)), max(1, int(scale*float64(b.Dy())+0.5))))
	xdraw.ApproxBiLinear.Scale(small, small.Rect, picture, b, xdraw.Src, nil)
	over, err := figure.Overlay(part(small), heat)
	if err != nil {
		return "", err
	}
	xdraw.Draw(small, over.Bounds().Intersect(small.Rect), over, over.Bounds().Min, xdraw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, small); err != nil {
		return "", fmt.Errorf("explanation: %w", err)
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(out.Bytes()), nil
}
