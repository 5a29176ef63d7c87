package main

import (
	"slices"
	"strings"
	"testing"
)

func TestCellsAreNewButForTheUnchangedOne(t *testing.T) {
	for _, s := range []side{oursSide, kerasSide} {
		cells := slices.Concat(cellsOf(s, 0), cellsOf(s, 1))
		if len(cells) != 2*len(timed) {
			t.Fatalf("%d cells, want two rounds of %d", len(cells), len(timed))
		}
		for i, source := range cells {
			again := timed[i%len(timed)].ours == ""
			if first := slices.Index(cells, source); again != (first == i-1) || !again && first != i {
				t.Errorf("side %d: cell %d is cell %d again", s, i, first)
			}
			if strings.Contains(source, "NUMBER") {
				t.Errorf("side %d: cell %d has no number:\n%s", s, i, source)
			}
		}
	}
}
