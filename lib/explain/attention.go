package explain

import (
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/layer"
	"github.com/transfer-learning-go/defects/lib/result"
)

// AttentionMaps holds what each token of one image attended to, in every MultiHeadAttention of a model. A patch is
// named by its place in the grid: row · Columns + column.
type AttentionMaps struct {
	Layers        []AttentionLayer // in the model's order
	Rows, Columns int              // of the grid of patches
	ClassToken    bool             // whether token 0 is the class token, before the patches
	// Height and Width are the shares of the image that patches cover. They are 1 unless the image is no whole number of
	// patches: 240/255 for 255 pixels in patches of 16, as the convolution drops the border below and on the right.
	Height, Width float64
	Notice        string // what readers must know, for all heat maps of these
}

// AttentionLayer is the attention of one layer.
type AttentionLayer struct {
	Name  string
	Heads int
	// Weights is [Heads, n, n], n being the number of tokens. Row q says how token q weighs the tokens; it sums to 1.
	Weights []float32
}

// attentionOf describes the attention of a model, still without weights, and gives the position of the last layer
// that has some.
func attentionOf(ls layer.List) (maps AttentionMaps, last int, err error) {
	maps.Rows, maps.Columns, maps.Height, maps.Width = patchGrid(ls)
	last = -1
	for i, l := range ls {
		switch op := l.Op.(type) {
		case layer.ClassToken:
			maps.ClassToken = true
		case layer.MultiHeadAttention:
			last = i
			maps.Layers = append(maps.Layers, AttentionLayer{Name: l.Name, Heads: op.NumHeads})
			if maps.Rows == 0 {
				return maps, 0, fmt.Errorf("layer %s: nothing before it makes tokens of an image: put a Reshape from "+
					"[rows, columns, d] to [rows·columns, d] below", l.Name)
			}
			if l.Shape[0] != maps.tokens() {
				return maps, 0, fmt.Errorf("layer %s attends over %d tokens, but the image has %d×%d patches: only one grid "+
					"of patches, with or without a class token before it, can be drawn", l.Name, l.Shape[0], maps.Rows,
					maps.Columns)
			}
		}
	}
	if last < 0 {
		return maps, 0, fmt.Errorf("the model has no MultiHeadAttention: it needs a transformer, such as backbone.ViT; " +
			"GradCAM explains convolutional models")
	}
	return maps, last, nil
}

// patchGrid finds the first feature map that is reshaped to one token per place, and the share of the image's height
// and width that it covers. rows is 0 if there is none.
func patchGrid(ls layer.List) (rows, columns int, height, width float64) {
	for _, l := range ls {
		if _, ok := l.Op.(layer.Reshape); !ok {
			continue
		}
		patches := ls[ls.Index(l.Inputs[0])]
		shape := patches.Shape
		if len(shape) != 3 || len(l.Shape) != 2 || l.Shape[0] != shape[0]*shape[1] {
			continue
		}
		rows, columns, height, width = shape[0], shape[1], 1, 1
		if conv, ok := patches.Op.(layer.Conv2D); ok && conv.Padding == "valid" && conv.Kernel == conv.Strides {
			in := ls[ls.Index(patches.Inputs[0])].Shape
			height, width = float64(rows*conv.Strides)/float64(in[0]), float64(columns*conv.Strides)/float64(in[1])
		}
		return rows, columns, height, width
	}
	return 0, 0, 0, 0
}

// tokens is their number, class token included.
func (a AttentionMaps) tokens() int {
	n := a.Rows * a.Columns
	if a.ClassToken {
		n++
	}
	return n
}

// Head is what the class token attends to in one head of one layer, both counted from 0. Without a class token it is
// the mean over the patches that ask. It panics on a layer or head that the model does not have, as a slice does.
//
// This and all other heat maps here are divided by their largest value, so that 1 is the patch that counts most; what
// the class token keeps for itself is left out. A head that attends everywhere alike is 1 everywhere. Heatmap.Class is
// −1: attention is of no class.
func (a AttentionMaps) Head(layer, head int) result.Heatmap {
	return a.heatmap(mix(a.readout(), a.head(layer, head)))
}

// Token is what one patch attends to in one head of one layer. It panics on what the model does not have.
func (a AttentionMaps) Token(layer, head, token int) result.Heatmap {
	patches := a.Rows * a.Columns
	if token < 0 || token >= patches {
		panic(fmt.Sprintf("patch %d: the image has patches 0 to %d, in %d rows of %d", token, patches-1, a.Rows, a.Columns))
	}
	asks := make([]float64, a.tokens())
	asks[len(asks)-patches+token] = 1
	return a.heatmap(mix(asks, a.head(layer, head)))
}

// Rollout follows attention through all layers (attention rollout; Abnar and Zuidema, Quantifying Attention Flow in
// Transformers, 2020): it says how much of each patch has come into the class token of the last layer, or without a
// class token into the mean of all tokens. A layer passes on the mean of its heads' weights plus the identity, for the
// residual connection, rows divided by their sum; layers are multiplied.
func (a AttentionMaps) Rollout() result.Heatmap {
	// A row vector times the layers, the last one first, needs no product of two matrices.
	row := a.readout()
	for i := len(a.Layers) - 1; i >= 0; i-- {
		next := slices.Clone(row) // the identity
		for h := range a.Layers[i].Heads {
			for k, v := range mix(row, a.head(i, h)) {
				next[k] += v / float64(a.Layers[i].Heads)
			}
		}
		for k := range next {
			next[k] /= 2 // both the identity's rows and those of attention sum to 1
		}
		row = next
	}
	return a.heatmap(row)
}

// Crop is the part of an image that patches cover, over which heat maps are to be drawn.
func (a AttentionMaps) Crop(img image.Image) image.Image {
	b := img.Bounds()
	b.Max.X = b.Min.X + int(math.Round(a.Width*float64(b.Dx())))
	b.Max.Y = b.Min.Y + int(math.Round(a.Height*float64(b.Dy())))
	if part, ok := img.(interface {
		SubImage(image.Rectangle) image.Image
	}); ok {
		return part.SubImage(b)
	}
	out := image.NewRGBA(b)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.Set(x, y, img.At(x, y))
		}
	}
	return out
}

// readout says how much each token counts in what the model reads at its end: the class token alone, or all alike.
func (a AttentionMaps) readout() []float64 {
	share := make([]float64, a.tokens())
	if a.ClassToken {
		share[0] = 1
		return share
	}
	for i := range share {
		share[i] = 1 / float64(len(share))
	}
	return share
}

// head is the weights of one head, [n, n].
func (a AttentionMaps) head(layer, head int) []float32 {
	n := a.tokens() * a.tokens()
	return a.Layers[layer].Weights[head*n : (head+1)*n]
}

// mix is the product of a row vector and a matrix [n, n].
func mix(row []float64, matrix []float32) []float64 {
	out := make([]float64, len(row))
	for q, share := range row {
		if share == 0 {
			continue
		}
		for k, w := range matrix[q*len(row) : (q+1)*len(row)] {
			out[k] += share * float64(w)
		}
	}
	return out
}

// heatmap drops the class token and divides by the largest.
func (a AttentionMaps) heatmap(row []float64) result.Heatmap {
	row = row[len(row)-a.Rows*a.Columns:]
	h := result.Heatmap{Height: a.Rows, Width: a.Columns, Values: make([]float32, len(row)), Class: -1,
		Notice: a.Notice}
	if largest := slices.Max(row); largest > 0 {
		for i, v := range row {
			h.Values[i] = float32(v / largest)
		}
	}
	return h
}
