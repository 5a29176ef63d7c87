package neighbours

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/internal/golden"
	"github.com/transfer-learning-go/defects/lib/internal/rows"
)

// values are those of sklearn_neighbours.py: features such as those after a ReLU.
func values(name string, n int) rows.Source {
	s := rows.Source{Side: 5, Rows: golden.Uniform("neighbours "+name, n*75, 0, 1), Classes: []string{"a", "b", "c"}}
	for i := range n {
		s.Labels = append(s.Labels, i%3)
		for k := range 75 {
			if k%3 == i%3 {
				s.Rows[i*75+k] += 0.1
			}
		}
	}
	return s
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
	e := rows.Extractor(t, 5)
	x, err := Fit(rows.Extract(t, e, values("train", 60)))
	if err != nil {
		t.Fatal(err)
	}
	others := rows.Extract(t, e, values("others", 20))
	nearest, err := x.Nearest(others, 5)
	if err != nil {
		t.Fatal(err)
	}
	third, err := x.Distances(others, 3)
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
