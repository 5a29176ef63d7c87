package neighbours

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/transfer-learning-go/defects/lib/images"
	"github.com/transfer-learning-go/defects/lib/internal/golden"
)

// values are those of sklearn_neighbours.py: features such as those after a ReLU, of three classes in turn.
func values(name string, n int) *mat.Dense {
	const dim, classes = 75, 3
	m := mat.NewDense(n, dim, nil)
	for at, v := range golden.Uniform("neighbours "+name, n*dim, 0, 1) {
		i, k := at/dim, at%dim
		if k%classes == i%classes {
			v += 0.1
		}
		m.Set(i, k, float64(v))
	}
	return m
}

// The numbers come from NearestNeighbors on normalize(rows).
func TestNearestEqualsScikitLearn(t *testing.T) {
	var want struct {
		Distances [][]float64
		Nearest   [][]int
	}
	data, err := os.ReadFile("testdata/sklearn.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &want); err != nil || len(want.Nearest) != 20 {
		t.Fatal(len(want.Nearest), err)
	}
	x, err := Fit(values("train", 60))
	if err != nil {
		t.Fatal(err)
	}
	nearest, err := x.Nearest(values("others", 20), 5)
	if err != nil {
		t.Fatal(err)
	}
	third, err := x.Distances(values("others", 20), 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, neighbours := range nearest {
		for k, n := range neighbours {
			if n.Image != want.Nearest[i][k] || !(math.Abs(n.Distance-want.Distances[i][k]) < 1e-9) {
				t.Errorf("neighbour %d of %d is %+v, want %d at %v", k, i, n, want.Nearest[i][k], want.Distances[i][k])
			}
		}
		if third[i] != neighbours[2].Distance {
			t.Errorf("the third neighbour of %d is at %v, want %v", i, third[i], neighbours[2].Distance)
		}
	}
}

func TestOneIsItsOwnNearestAndEqualsComeInOrder(t *testing.T) {
	train := values("train", 4)
	train.SetRow(3, train.RawRowView(1))
	x, err := Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	var larger mat.Dense // the length is not looked at
	larger.Scale(7, train)
	nearest, err := x.Nearest(&larger, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{0, 1, 2, 1} {
		if n := nearest[i][0]; n.Image != want || !(n.Distance < 1e-7) {
			t.Errorf("the nearest of %d is %+v, want %d", i, n, want)
		}
	}
	if n := nearest[1][1]; n.Image != 3 || !(n.Distance < 1e-7) {
		t.Errorf("the second of 1 is %+v, want 3, its twin", n)
	}
}

func TestWhatHasNoNeighboursSaysWhy(t *testing.T) {
	train := values("train", 4)
	x, err := Fit(train)
	if err != nil {
		t.Fatal(err)
	}
	dark, broken := mat.NewDense(1, 75, nil), values("train", 2)
	broken.Set(1, 3, math.NaN())
	for _, c := range []struct {
		others mat.Matrix
		k      int
		want   string
	}{
		{train, 0, "ask for 1 to 4"}, {train, 5, "ask for 1 to 4"}, {mat.NewDense(2, 3, nil), 1, "75 features, the others 3"},
		{dark, 1, "no direction"}, {broken, 1, "image 1"},
	} {
		if _, err := x.Distances(c.others, c.k); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if _, err := Fit(dark); err == nil {
		t.Error("an image without features is no error")
	}
}

// pictures are windows of drawn steel, larger than what Overlaps compares.
type pictures []func(y, x int) float32

func (p pictures) About() images.About { return images.About{Name: "pictures"} }
func (p pictures) Len() int            { return len(p) }
func (p pictures) Info(i int) images.Info {
	return images.Info{Name: fmt.Sprint("picture ", i), Label: -1}
}
func (p pictures) Pixels(i, height, width int) ([]float32, error) {
	if p[i] == nil {
		return nil, errors.New("it cannot be read")
	}
	pixels := make([]float32, 0, height*width*3)
	for at := range height * width {
		v := p[i](at/width, at%width)
		pixels = append(pixels, v, v, v)
	}
	return pixels, nil
}

// ground is noise in blocks of 2×2 pixels, the same for one name.
func ground(name string, down, right int) func(y, x int) float32 {
	const size = 400
	grain := golden.Uniform(name, size*size, 60, 180)
	return func(y, x int) float32 { return grain[(y+down)/2*size+(x+right)/2] }
}

func TestOverlapsAreFoundWhereTheyLie(t *testing.T) {
	bright := func(of func(y, x int) float32) func(y, x int) float32 {
		return func(y, x int) float32 { return of(y, x)*0.5 + 80 + float32(x)/5 } // and lit from one side
	}
	line := func(of func(y, x int) float32, at int) func(y, x int) float32 {
		return func(y, x int) float32 {
			if y > at && y < at+12 {
				return 255
			}
			return of(y, x)
		}
	}
	a := pictures{ground("strip", 0, 0), line(ground("other", 0, 0), 50)}
	b := pictures{ground("strip", 60, 30), bright(ground("strip", 0, 75)), ground("strip", 0, 180), line(ground("third", 0, 0), 90), a[1]}
	candidates := make([][]Neighbour, len(a))
	for i := range candidates {
		for k := range b {
			candidates[i] = append(candidates[i], Neighbour{Image: k})
		}
	}
	got, err := Overlaps(a, b, candidates)
	if err != nil {
		t.Fatal(err)
	}
	want := []Overlap{{A: 1, B: 4}, {A: 0, B: 1, Right: -25. / 66}, {A: 0, B: 0, Down: -20. / 66, Right: -10. / 66}}
	if len(got) != len(want) {
		t.Fatalf("overlaps %+v, want %+v", got, want)
	}
	for i, o := range got {
		if o.Correlation < sameEnough || o.Correlation > 1+1e-9 {
			t.Errorf("correlation of %+v", o)
		}
		if o.Correlation = 0; o != want[i] {
			t.Errorf("overlap %d is %+v, want %+v", i, o, want[i])
		}
	}
	for _, c := range []struct {
		a, b       pictures
		candidates [][]Neighbour
		want       string
	}{
		{a, b, candidates[:1], "candidates for 1 images"}, {a, b[:2], candidates, "no image 2"},
		{a, pictures{nil}, [][]Neighbour{{{Image: 0}}, nil}, "cannot be read"},
	} {
		if _, err := Overlaps(c.a, c.b, c.candidates); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
