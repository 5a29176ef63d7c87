package neighbours

import (
	"slices"
	"testing"
)

func TestGroupsAreWhatOverlapsConnect(t *testing.T) {
	overlaps := []Overlap{{A: 5, B: 2}, {A: 2, B: 7}, {A: 3, B: 3}, {A: 6, B: 1}, {A: 7, B: 5}}
	if got, want := Groups(8, overlaps), []int{0, 1, 2, 3, 4, 2, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("groups %v, want %v", got, want)
	}
	defer func() {
		if recover() == nil {
			t.Error("an overlap of image 8 of 8 is taken")
		}
	}()
	Groups(8, []Overlap{{A: 0, B: 8}})
}
