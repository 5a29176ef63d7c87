package images

import (
	"slices"
	"testing"
)

func TestDecodedByGivesOtherPixelsUnderAnotherID(t *testing.T) {
	f, err := ReadFile("testdata/decode/colour-420.jpg")
	if err != nil {
		t.Fatal(err)
	}
	png, err := ReadFile("testdata/decode/colour.png")
	if err != nil {
		t.Fatal(err)
	}
	set := Of(f, png)
	nothing := Change{Name: "nothing", Apply: func(int, []float32, int, int) {}}
	for name, s := range map[string]Source{
		"set": set, "selection": selection{set, []int{0, 1}}, "changed": Changed(set, nothing),
	} {
		pillow := DecodedBy(s, Pillow)
		for i, differ := range []bool{true, false} {
			ours, err := Pixels(s, []int{i}, 24)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := Pixels(pillow, []int{i}, 24)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Equal(ours, theirs) == differ {
				t.Errorf("%s: pixels of %s differ: %v", name, s.Info(i).Name, !differ)
			}
			if s.Info(i).ID == pillow.Info(i).ID {
				t.Errorf("%s: %s keeps its ID", name, s.Info(i).Name)
			}
			if again := DecodedBy(pillow, TensorFlow); again.Info(i).ID != s.Info(i).ID {
				t.Errorf("%s: the way back ends elsewhere", name)
			}
		}
	}
}
