package backbone

import (
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// testdata/positions.json.gz is made by scripts/oracle/goldens/vit_torch.py.
func TestPositionsAreInterpolatedAsByHuggingFace(t *testing.T) {
	var tables []struct {
		Before, After int
		Table         []float32
	}
	golden.Read(t, "testdata/positions.json.gz", &tables)
	const d = 2
	for _, want := range tables {
		table := golden.Uniform("positions", (1+want.Before*want.Before)*d, -1, 1)
		got := resizePositions(table, d, want.Before, want.After)
		if diff := golden.Difference(got, want.Table); diff > 1e-5 {
			t.Errorf("%d×%d to %d×%d: differs by %.2g", want.Before, want.Before, want.After, want.After, diff)
		}
		if golden.Difference(got[:d], table[:d]) != 0 {
			t.Errorf("%d×%d to %d×%d: the class token's position has changed", want.Before, want.Before, want.After, want.After)
		}
	}
}

func TestPositionsForTheSameSizeStay(t *testing.T) {
	table := golden.Uniform("positions", (1+25)*3, -1, 1)
	if d := golden.Difference(resizePositions(table, 3, 5, 5), table); d != 0 {
		t.Errorf("they change by %.2g", d)
	}
}
