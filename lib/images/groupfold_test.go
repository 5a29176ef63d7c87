package images

import (
	"slices"
	"strings"
	"testing"
)

func TestGroupsAreAssignedAsScikitLearnDoes(t *testing.T) {
	var cases []struct {
		Counts [][]int
		K      int
		Folds  []int
	}
	golden(t, "groupfold.json", &cases)
	for i, c := range cases {
		got, want := renamed(assign(c.Counts, sequence(len(c.Counts)), c.K)), renamed(c.Folds)
		if !slices.Equal(got, want) {
			t.Errorf("case %d: folds\n%v, want\n%v", i, got, want)
		}
	}
}

// renamed numbers folds in the order in which they first come: which of several empty folds is filled first, rounding
// decides in NumPy.
func renamed(folds []int) []int {
	names, out := map[int]int{}, make([]int, len(folds))
	for i, f := range folds {
		if _, ok := names[f]; !ok {
			names[f] = len(names)
		}
		out[i] = names[f]
	}
	return out
}

func TestGroupsStayTogether(t *testing.T) {
	s := counted(30, 42, 24)
	groups, seen := make([]int, s.Len()), [3]int{}
	for i := range groups { // each class is made of threes
		label := s.Info(i).Label
		groups[i] = 1000*label + seen[label]/3
		seen[label]++
	}
	validated := make([]int, s.Len())
	for _, seed := range []int64{1, 2} {
		folds, err := GroupKFold(s, groups, 4, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folds {
			in := map[int]bool{}
			for _, i := range indicesIn(t, s, f.Validation) {
				validated[i]++
				in[groups[i]] = true
			}
			for _, i := range indicesIn(t, s, f.Train) {
				if in[groups[i]] {
					t.Errorf("seed %d: group %d is on both sides", seed, groups[i])
				}
			}
			if f.Train.Len()+f.Validation.Len() != s.Len() {
				t.Errorf("seed %d: %d + %d images of %d", seed, f.Train.Len(), f.Validation.Len(), s.Len())
			}
			counts := make([]int, 3)
			for i := range f.Validation.Len() {
				counts[f.Validation.Info(i).Label]++
			}
			for class, all := range []int{30, 42, 24} { // whole threes, as even as they go
				if 3*(all/12) > counts[class] || counts[class] > 3*((all+11)/12) {
					t.Errorf("seed %d: a fold has %v validation images", seed, counts)
				}
			}
		}
	}
	if slices.ContainsFunc(validated, func(n int) bool { return n != 2 }) {
		t.Errorf("images are validated %v times by two divisions", validated)
	}
	one, _ := GroupKFold(s, groups, 4, 1)
	again, _ := GroupKFold(s, groups, 4, 1)
	other, _ := GroupKFold(s, groups, 4, 2)
	if !slices.Equal(names(one[0].Train), names(again[0].Train)) || slices.Equal(names(one[0].Train), names(other[0].Train)) {
		t.Error("folds do not follow from the seed")
	}
}

func TestImpossibleGroupsSayWhy(t *testing.T) {
	s := counted(4, 4)
	labels := s.Labels() // each class is one group
	for _, c := range []struct {
		groups []int
		k      int
		want   string
	}{
		{sequence(8), 1, "at least 2"},
		{sequence(7), 2, "groups for 7 images"},
		{labels, 2, "in 1 groups"},
	} {
		if _, err := GroupKFold(s, c.groups, c.k, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, %d folds: %v", c.groups, c.k, err)
		}
	}
	s.Images[2].Label = -1
	if _, err := GroupKFold(s, sequence(8), 2, 1); err == nil || !strings.Contains(err.Error(), "no label") {
		t.Error(err)
	}
}
