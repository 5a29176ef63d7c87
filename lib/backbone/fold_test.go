package backbone

import (
	"regexp"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

func TestFoldKeepsEveryLayerThatRemains(t *testing.T) {
	for _, c := range []struct {
		variant
		gone string // the layers that nothing needs to compute of their own
	}{
		{variant{Name: "mobilenetv2", Alpha: 0.35, Input: 32}, "(?i)(bn|bn_Conv1|relu|pad)$"},
		// A normalization before its convolution stays, and the padding before the pooling.
		{variant{Name: "resnet50v2", Input: 32}, "_[12]_(bn|relu|pad)$|conv1_pad"},
	} {
		b := c.build(t)
		values := filled(b.Layers)
		folded, foldedValues := b.Layers.Fold(values)
		for _, l := range folded {
			if regexp.MustCompile(c.gone).MatchString(l.Name) {
				t.Errorf("%s: %s is left", b, l.Name)
			}
		}
		// A layer that remains took over the output of the last of the layers behind it that are gone.
		var remain, original []string
		for _, l := range folded {
			at := b.Layers.Index(l.Name)
			for at+1 < len(b.Layers) && folded.Index(b.Layers[at+1].Name) < 0 &&
				b.Layers[at+1].Op.Class() != "ZeroPadding2D" {
				at++
			}
			remain, original = append(remain, l.Name), append(original, b.Layers[at].Name)
		}
		pixels := golden.Uniform("images", 2*32*32*3, -1, 1)
		want := activations(t, b.Layers, values, original, 2, pixels)
		got := activations(t, folded, foldedValues, remain, 2, pixels)
		for i, name := range remain {
			if d := golden.Relative(got[name], want[original[i]]); d > 1e-5 {
				t.Errorf("%s: %s differs from %s by %.2g of its largest value", b, name, original[i], d)
			}
		}
	}
}
