package main

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/lib/device"
)

// TestMain takes the backend that needs no compiling.
func TestMain(m *testing.M) {
	os.Setenv("GOMLX_BACKEND", "go")
	os.Exit(m.Run())
}

const side = 48

// measure gives the statistics of grey pictures of side×side brightnesses.
func measure(t *testing.T, pictures ...func(x, y int) float64) [][]float32 {
	t.Helper()
	var pixels []float32
	for _, of := range pictures {
		for y := range side {
			for x := range side {
				v := float32(of(x, y))
				pixels = append(pixels, v, v, v)
			}
		}
	}
	d, err := device.Open()
	if err != nil {
		t.Fatal(err)
	}
	exec, err := graph.NewExec(d.Backend, statistics)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(pixels, len(pictures), side, side, 3))
	if err != nil {
		t.Fatal(err)
	}
	if d := out[0].Shape().Dimensions; len(d) != 2 || d[1] != statisticsCount {
		t.Fatalf("statistics of shape %v, want %d a picture", d, statisticsCount)
	}
	flat, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]float32, len(pictures))
	for i := range rows {
		rows[i] = flat[i*statisticsCount : (i+1)*statisticsCount]
	}
	return rows
}

func noise(seed uint64) func(x, y int) float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	var v [side][side]float64
	for y := range v {
		for x := range v[y] {
			v[y][x] = r.NormFloat64()
		}
	}
	return func(x, y int) float64 { return v[y][x] }
}

func distance(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += math.Pow(float64(a[i]-b[i]), 2)
	}
	return math.Sqrt(sum / float64(len(a)))
}

func TestStatisticsTellTexturesAndNotTheirContrast(t *testing.T) {
	wave := func(contrast float64, across bool) func(x, y int) float64 {
		return func(x, y int) float64 {
			if across {
				x = y
			}
			return 120 + contrast*math.Sin(2*math.Pi*float64(x)/6)
		}
	}
	noisy := func(contrast float64) func(x, y int) float64 {
		f := noise(1)
		return func(x, y int) float64 { return 120 + contrast*f(x, y) }
	}
	dots := func(contrast float64) func(x, y int) float64 {
		return func(x, y int) float64 {
			if x%12 < 3 && y%12 < 3 {
				return 120 + contrast
			}
			return 120
		}
	}
	rows := measure(t, wave(60, false), wave(30, false), wave(60, true), wave(30, true), noisy(20), noisy(10),
		dots(60), dots(-60))
	for i := range rows {
		rows[i] = rows[i][2:] // without brightness and contrast
	}
	for _, pair := range [][2]int{{0, 1}, {2, 3}, {4, 5}} {
		if d := distance(rows[pair[0]], rows[pair[1]]); d > 0.35 {
			t.Errorf("pictures %d and %d differ in contrast alone, their statistics by %.2f", pair[0], pair[1], d)
		}
	}
	for _, pair := range [][2]int{{0, 2}, {0, 4}, {2, 6}, {6, 7}} {
		if d := distance(rows[pair[0]], rows[pair[1]]); d < 0.5 {
			t.Errorf("pictures %d and %d differ in texture, their statistics by %.2f only", pair[0], pair[1], d)
		}
	}
}

func TestFiltersAnswerToTheirOrientation(t *testing.T) {
	f := gaborFilters()
	for o := range orientations {
		for of := range 2 {
			sum := 0.0
			for y := range f {
				for x := range f[y] {
					sum += float64(f[y][x][0][of*orientations+o])
				}
			}
			if math.Abs(sum) > 1e-5 {
				t.Errorf("filter %d of orientation %d answers %g to a plain picture", of, o, sum)
			}
		}
		strongest, best := 0.0, -1
		for turn := range orientations {
			s, c := math.Sincos(math.Pi * float64(turn) / orientations)
			even, odd := 0.0, 0.0
			for y := range f {
				for x := range f[y] {
					v := math.Cos(2 * math.Pi * (float64(x)*c + float64(y)*s) / 4)
					even += v * float64(f[y][x][0][o])
					odd += v * float64(f[y][x][0][orientations+o])
				}
			}
			if strength := math.Hypot(even, odd); strength > strongest {
				strongest, best = strength, turn
			}
		}
		if best != o {
			t.Errorf("the filter of orientation %d answers most to a wave of orientation %d", o, best)
		}
	}
}
