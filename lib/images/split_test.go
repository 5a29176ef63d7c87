package images

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// counted has the given number of images of each class, mixed.
func counted(counts ...int) *Set {
	s := &Set{Name: "some"}
	for label, n := range counts {
		s.Classes = append(s.Classes, string(rune('a'+label)))
		for i := range n {
			s.Images = append(s.Images, Image{Name: fmt.Sprint(s.Classes[label], i), Label: label})
		}
	}
	for to, from := range Order(len(s.Images), 9, 9) {
		s.Images[to], s.Images[from] = s.Images[from], s.Images[to]
	}
	return s
}

func names(s Source) (names []string) {
	for i := range s.Len() {
		names = append(names, s.Info(i).Name)
	}
	return names
}

// indicesIn gives the places of the images of part in s.
func indicesIn(t *testing.T, s, part Source) (indices []int) {
	t.Helper()
	all := names(s)
	for _, name := range names(part) {
		i := slices.Index(all, name)
		if i < 0 {
			t.Fatalf("%s is not in the source", name)
		}
		indices = append(indices, i)
	}
	return indices
}

// plain hides what a set has beyond Source.
type plain struct{ Source }

func TestSplitDrawsAShareOfEachClass(t *testing.T) {
	for _, c := range []struct {
		counts []int
		share  float64
		want   []int
	}{
		{[]int{240, 240}, 0.2, []int{48, 48}},
		{[]int{10, 13, 2}, 0.25, []int{3, 3, 1}},
		{[]int{5, 2}, 0.01, []int{1, 1}},
		{[]int{5, 2}, 0.99, []int{4, 1}},
		{[]int{5, 0, 3}, 0.4, []int{2, 0, 1}}, // a class without images is no matter
	} {
		s := counted(c.counts...)
		for _, source := range []Source{s, plain{s}} {
			rest, part, err := Split(source, c.share, 5)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]int, len(c.counts))
			for i := range part.Len() {
				got[part.Info(i).Label]++
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v of %v: got %v", c.share, c.counts, got)
			}
			a, b := indicesIn(t, s, rest), indicesIn(t, s, part)
			if !slices.IsSorted(a) || !slices.IsSorted(b) {
				t.Error("the order is lost")
			}
			if both := slices.Sorted(slices.Values(append(a, b...))); len(slices.Compact(both)) != s.Len() || len(both) != s.Len() {
				t.Errorf("%d and %d of %d images", len(a), len(b), s.Len())
			}
		}
	}
	s := counted(40, 40)
	_, one, _ := Split(s, 0.5, 1)
	_, same, _ := Split(plain{s}, 0.5, 1)
	_, other, _ := Split(s, 0.5, 2)
	if !slices.Equal(names(one), names(same)) || slices.Equal(names(one), names(other)) {
		t.Error("the seed does not decide what is drawn")
	}
}

// The properties of scikit-learn's StratifiedKFold(shuffle=True).
func TestKFoldIsStratified(t *testing.T) {
	for _, counts := range [][]int{{300, 300, 300, 300, 300, 300}, {7, 5, 11}, {5, 5}, {6, 0, 9}} {
		for _, k := range []int{2, 3, 5} {
			s := counted(counts...)
			folds, err := KFold(s, k, 100)
			if err != nil || len(folds) != k {
				t.Fatal(len(folds), err)
			}
			seen := make([]int, s.Len())
			sizes := make([]int, k)
			perClass := make([][]int, len(counts))
			for f, fold := range folds {
				validation := indicesIn(t, s, fold.Validation)
				train := indicesIn(t, s, fold.Train)
				if !slices.IsSorted(validation) || !slices.IsSorted(train) {
					t.Error("the order is lost")
				}
				all := slices.Sorted(slices.Values(append(train, validation...)))
				if len(all) != s.Len() || len(slices.Compact(all)) != s.Len() {
					t.Errorf("fold %d: %d + %d images of %d", f, len(train), len(validation), s.Len())
				}
				sizes[f] = len(validation)
				in := fold.Validation.(*Set).Counts()
				for label, n := range in {
					perClass[label] = append(perClass[label], n)
				}
				for _, i := range validation {
					seen[i]++
				}
			}
			if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
				t.Errorf("images validate %d to %d times", slices.Min(seen), slices.Max(seen))
			}
			for _, n := range append(perClass, sizes) {
				if slices.Max(n)-slices.Min(n) > 1 {
					t.Errorf("%d folds of %v: per class %v, together %v", k, counts, perClass, sizes)
				}
			}
		}
	}
}

func TestKFoldFollowsFromTheSeed(t *testing.T) {
	s := counted(20, 30)
	first := func(seed int64) []string {
		folds, err := KFold(s, 5, seed)
		if err != nil {
			t.Fatal(err)
		}
		return names(folds[0].Validation)
	}
	if !slices.Equal(first(1), first(1)) || slices.Equal(first(1), first(2)) {
		t.Error("the seed does not decide the folds")
	}
}

func TestWhatCannotBeDividedIsRefused(t *testing.T) {
	unknown := counted(5, 5)
	unknown.Images[3].Label = -1
	for _, c := range []struct {
		s     *Set
		k     int
		share float64
		want  string
	}{
		{counted(5, 5), 1, 0, "1 folds of some: use at least 2"},
		{counted(5, 4), 5, 0.5, "class b needs at least 5 images and has 4"},
		{counted(5, 1), 0, 0.5, "split some: class b needs at least 2 images and has 1"},
		{unknown, 2, 0.5, unknown.Images[3].Name + " has no label"},
		{Of(unknown.Images[0], unknown.Images[1]), 2, 0.5, "has no label"},
		{counted(), 2, 0.5, "there are no images"},
		{counted(5, 5), 0, 1, "the share is 1"},
		{counted(5, 5), 0, math.NaN(), "the share is NaN"},
	} {
		if c.k > 0 {
			if _, err := KFold(c.s, c.k, 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		}
		if c.k != 1 && c.k != 5 {
			if _, _, err := Split(c.s, c.share, 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v", c.want, err)
			}
		}
	}
}

// rows is a source with more than pixels, as features are.
type rows struct {
	Source
	row []int
}

func (r rows) Select(indices []int) Source {
	chosen := rows{Source: Select(r.Source, indices)}
	for _, i := range indices {
		chosen.row = append(chosen.row, r.row[i])
	}
	return chosen
}

func TestSelectKeepsWhatASourceHas(t *testing.T) {
	s := labelled(t, 6)
	if _, ok := Select(s, []int{1}).(*Set); !ok {
		t.Error("a selection from a set is no set")
	}
	own := Select(rows{s, []int{0, 10, 20, 30, 40, 50}}, []int{4, 1, 1})
	if r, ok := own.(rows); !ok || !slices.Equal(r.row, []int{40, 10, 10}) {
		t.Errorf("rows %v", own)
	}
	for _, source := range []Source{s, plain{s}, Changed(s, Brightness(0))} {
		chosen := Select(Select(source, []int{5, 3, 1}), []int{2, 0})
		if !slices.Equal(names(chosen), []string{"1.bmp", "5.bmp"}) || chosen.Len() != 2 || chosen.Info(1).Label != 5 {
			t.Errorf("chose %v", names(chosen))
		}
		if pixels, err := Pixels(chosen, []int{0, 1}, 2); err != nil || pixels[0] != 1 || pixels[12] != 5 {
			t.Error(pixels, err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("an index outside of the source was taken")
				}
			}()
			Select(source, []int{6})
		}()
	}
}

func TestDrawTakesSoManyOfEachClass(t *testing.T) {
	s := counted(7, 5, 9)
	before := []int(nil)
	for _, n := range []int{1, 3, 5} {
		drawn, err := Draw(s, n, 4)
		if err != nil {
			t.Fatal(err)
		}
		now := indicesIn(t, s, drawn)
		counts := make([]int, 3)
		for i := range drawn.Len() {
			counts[drawn.Info(i).Label]++
		}
		if !slices.Equal(counts, []int{n, n, n}) || !slices.IsSorted(now) {
			t.Errorf("%d per class gives %v: images %v", n, counts, now)
		}
		for _, i := range before {
			if !slices.Contains(now, i) {
				t.Errorf("%d per class: image %d of the smaller draw is missing", n, i)
			}
		}
		before = now
	}
	one, _ := Draw(s, 3, 4)
	again, _ := Draw(s, 3, 4)
	other, _ := Draw(s, 3, 5)
	if !slices.Equal(names(one), names(again)) || slices.Equal(names(one), names(other)) {
		t.Error("what is drawn does not follow from the seed")
	}
	for n, want := range map[int]string{0: "at least 1", 6: "at least 6 images and has 5"} {
		if _, err := Draw(s, n, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d per class: %v", n, err)
		}
	}
}
