package figure

import (
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/canvas"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/result"
)

var update = flag.Bool("update", false, "write testdata/*.png from what is drawn now; look at them before committing")

func TestFiguresLookAsBefore(t *testing.T) {
	for name := range samples {
		t.Run(name, func(t *testing.T) {
			golden.Picture(t, filepath.Join("testdata", name+".png"), sample(t, name).Image, *update)
		})
	}
}

// count is the number of pixels of exactly this colour inside the rectangle.
func count(f *Figure, r image.Rectangle, c color.RGBA) int { return golden.Pixels(f.Image, r, c) }

// titled draws each kind of figure with the longest class names that must fit: 16 of the widest letter.
var titled = map[string]func(title, notice string) (*Figure, error){
	"Curves": func(title, notice string) (*Figure, error) {
		h := historyOf(series{[]float64{1234, 0.1}, nil}, series{[]float64{0, 1}, nil})
		h.Phases, h.Notice = []result.Phase{{Name: wide, Epoch: 2}}, notice
		return Curves(h, CurvesOptions{Title: title})
	},
	"ConfusionMatrix": func(title, notice string) (*Figure, error) {
		counts := [][]int{{1, 2, 3}, {4, 5, 6}, {7, 8, 123456}}
		return ConfusionMatrix(&metrics.Confusion{Classes: []string{wide, "i", wide}, Counts: counts, Notice: notice},
			ConfusionOptions{Title: title})
	},
	"Grid": func(title, notice string) (*Figure, error) {
		return Grid([]Tile{{flat(canvas.Black), "P: " + wide + "\nA: " + wide, Wrong}, {flat(canvas.Black), wide, Right},
			{flat(canvas.White), "", None}}, 3, GridOptions{Title: title, Notice: notice})
	},
	"Grid with heat": func(title, notice string) (*Figure, error) {
		hot, err := Overlay(flat(canvas.Grey), result.Heatmap{Height: 1, Width: 1, Values: []float32{1}, Notice: notice})
		if err != nil {
			return nil, err
		}
		return Grid([]Tile{{Image: hot}}, 3, GridOptions{Title: title})
	},
	"Predictions": func(title, notice string) (*Figure, error) {
		p := steelPredictions()
		p.Notice = notice
		return Predictions(p, steelPicture, []int{0, 2, 5}, PredictionsOptions{Title: title})
	},
	"Predictions of nothing": func(title, notice string) (*Figure, error) {
		return Predictions(&result.Predictions{Notice: notice}, steelPicture, nil, PredictionsOptions{Title: title})
	},
	"Bars": func(title, notice string) (*Figure, error) {
		return Bars([]string{wide, "i"}, []BarGroup{Counts(wide, []int{123456, 1}), Counts(wide, []int{3, 4})},
			BarsOptions{Title: title, Notice: notice})
	},
	"Reliability": func(title, notice string) (*Figure, error) {
		panels, err := reliable(notice)
		if err != nil {
			return nil, err
		}
		panels[0].Name = title
		return Reliability(append(panels, panels[0]), ReliabilityOptions{Title: title})
	},
	"Reliability of one": func(title, notice string) (*Figure, error) {
		panels, err := reliable(notice)
		if err != nil {
			return nil, err
		}
		return Reliability(panels[:1], ReliabilityOptions{Title: title})
	},
	"CoverageCurve": func(title, notice string) (*Figure, error) {
		lines, err := covered(notice)
		if err != nil {
			return nil, err
		}
		lines[1].Name = wide
		return CoverageCurve(lines, CoverageOptions{Title: title})
	},
	"Lines": func(title, notice string) (*Figure, error) {
		return Lines([]Line{{Name: wide, X: []float64{1, 1000000}, Y: []float64{-123456, 123456}},
			{Name: wide, X: []float64{1}, Y: []float64{0}}}, LinesOptions{Title: title, Notice: notice, X: wide, Y: wide})
	},
	"Lines with intervals": func(title, notice string) (*Figure, error) {
		one := []metrics.Interval{{Low: 0, High: 1}}
		return Lines([]Line{{Name: wide, X: []float64{1}, Y: []float64{1}, Intervals: one},
			{Name: wide, X: []float64{1}, Y: []float64{0}, Intervals: one}}, LinesOptions{Title: title, Notice: notice})
	},
	"Scatter": func(title, notice string) (*Figure, error) {
		return Scatter([]Point{{Name: wide, X: -123456, Y: -123456}, {wide, 123456, 1, metrics.Interval{High: 2}}},
			ScatterOptions{Title: title, Notice: notice, X: wide, Y: wide})
	},
	"Beside": func(title, notice string) (*Figure, error) {
		m := metrics.Confusion{Classes: []string{wide, "i"}, Counts: [][]int{{1, 2}, {3, 123456}}, Notice: notice}
		confusion, err := ConfusionMatrix(&m, ConfusionOptions{Title: title, Small: true})
		if err != nil {
			return nil, err
		}
		h := historyOf(series{[]float64{1234, 0.1}, nil}, series{[]float64{0, 1}, nil})
		h.Phases, h.Notice = []result.Phase{{Name: wide, Epoch: 2}}, notice
		curves, err := Curves(h, CurvesOptions{Title: title, Small: true})
		if err != nil {
			return nil, err
		}
		return Beside([]*Figure{confusion, curves, confusion}, BesideOptions{Title: title})
	},
}

const wide = "WWWWWWWWWWWWWWWW"

func TestNothingIsCutAtTheBorder(t *testing.T) {
	endless := strings.Repeat(wide, 20)
	long := strings.Repeat("synthetic images, not NEU-DET; ", 12)
	for name, draw := range titled {
		for _, text := range []string{"", long, endless} {
			f, err := draw(text, text)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b := f.Image.Bounds()
			for _, edge := range []image.Rectangle{
				image.Rect(0, 0, b.Dx(), 4), image.Rect(0, b.Dy()-4, b.Dx(), b.Dy()),
				image.Rect(0, 0, 4, b.Dy()), image.Rect(b.Dx()-4, 0, b.Dx(), b.Dy()),
			} {
				if got := count(f, edge, canvas.White); got != edge.Dx()*edge.Dy() {
					t.Errorf("%s with title %.10q: ink at the border %v", name, text, edge)
				}
			}
		}
	}
}

func TestEndlessNamesAreShortened(t *testing.T) {
	endless := strings.Repeat(wide, 20)
	for name, draw := range map[string]func() (*Figure, error){
		"ConfusionMatrix": func() (*Figure, error) {
			return ConfusionMatrix(&metrics.Confusion{Classes: []string{endless, "b"}, Counts: [][]int{{1, 2}, {3, 4}}},
				ConfusionOptions{})
		},
		"Grid": func() (*Figure, error) { return Grid([]Tile{{flat(canvas.Black), endless, Right}}, 3, GridOptions{}) },
		"Bars": func() (*Figure, error) {
			return Bars([]string{endless}, []BarGroup{{endless, []float64{1}, nil}, {endless, []float64{1}, nil}}, BarsOptions{})
		},
		"Lines": func() (*Figure, error) {
			return Lines([]Line{{Name: endless, X: []float64{1}, Y: []float64{1}}}, LinesOptions{})
		},
		"Scatter": func() (*Figure, error) { return Scatter([]Point{{Name: endless}}, ScatterOptions{}) },
	} {
		f, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		b := f.Image.Bounds()
		if edge := image.Rect(b.Dx()-4, 0, b.Dx(), b.Dy()); b.Dx() > 1800 || count(f, edge, canvas.White) != edge.Dx()*edge.Dy() {
			t.Errorf("%s is %d pixels wide, or has ink at the right border", name, b.Dx())
		}
	}
}

func TestNoticeIsDrawnAndSaid(t *testing.T) {
	for name, draw := range titled {
		without, err := draw("", "")
		if err != nil {
			t.Fatal(err)
		}
		with, err := draw("", synthetic)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(without, without.Image.Rect, canvas.NoticeFill); n != 0 {
			t.Errorf("%s without notice has %d pixels of its colour", name, n)
		}
		strip := 20 * with.Image.Rect.Dx() // at least 20 rows' worth
		if n := count(with, with.Image.Rect, canvas.NoticeFill); n < strip {
			t.Errorf("%s: the notice has %d pixels, want at least %d", name, n, strip)
		}
		if strings.Contains(without.Alt, "Notice") || !strings.Contains(with.Alt, synthetic) {
			t.Errorf("%s: alt text with notice is %q", name, with.Alt)
		}
	}
}

func TestFiguresFitAReport(t *testing.T) {
	for name := range samples {
		f := sample(t, name)
		if width := float64(f.Image.Rect.Dx()) / f.Scale; f.Scale != 2 || width > 900 || width < 300 {
			t.Errorf("%s is %v CSS pixels wide at scale %v", name, width, f.Scale)
		}
		if f.Alt == "" {
			t.Errorf("%s has no alt text", name)
		}
	}
}

func TestWritePNGWritesAllOrNothing(t *testing.T) {
	f := sample(t, "bars")
	folder := t.TempDir()
	path := filepath.Join(folder, "bars.png")
	for range 2 { // the second replaces the first
		if err := f.WritePNG(path); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []image.Point{{0, 0}, {500, 300}, {700, 500}} {
		if golden.ChannelDistance(read.At(p.X, p.Y), f.Image.At(p.X, p.Y)) != 0 {
			t.Errorf("pixel %v changed", p)
		}
	}

	// A folder stands where the file should go: the rename fails at the end.
	blocked := filepath.Join(folder, "blocked.png")
	if err := os.MkdirAll(filepath.Join(blocked, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	inFile := filepath.Join(path, "bars.png") // a file stands where the folder should be
	for _, bad := range []string{blocked, inFile} {
		if err := f.WritePNG(bad); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("writing %s: got error %v, want one that names the file", bad, err)
		}
	}
	var cause *fs.PathError
	if err := f.WritePNG(inFile); !errors.As(err, &cause) {
		t.Errorf("the cause is lost: %v", err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 2 {
		t.Errorf("the folder holds %v, %v; want bars.png and blocked.png alone", left, err)
	}
}

func TestErrorsNameTheFault(t *testing.T) {
	one, two := []float64{0.5}, []float64{0.5, 0.6}
	failed := func(_ *Figure, err error) error { return err }
	overlay := func(m image.Image, values []float32, h, w int) error {
		_, err := Overlay(m, result.Heatmap{Height: h, Width: w, Values: values})
		return err
	}
	phased := func(o CurvesOptions, phases ...result.Phase) (*Figure, error) {
		h := historyOf(series{two, nil}, series{two, nil})
		h.Phases = phases
		return Curves(h, o)
	}
	predicted := func(indices ...int) (*Figure, error) {
		return Predictions(steelPredictions(), func(i int) (image.Image, error) {
			if i == 3 {
				return nil, errors.New("damaged")
			}
			return steelPicture(i)
		}, indices, PredictionsOptions{})
	}
	half := []metrics.Interval{{Low: 0.6, High: 0.7}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{failed(Curves(historyOf(series{}, series{}), CurvesOptions{})), "no epoch yet"},
		{failed(Curves(historyOf(series{two, nil}, series{one, nil}), CurvesOptions{})), "training loss has 2 epochs, training accuracy 1"},
		{failed(Curves(historyOf(series{two, one}, series{two, two}), CurvesOptions{})), "validation loss 1"},
		{failed(Curves(historyOf(series{two, two}, series{two, nil}), CurvesOptions{})), "give both or none"},
		{failed(Curves(historyOf(series{one, nil}, series{[]float64{98.6}, nil}), CurvesOptions{})), "epoch 1 is 98.6; give shares"},
		{failed(phased(CurvesOptions{}, result.Phase{Name: "a", Epoch: 0})), `phase "a" begins with epoch 0: give one from 1 to 3`},
		{failed(phased(CurvesOptions{}, result.Phase{Name: "a", Epoch: 4})), `phase "a" begins with epoch 4: give one from 1 to 3`},
		{failed(phased(CurvesOptions{Epochs: 9}, result.Phase{Name: "a", Epoch: 5}, result.Phase{Name: "b", Epoch: 5})), `phase "b" begins with epoch 5: give one from 6 to 10`},
		{failed(Lines([]Line{{X: two, Y: two}}, LinesOptions{Phases: []result.Phase{{Name: "a", Epoch: 9}}})), `line chart: phase "a" begins with epoch 9`},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: nil, Counts: nil}, ConfusionOptions{})), "no classes"},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: steel, Counts: [][]int{{1}}}, ConfusionOptions{})), "6 classes but 1 rows"},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: steel[:2], Counts: [][]int{{1, 2}, {3}}}, ConfusionOptions{})), "row 1 (inclusion) has 1 counts"},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: steel[:1], Counts: [][]int{{-1}}}, ConfusionOptions{})), "negative"},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: steel[:1], Counts: [][]int{{0}}}, ConfusionOptions{})), "all counts are 0"},
		{failed(ConfusionMatrix(&metrics.Confusion{Classes: make([]string, 41), Counts: make([][]int, 41)}, ConfusionOptions{})), "at most 40"},
		{failed(Grid(nil, 5, GridOptions{})), "no tiles"},
		{failed(Grid(steelTiles(2), 0, GridOptions{})), "0 columns"},
		{failed(Grid(make([]Tile, 201), 5, GridOptions{})), "at most 200"},
		{failed(Grid([]Tile{{Title: "P: a\nA: b"}}, 1, GridOptions{})), "tile 0 (P: a, A: b) has no image"},
		{failed(Grid([]Tile{{Image: image.NewGray(image.Rectangle{})}}, 1, GridOptions{})), "tile 0 () has no image"},
		{failed(Curves(nil, CurvesOptions{})), "no history given"},
		{failed(ConfusionMatrix(nil, ConfusionOptions{})), "no confusion matrix given"},
		{failed(Predictions(nil, steelPicture, []int{0}, PredictionsOptions{})), "no predictions"},
		{failed(Predictions(steelPredictions(), nil, []int{0}, PredictionsOptions{})), "no pictures"},
		{failed(predicted(0, 8)), "no image 8, there are 8"},
		{failed(predicted(-1)), "no image -1"},
		{failed(predicted(2, 3)), "image 3: damaged"},
		{failed(predicted(make([]int, 201)...)), "at most 200"},
		{overlay(nil, []float32{1}, 1, 1), "no image"},
		{overlay(flat(canvas.Black), []float32{1}, 2, 1), "1 values for 2 rows of 1"},
		{overlay(flat(canvas.Black), nil, 0, 1), "0 values for 0 rows"},
		{overlay(flat(canvas.Black), []float32{0, 1.5}, 2, 1), "value 1 is 1.5"},
		{overlay(flat(canvas.Black), []float32{float32(nan)}, 1, 1), "value 0 is NaN"},
		{failed(Bars(nil, []BarGroup{{}}, BarsOptions{})), "no labels"},
		{failed(Bars(steel, nil, BarsOptions{})), "0 groups"},
		{failed(Bars(steel, []BarGroup{{"train", two, nil}}, BarsOptions{})), "group 0 (train) has 2 values for 6 labels"},
		{failed(Bars(steel[:1], []BarGroup{{"train", []float64{-1}, nil}}, BarsOptions{})), "the value of crazing is -1"},
		{failed(Bars(steel[:1], []BarGroup{{"a", one, half}}, BarsOptions{})), "outside of its interval"},
		{failed(Bars(steel[:2], []BarGroup{{"a", two, half}}, BarsOptions{})), "1 intervals for 2 labels"},
		{failed(Bars(make([]string, 300), []BarGroup{{}}, BarsOptions{})), "at most 200"},
		{failed(Reliability(nil, ReliabilityOptions{})), "0 panels"},
		{failed(Reliability(make([]ReliabilityPanel, 4), ReliabilityOptions{})), "4 panels: give 1 to 3"},
		{failed(Reliability([]ReliabilityPanel{{Name: "a"}}, ReliabilityOptions{})), "panel 0 (a) has no calibration"},
		{failed(Reliability([]ReliabilityPanel{{"a", &metrics.Calibration{}}}, ReliabilityOptions{})), "panel 0 (a) has no images"},
		{failed(CoverageCurve(nil, CoverageOptions{})), "0 curves"},
		{failed(CoverageCurve(make([]CoverageLine, 8), CoverageOptions{})), "8 curves: give 1 to 7"},
		{failed(CoverageCurve([]CoverageLine{{Name: "a"}}, CoverageOptions{})), "curve 0 (a) has no images"},
		{failed(CoverageCurve([]CoverageLine{{"a", &metrics.Coverage{}}}, CoverageOptions{})), "curve 0 (a) has no images"},
		{failed(Lines(nil, LinesOptions{})), "0 series"},
		{failed(Lines([]Line{{Name: "a"}}, LinesOptions{})), "series 0 (a) is empty"},
		{failed(Lines([]Line{{"a", one, two, nil}}, LinesOptions{})), "1 x but 2 y"},
		{failed(Lines([]Line{{"a", two, two, half}}, LinesOptions{})), "2 points but 1 intervals"},
		{failed(Lines([]Line{{"a", []float64{0}, one, nil}}, LinesOptions{LogX: true})), "x[0] is 0"},
		{failed(Lines([]Line{{"a", one, []float64{nan}, nil}}, LinesOptions{})), "no y is a finite number"},
		{failed(Scatter(nil, ScatterOptions{})), "no points"},
		{failed(Scatter(make([]Point, 21), ScatterOptions{})), "at most 20"},
		{failed(Scatter([]Point{{Name: "a", X: nan}}, ScatterOptions{})), "a lies at x NaN"},
		{failed(Scatter([]Point{{Name: "a"}}, ScatterOptions{LogX: true})), "a lies at x 0; it must be positive"},
		{failed(Scatter([]Point{{"a", 1, 0.5, half[0]}}, ScatterOptions{})), "a: value 0 is 0.5, outside of its interval"},
		{failed(Beside(nil, BesideOptions{})), "no figures"},
		{failed(Beside([]*Figure{nil}, BesideOptions{})), "figure 0 is nil"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", c.err, c.want)
		}
	}
}
