package spelling

import (
	"fmt"
	"testing"
)

func TestTheNearestName(t *testing.T) {
	names := []string{"Print", "Printf", "Println", "Sprint", "Fscan"}
	for name, want := range map[string]string{
		"Prinln": "Println", "println": "Println", "Pritnf": "Printf", "PRINT": "Print", "Sprnt": "Sprint", "Normalize": "", "X": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%s: %q; want %q", name, got, want)
		}
	}
	// Distances by hand: a letter more, less, other, and two swapped.
	for pair, want := range map[[2]string]int{{"ab", "abc"}: 1, {"abc", "ac"}: 1, {"abc", "axc"}: 1, {"abcd", "acbd"}: 1,
		{"", "abc"}: 3, {"kitten", "sitting"}: 3, {"größe", "grösse"}: 2} {
		if got := distance(pair[0], pair[1]); got != want {
			t.Errorf("%v: %d; want %d", pair, got, want)
		}
	}
}

func TestAllThatAreEquallyNear(t *testing.T) {
	names := []string{"Println", "Print", "Printf", "Sprint", "Print"}
	for name, want := range map[string]string{"Printn": "[Print Printf Println]", "Prinln": "[Println]", "Normalize": "[]", "println": "[Println]"} {
		if got := fmt.Sprint(AllNearest(name, names)); got != want {
			t.Errorf("%s: %s; want %s", name, got, want)
		}
	}
	if got := AllNearest("abx", []string{"aba", "abb", "abc", "abd"}); len(got) != 3 {
		t.Errorf("of four that are equally near: %q", got)
	}
}
