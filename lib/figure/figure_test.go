package figure

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/color/palette"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"

	"github.com/transfer-learning-go/defects/lib/metrics"
)

var update = flag.Bool("update", false, "write testdata/*.png from what is drawn now; look at them before committing")

// The goldens have one pixel per CSS pixel and the 216 web-safe colours, to be small.
func TestFiguresLookAsBefore(t *testing.T) {
	for name := range samples {
		t.Run(name, func(t *testing.T) {
			f := sample(t, name)
			b := f.Image.Bounds()
			small := image.NewRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
			xdraw.BiLinear.Scale(small, small.Rect, f.Image, b, xdraw.Src, nil)
			path := filepath.Join("testdata", name+".png")
			if *update {
				writeGolden(t, path, small)
			}
			file, err := os.Open(path)
			if err != nil {
				t.Fatalf("%v; run go test -update ./lib/figure and look at the pictures", err)
			}
			defer file.Close()
			golden, err := png.Decode(file)
			if err != nil {
				t.Fatal(err)
			}
			if golden.Bounds() != small.Bounds() {
				t.Fatalf("the figure is %v, before %v", small.Bounds(), golden.Bounds())
			}
			// The palette is 51 apart per channel, so rounding to it changes a channel by at most 26.
			differ, allowed := 0, len(small.Pix)/4/2000
			for i := range len(small.Pix) / 4 {
				x, y := i%small.Rect.Dx(), i/small.Rect.Dx()
				if channelDistance(golden.At(x, y), small.At(x, y)) > 26+24 {
					differ++
				}
			}
			if differ > allowed {
				t.Errorf("%d pixels differ from %s, more than %d", differ, path, allowed)
			}
		})
	}
}

func writeGolden(t *testing.T, path string, m image.Image) {
	t.Helper()
	colours := image.NewPaletted(m.Bounds(), palette.WebSafe)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			colours.Set(x, y, m.At(x, y))
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, colours); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func channelDistance(a, b color.Color) int {
	p, q := color.RGBAModel.Convert(a).(color.RGBA), color.RGBAModel.Convert(b).(color.RGBA)
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(p.R, q.R), d(p.G, q.G), d(p.B, q.B))
}

// count is the number of pixels of exactly this colour inside the rectangle.
func count(f *Figure, r image.Rectangle, c color.RGBA) int {
	n := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if f.Image.RGBAAt(x, y) == c {
				n++
			}
		}
	}
	return n
}

// withOptions draws each kind of figure with the longest class names that must fit: 16 of the widest letter.
var withOptions = map[string]func(o Options) (*Figure, error){
	"Curves": func(o Options) (*Figure, error) {
		o.Phases = []Phase{{2, wide}}
		return Curves(Series{[]float64{1234, 0.1}, nil}, Series{[]float64{0, 1}, nil}, o)
	},
	"ConfusionMatrix": func(o Options) (*Figure, error) {
		return ConfusionMatrix([]string{wide, "i", wide}, [][]int{{1, 2, 3}, {4, 5, 6}, {7, 8, 123456}}, o)
	},
	"Grid": func(o Options) (*Figure, error) {
		return Grid([]Tile{{flat(black), "P: " + wide + "\nA: " + wide, Wrong}, {flat(black), wide, Right}, {flat(white), "", None}}, 3, o)
	},
	"Architecture": func(o Options) (*Figure, error) { return Architecture(wide, residual(0), o) },
	"Bars": func(o Options) (*Figure, error) {
		return Bars([]string{wide, "i"}, []BarGroup{{wide, []float64{123456, 1}, nil}, {wide, []float64{3, 4}, nil}}, o)
	},
	"Lines": func(o Options) (*Figure, error) {
		o.X, o.Y = wide, wide
		return Lines([]Line{{Name: wide, X: []float64{1, 1000000}, Y: []float64{-123456, 123456}}, {Name: wide, X: []float64{1}, Y: []float64{0}}}, o)
	},
}

const wide = "WWWWWWWWWWWWWWWW"

func TestNothingIsCutAtTheBorder(t *testing.T) {
	endless := strings.Repeat(wide, 20)
	long := strings.Repeat("synthetic images, not NEU-DET; ", 12)
	for name, draw := range withOptions {
		for _, o := range []Options{{}, {Title: long, Notice: long}, {Title: endless, Notice: endless}} {
			f, err := draw(o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b := f.Image.Bounds()
			for _, edge := range []image.Rectangle{
				image.Rect(0, 0, b.Dx(), 4), image.Rect(0, b.Dy()-4, b.Dx(), b.Dy()),
				image.Rect(0, 0, 4, b.Dy()), image.Rect(b.Dx()-4, 0, b.Dx(), b.Dy()),
			} {
				if got := count(f, edge, white); got != edge.Dx()*edge.Dy() {
					t.Errorf("%s with title %.10q: ink at the border %v", name, o.Title, edge)
				}
			}
		}
	}
}

func TestEndlessNamesAreShortened(t *testing.T) {
	endless := strings.Repeat(wide, 20)
	for name, draw := range map[string]func() (*Figure, error){
		"ConfusionMatrix": func() (*Figure, error) {
			return ConfusionMatrix([]string{endless, "b"}, [][]int{{1, 2}, {3, 4}}, Options{})
		},
		"Grid": func() (*Figure, error) { return Grid([]Tile{{flat(black), endless, Right}}, 3, Options{}) },
		"Bars": func() (*Figure, error) {
			return Bars([]string{endless}, []BarGroup{{endless, []float64{1}, nil}, {endless, []float64{1}, nil}}, Options{})
		},
		"Lines": func() (*Figure, error) {
			return Lines([]Line{{Name: endless, X: []float64{1}, Y: []float64{1}}}, Options{})
		},
	} {
		f, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		b := f.Image.Bounds()
		if edge := image.Rect(b.Dx()-4, 0, b.Dx(), b.Dy()); b.Dx() > 1800 || count(f, edge, white) != edge.Dx()*edge.Dy() {
			t.Errorf("%s is %d pixels wide, or has ink at the right border", name, b.Dx())
		}
	}
}

func TestNoticeIsDrawnAndSaid(t *testing.T) {
	for name, draw := range withOptions {
		without, err := draw(Options{})
		if err != nil {
			t.Fatal(err)
		}
		with, err := draw(Options{Notice: synthetic})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(without, without.Image.Rect, noticeFill); n != 0 {
			t.Errorf("%s without notice has %d pixels of its colour", name, n)
		}
		strip := 20 * with.Image.Rect.Dx() // at least 20 rows' worth
		if n := count(with, with.Image.Rect, noticeFill); n < strip {
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
		if channelDistance(read.At(p.X, p.Y), f.Image.At(p.X, p.Y)) != 0 {
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
		_, err := Overlay(m, values, h, w)
		return err
	}
	half := []metrics.Interval{{Low: 0.6, High: 0.7}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{failed(Curves(Series{}, Series{}, Options{})), "no epoch yet"},
		{failed(Curves(Series{two, nil}, Series{one, nil}, Options{})), "training loss has 2 epochs, training accuracy 1"},
		{failed(Curves(Series{two, one}, Series{two, two}, Options{})), "validation loss 1"},
		{failed(Curves(Series{two, two}, Series{two, nil}, Options{})), "give both or none"},
		{failed(Curves(Series{one, nil}, Series{[]float64{98.6}, nil}, Options{})), "epoch 1 is 98.6; give shares"},
		{failed(Curves(Series{two, nil}, Series{two, nil}, Options{Phases: []Phase{{1, "a"}}})), `phase "a" begins with epoch 1: give one from 2 to 2`},
		{failed(Curves(Series{two, nil}, Series{two, nil}, Options{Phases: []Phase{{3, "a"}}})), `phase "a" begins with epoch 3`},
		{failed(Curves(Series{two, nil}, Series{two, nil}, Options{Epochs: 9, Phases: []Phase{{5, "a"}, {5, "b"}}})), `phase "b" begins with epoch 5: give one from 6 to 9`},
		{failed(ConfusionMatrix(nil, nil, Options{})), "no classes"},
		{failed(ConfusionMatrix(steel, [][]int{{1}}, Options{})), "6 classes but 1 rows"},
		{failed(ConfusionMatrix(steel[:2], [][]int{{1, 2}, {3}}, Options{})), "row 1 (inclusion) has 1 counts"},
		{failed(ConfusionMatrix(steel[:1], [][]int{{-1}}, Options{})), "negative"},
		{failed(ConfusionMatrix(steel[:1], [][]int{{0}}, Options{})), "all counts are 0"},
		{failed(ConfusionMatrix(make([]string, 41), make([][]int, 41), Options{})), "at most 40"},
		{failed(Grid(nil, 5, Options{})), "no tiles"},
		{failed(Grid(steelTiles(2), 0, Options{})), "0 columns"},
		{failed(Grid(make([]Tile, 201), 5, Options{})), "at most 200"},
		{failed(Grid([]Tile{{Title: "P: a\nA: b"}}, 1, Options{})), "tile 0 (P: a, A: b) has no image"},
		{failed(Grid([]Tile{{Image: image.NewGray(image.Rectangle{})}}, 1, Options{})), "tile 0 () has no image"},
		{failed(Architecture("a", nil, Options{})), "no layers given"},
		{overlay(nil, []float32{1}, 1, 1), "no image"},
		{overlay(flat(black), []float32{1}, 2, 1), "1 values for 2 rows of 1"},
		{overlay(flat(black), nil, 0, 1), "0 values for 0 rows"},
		{overlay(flat(black), []float32{0, 1.5}, 2, 1), "value 1 is 1.5"},
		{overlay(flat(black), []float32{float32(nan)}, 1, 1), "value 0 is NaN"},
		{failed(Bars(nil, []BarGroup{{}}, Options{})), "no labels"},
		{failed(Bars(steel, nil, Options{})), "0 groups"},
		{failed(Bars(steel, []BarGroup{{"train", two, nil}}, Options{})), "group 0 (train) has 2 values for 6 labels"},
		{failed(Bars(steel[:1], []BarGroup{{"train", []float64{-1}, nil}}, Options{})), "the value of crazing is -1"},
		{failed(Bars(steel[:1], []BarGroup{{"a", one, half}}, Options{})), "outside of its interval"},
		{failed(Bars(steel[:2], []BarGroup{{"a", two, half}}, Options{})), "1 intervals for 2 labels"},
		{failed(Bars(make([]string, 300), []BarGroup{{}}, Options{})), "at most 200"},
		{failed(Lines(nil, Options{})), "0 series"},
		{failed(Lines([]Line{{Name: "a"}}, Options{})), "series 0 (a) is empty"},
		{failed(Lines([]Line{{"a", one, two, nil}}, Options{})), "1 x but 2 y"},
		{failed(Lines([]Line{{"a", two, two, half}}, Options{})), "2 points but 1 intervals"},
		{failed(Lines([]Line{{"a", []float64{0}, one, nil}}, Options{LogX: true})), "x[0] is 0"},
		{failed(Lines([]Line{{"a", one, []float64{nan}, nil}}, Options{})), "no y is a finite number"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got error %v, want one with %q", c.err, c.want)
		}
	}
}
