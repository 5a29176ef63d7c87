package diagram

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/backbone"
	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/layer"
)

// residual is a small network: one residual block of 16 channels with 4 inside, the first layers frozen.
func residual(frozen int) layer.List {
	b := &layer.Builder{}
	b.Add("image", layer.Input{Shape: []int{8, 8, 3}})
	in := b.Add("stem", layer.Conv2D{Filters: 16, Kernel: 3, Padding: "same"})
	b.Add("block_1_reduce", layer.Conv2D{Filters: 4, Kernel: 1})
	b.Add("block_1_relu", layer.ReLU{})
	last := b.Add("block_1_expand", layer.Conv2D{Filters: 16, Kernel: 1})
	b.Add("block_1_add", layer.Add{}, in, last)
	b.List[:frozen].Freeze()
	return b.List
}

// The stages are those of Table 2 of Sandler et al., 2018, and of Table 1 of He et al., 2016.
func TestStagesAreThoseOfThePapers(t *testing.T) {
	resnet, err := backbone.ResNet50V2(backbone.Config{Input: 64})
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string]layer.List{"ResNet50V2": resnet.Layers}
	want := map[string]string{"ResNet50V2": "input_layer 0, conv1_pad … pool1_pool 0, conv2 3, conv3 4, conv4 6, conv5 3, " +
		"post_bn … post_relu 0"}
	for _, alpha := range backbone.Alphas {
		b, err := backbone.MobileNetV2(backbone.Config{Alpha: alpha, Input: 96})
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("MobileNetV2 %v", alpha)
		lists[name] = b.Layers
		want[name] = "input_layer 0, Conv1 … Conv1_relu 0, expanded_conv 1, block_1 … block_2 2, block_3 … block_5 3, " +
			"block_6 … block_9 4, block_10 … block_12 3, block_13 … block_15 3, block_16 1, Conv_1 … out_relu 0"
	}
	for name, ls := range lists {
		if got := rows(t, name, ls); got != want[name] {
			t.Errorf("%s: stages %s, want %s", name, got, want[name])
		}
	}
}

// rows names the stages of a list, each with its number of blocks, and checks that they are the list.
func rows(t *testing.T, name string, ls layer.List) string {
	t.Helper()
	var got []string
	var joined layer.List
	for _, s := range stages(ls) {
		if s.start != len(joined) {
			t.Errorf("%s: stage %s starts at %d after %d layers", name, s.name, s.start, len(joined))
		}
		got, joined = append(got, fmt.Sprint(s.name, " ", len(s.blocks))), append(joined, s.layers...)
		var inBlocks layer.List
		for _, b := range s.blocks {
			inBlocks = append(inBlocks, b.layers...)
		}
		if s.blocks != nil && !slices.Equal(inBlocks, s.layers) {
			t.Errorf("%s: the blocks of %s are not its layers", name, s.name)
		}
	}
	if !slices.Equal(joined, ls) {
		t.Errorf("%s: the stages are not the list", name)
	}
	return strings.Join(got, ", ")
}

func TestFlowFindsTheShortcut(t *testing.T) {
	resnet, err := backbone.ResNet50V2(backbone.Config{Input: 64})
	if err != nil {
		t.Fatal(err)
	}
	mobilenet, err := backbone.MobileNetV2(backbone.Config{Input: 96})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		all         layer.List
		block, want string
	}{
		{resnet.Layers, "conv2_block1", "10 layers, conv2_block1_0_conv from conv2_block1_preact_relu"},
		{resnet.Layers, "conv2_block2", "10 layers, the input"},
		{resnet.Layers, "conv2_block3", "10 layers, max_pooling2d from the input"},
		{mobilenet.Layers, "expanded_conv", "5 layers, no sum"},
		{mobilenet.Layers, "block_1", "9 layers, no sum"},
		{mobilenet.Layers, "block_2", "8 layers, the input"},
	} {
		got := "no block"
		for _, s := range stages(c.all) {
			for _, b := range s.blocks {
				if b.name != c.block {
					continue
				}
				f, ok := flowOf(b.layers)
				got = fmt.Sprintf("%d layers, ", len(f.main))
				switch {
				case !ok:
					got = "not traced"
				case f.sum == nil:
					got += "no sum"
				case len(f.shortcut) == 0:
					got += "the input"
				case f.from == nil:
					got += f.shortcut[0].Name + " from the input"
				default:
					got += f.shortcut[0].Name + " from " + f.from.Name
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.block, got, c.want)
		}
	}
}

func TestArchitectureSaysWhatTheListHolds(t *testing.T) {
	f := sample(t, "resnet50v2")
	for _, want := range []string{
		"ResNet50V2, 190 layers, 23,564,800 parameters",
		"conv2, 3 × (1×1, 3×3, 1×1 convolution), output 25×25×256, 217,856 parameters",
		"conv1_pad … pool1_pool, 7×7 convolution /2, 3×3 max pooling /2, output 50×50×64, 9,472 parameters",
		"Layers 0 to 99 are frozen. Layers 100 to 189 are trained.",
		"from 256 channels to 64 and back", "Pre-activation",
		"Shortcuts of the 16 blocks: the input itself in 9, 1×1 convolution in 4 (the first of a stage), " +
			"1×1 max pooling /2 in 3 (the last of a stage).",
	} {
		if !strings.Contains(f.Alt, want) {
			t.Errorf("the description lacks %q: %s", want, f.Alt)
		}
	}
	f = sample(t, "mobilenetv2")
	for _, want := range []string{
		"block_1 … block_2, 2 × (1×1, 3×3 depthwise, 1×1 convolution), output 56×56×24, 15,024 parameters",
		"from 24 channels to 144 and back", "Linear at its end",
		"Shortcuts of the 17 blocks: the input itself in 10, none in 7 (the first of a stage).",
	} {
		if !strings.Contains(f.Alt, want) {
			t.Errorf("the description lacks %q: %s", want, f.Alt)
		}
	}
	if strings.Contains(f.Alt, "frozen") || strings.Contains(f.Alt, "Pre-activation") {
		t.Errorf("the description says too much: %s", f.Alt)
	}
}

// The bars of an inset are as wide as tensors have channels: 16 and 4.
func TestInsetBarsShowChannels(t *testing.T) {
	f, err := Architecture("a", residual(0), Options{})
	if err != nil {
		t.Fatal(err)
	}
	right := image.Rect(int((canvas.PageWidth-canvas.Margin-insetWidth)*canvas.Scale), 0, f.Image.Rect.Max.X, f.Image.Rect.Max.Y)
	lengths := map[int]bool{}
	for y := right.Min.Y; y < right.Max.Y; y++ {
		if n := golden.Pixels(f.Image, image.Rect(right.Min.X, y, right.Max.X, y+1), tensorFill); n > 0 {
			lengths[n] = true
		}
	}
	wide, narrow := int(mostChannelsWidth*canvas.Scale), int(mostChannelsWidth*canvas.Scale/4)
	for n := range lengths {
		if math.Abs(float64(n-wide)) > 3 && math.Abs(float64(n-narrow)) > 3 {
			t.Errorf("bars are %v pixels wide, want %d and %d", lengths, wide, narrow)
		}
	}
	if !lengths[wide] || len(lengths) < 2 {
		t.Errorf("bars are %v pixels wide, want %d and %d", lengths, wide, narrow)
	}
}

// The network has three stages of 1, 1 and 4 layers; frozen layers are grey, each as high as its share of the stage.
func TestFrozenLayersAreGrey(t *testing.T) {
	area := map[int]float64{}
	for _, frozen := range []int{0, 2, 4, 6} {
		f, err := Architecture("a", residual(frozen), Options{})
		if err != nil {
			t.Fatal(err)
		}
		left := int(canvas.Margin * canvas.Scale)
		if frozen > 0 {
			left += int(bracketRoom * canvas.Scale)
		}
		// A column of pixels at the left edge of the boxes, where no text stands.
		column := image.Rect(left+6, 150, left+7, f.Image.Rect.Max.Y)
		area[frozen] = float64(golden.Pixels(f.Image, column, frozenFill)) / canvas.Scale / boxHeight
	}
	for frozen, want := range map[int]float64{0: 0, 2: 2, 4: 2.5, 6: 3} {
		if math.Abs(area[frozen]-want) > 0.15 {
			t.Errorf("with %d layers frozen, %.2f stages are grey, want %v", frozen, area[frozen], want)
		}
	}
}

func TestArchitectureWithoutBlocksHasNoInset(t *testing.T) {
	ls := residual(0)[:2]
	f, err := Architecture("a", ls, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := golden.Pixels(f.Image, f.Image.Rect, zoomFill); n != 0 || float64(f.Image.Rect.Dx())/canvas.Scale > canvas.PageWidth/1.5 {
		t.Errorf("the figure is %v wide, with %d pixels of an inset", f.Image.Rect.Dx(), n)
	}
	for _, op := range []layer.Op{layer.Dropout{Rate: 0.5}, layer.ZeroPadding2D{}} {
		b := &layer.Builder{List: slices.Clone(ls)}
		b.Add("end", op)
		if _, err := Architecture("a", b.List[2:], Options{}); err != nil || b.Err != nil {
			t.Errorf("%s alone: %v, %v", op.Class(), err, b.Err)
		}
	}
}
