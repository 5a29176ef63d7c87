package layer

import "testing"

func TestClonesShareNothingThatChanges(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{4, 4, 3}})
	b.Add("conv", Conv2D{Filters: 2, Kernel: 1})
	own := b.List.Clone()
	own[1].Inputs[0], own[1].Frozen = "other", true
	own[0] = nil
	if b.List[0] == nil || b.List[1].Inputs[0] != "image" || b.List[1].Frozen {
		t.Errorf("the original became %+v", b.List[1])
	}
}
