package metrics

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// goldens is what scripts/oracle/goldens/sklearn_metrics.py wrote with scikit-learn, SciPy and statsmodels.
type goldens struct {
	Reports []struct {
		Name    string
		Classes []string
		Counts  [][]int
		Text    string
		Dict    map[string]any
	}
	Wilson []struct {
		Correct, Total int
		Low, High      float64
	}
	McNemar []struct {
		A, B int
		P    float64
	}
}

func readGolden(t *testing.T) goldens {
	t.Helper()
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldens
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Reports) == 0 || len(g.Wilson) == 0 || len(g.McNemar) == 0 {
		t.Fatal("testdata/golden.json lacks a part; run scripts/oracle goldens --only sklearn_metrics")
	}
	return g
}

func TestReportStringEqualsScikitLearn(t *testing.T) {
	for _, g := range readGolden(t).Reports {
		t.Run(g.Name, func(t *testing.T) {
			c := &Confusion{Classes: g.Classes, Counts: g.Counts}
			if got := c.Report().String(); got != g.Text {
				t.Errorf("got\n%s\nwant\n%s", got, g.Text)
			}
		})
	}
}

func TestReportJSONEqualsScikitLearnsDict(t *testing.T) {
	for _, g := range readGolden(t).Reports {
		t.Run(g.Name, func(t *testing.T) {
			text, err := json.Marshal((&Confusion{Classes: g.Classes, Counts: g.Counts}).Report())
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			sameNumbers(t, "report", got, g.Dict)
		})
	}
}

// sameNumbers compares nested objects of numbers within 1e-12.
func sameNumbers(t *testing.T, where string, got, want any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		gotMap, _ := got.(map[string]any)
		if len(gotMap) != len(want) {
			t.Errorf("%s has %d entries, want %d", where, len(gotMap), len(want))
		}
		for key, w := range want {
			sameNumbers(t, where+"."+key, gotMap[key], w)
		}
	case float64:
		if g, ok := got.(float64); !ok || math.Abs(g-want) > 1e-12 {
			t.Errorf("%s is %v, want %v", where, got, want)
		}
	default:
		t.Errorf("%s: unexpected golden value %v", where, want)
	}
}

func TestWilsonEqualsSciPy(t *testing.T) {
	for _, g := range readGolden(t).Wilson {
		got := Wilson(g.Correct, g.Total)
		if math.Abs(got.Low-g.Low) > 1e-12 || math.Abs(got.High-g.High) > 1e-12 {
			t.Errorf("Wilson(%d, %d) = %v, want %v…%v", g.Correct, g.Total, got, g.Low, g.High)
		}
	}
	if got := Wilson(0, 0); got != (Interval{0, 1}) {
		t.Errorf("Wilson(0, 0) = %v, want all of [0, 1]", got)
	}
}

func TestWilsonStaysInsideZeroToOne(t *testing.T) {
	for total := 1; total <= 500; total++ {
		for correct := 0; correct <= total; correct++ {
			i, p := Wilson(correct, total), float64(correct)/float64(total)
			if i.Low < 0 || i.High > 1 || i.Low > p || i.High < p {
				t.Fatalf("Wilson(%d, %d) = %v", correct, total, i)
			}
		}
	}
}

func TestMcNemarEqualsStatsmodelsExactTest(t *testing.T) {
	for _, g := range readGolden(t).McNemar {
		// Labels that make A right and B wrong a times, the other way round b times, and agree 5 times.
		actual := make([]int, g.A+g.B+5)
		predictedA, predictedB := slices.Clone(actual), slices.Clone(actual)
		for k := range g.A {
			predictedB[k] = 1
		}
		for k := g.A; k < g.A+g.B; k++ {
			predictedA[k] = 1
		}
		got, err := McNemar(actual, predictedA, predictedB)
		if err != nil {
			t.Fatal(err)
		}
		if got.OnlyA != g.A || got.OnlyB != g.B || math.Abs(got.P-g.P) > 1e-9*g.P {
			t.Errorf("%d against %d: got %+v, want p = %v", g.A, g.B, got, g.P)
		}
	}
}

func TestConfusionCountsRowsActualColumnsPredicted(t *testing.T) {
	c, err := NewConfusion([]string{"a", "b", "c"}, []int{0, 0, 1, 2, 2, 2}, []int{0, 2, 1, 2, 0, 2})
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]int{{1, 0, 1}, {0, 1, 0}, {1, 0, 2}}; !reflect.DeepEqual(c.Counts, want) {
		t.Errorf("counts are %v, want %v", c.Counts, want)
	}
	if c.Correct() != 4 || c.Total() != 6 || c.Accuracy() != 4.0/6 || c.Interval() != Wilson(4, 6) {
		t.Errorf("got %d of %d = %v, %v", c.Correct(), c.Total(), c.Accuracy(), c.Interval())
	}
	recalls, intervals := c.Recalls()
	if want := []float64{0.5, 1, 2.0 / 3}; !slices.Equal(recalls, want) {
		t.Errorf("recalls are %v, want %v", recalls, want)
	}
	if want := []Interval{Wilson(1, 2), Wilson(1, 1), Wilson(2, 3)}; !slices.Equal(intervals, want) {
		t.Errorf("intervals are %v, want %v", intervals, want)
	}
}

func TestPrintedMatricesSayTheNotice(t *testing.T) {
	c := Confusion{Classes: []string{"a", "b"}, Counts: [][]int{{3, 1}, {0, 4}}}
	plain := []string{c.Summary(), c.String()}
	c.Notice = "synthetic images"
	want := []string{plain[0] + " (notice: synthetic images)", plain[1] + "notice: synthetic images\n"}
	if got := []string{c.Summary(), c.String()}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestErrorsNameTheFault(t *testing.T) {
	two := []string{"a", "b"}
	confusion := func(classes []string, actual, predicted []int) error {
		_, err := NewConfusion(classes, actual, predicted)
		return err
	}
	mcnemar := func(actual, a, b []int) error {
		_, err := McNemar(actual, a, b)
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"no classes", confusion(nil, []int{0}, []int{0}), "no classes"},
		{"no images", confusion(two, nil, nil), "no images"},
		{"lengths", confusion(two, []int{0, 1}, []int{0}), "2 actual labels but 1 predicted"},
		{"actual too large", confusion(two, []int{0, 2}, []int{0, 0}), "actual label 2 of image 1"},
		{"no label", confusion(two, []int{0, -1}, []int{0, 0}), "image 1 has no label"},
		{"predicted negative", confusion(two, []int{0, 1}, []int{-1, 0}), "predicted label -1 of image 0"},
		{"McNemar, lengths", mcnemar([]int{0, 1}, []int{0, 1}, []int{0}), "1 by B"},
		{"McNemar, no images", mcnemar(nil, nil, nil), "at least one image"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", c.name, c.err, c.want)
		}
	}
}

// A matrix read from a damaged file must not bring the program down.
func TestRaggedMatrixDoesNotPanic(t *testing.T) {
	for _, c := range []Confusion{
		{},
		{Classes: []string{"a", "b"}},
		{Classes: []string{"a", "b"}, Counts: [][]int{{1}, {2}}},
		{Classes: []string{"a"}, Counts: [][]int{{1, 2, 3}, {}, {4}}},
	} {
		_ = c.Report().String()
		_ = c.String()
		_, _ = c.Recalls()
		_ = c.Accuracy()
	}
}
