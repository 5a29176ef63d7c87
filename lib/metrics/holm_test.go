package metrics

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

func TestHolmEqualsStatsmodels(t *testing.T) {
	data, err := os.ReadFile("testdata/holm.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Holm []struct{ P, Adjusted []float64 }
	}
	if err := json.Unmarshal(data, &golden); err != nil || len(golden.Holm) == 0 {
		t.Fatal("testdata/holm.json: run scripts/oracle goldens --only statsmodels_holm:", err)
	}
	for _, g := range golden.Holm {
		got, err := Holm(g.P)
		if err != nil || len(got) != len(g.Adjusted) {
			t.Fatal(got, err)
		}
		for i, want := range g.Adjusted {
			if math.Abs(got[i]-want) > 1e-12 {
				t.Errorf("%v: adjusted[%d] is %v, want %v", g.P, i, got[i], want)
			}
		}
	}
}

func TestHolmWantsProbabilities(t *testing.T) {
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := Holm([]float64{0.5, p}); err == nil || !strings.Contains(err.Error(), "p-value 1") {
			t.Errorf("%v: %v", p, err)
		}
	}
	if got, err := Holm(nil); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}
