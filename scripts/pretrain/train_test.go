package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/transfer-learning-go/defects/scripts/pretrain/textures"
)

func TestStepsHavePicturesOfTheirOwn(t *testing.T) {
	s := draw(0, 2*len(trainedOn), 40)
	pixels, labels := s.batch(7, 8, 32)
	again, sameLabels := s.batch(7, 8, 32)
	if !slices.Equal(pixels, again) || !slices.Equal(labels, sameLabels) {
		t.Error("a step has other pictures the second time")
	}
	if other, _ := s.batch(8, 8, 32); slices.Equal(pixels, other) {
		t.Error("two steps have the same pictures")
	}
	if low, high := slices.Min(pixels), slices.Max(pixels); low < 0 || high > 255 || high-low < 40 {
		t.Errorf("pixels from %g to %g", low, high)
	}
}

func TestHeldOutFamiliesAreNotTrainedOn(t *testing.T) {
	if n := len(trainedOn) + len(textures.HeldOut); n != len(textures.Families) {
		t.Errorf("%d families are trained on or held out, of %d", n, len(textures.Families))
	}
	for _, i := range trainedOn {
		if slices.Contains(textures.HeldOut, textures.Families[i]) {
			t.Errorf("%s is held out and trained on", textures.Families[i])
		}
	}
}

// TestPartsOfATextureLieInEightWays cuts the whole of a texture out: each turn and mirror image of it must come.
func TestPartsOfATextureLieInEightWays(t *testing.T) {
	s := draw(0, 1, 8)
	seen := map[string]bool{}
	for step := range 64 {
		r := random(step, 0, 8)
		part := make([]uint8, 64)
		s.cut(r, s.heights[0], 8, part, 1)
		if a, b := slices.Sorted(slices.Values(part)), slices.Sorted(slices.Values(s.heights[0])); !slices.Equal(a, b) {
			t.Fatal("the whole of a texture has other heights than the texture")
		}
		seen[string(part)] = true
	}
	if len(seen) != 8 {
		t.Errorf("the texture lies in %d ways, want 8", len(seen))
	}
}

func TestTrainingGoesOnFromItsState(t *testing.T) {
	folder := t.TempDir()
	first, err := newTraining(100)
	if err != nil {
		t.Fatal(err)
	}
	const name = firstMoment + "block_3_expand/kernel"
	value, err := first.value(name)
	if err != nil {
		t.Fatal(err)
	}
	value[3] = 0.25
	if err := first.variable(name).SetValue(tensors.FromFlatDataAndDimensions(value, first.variable(name).Shape().Dimensions...)); err != nil {
		t.Fatal(err)
	}
	first.done = 42
	if err := first.save(folder); err != nil {
		t.Fatal(err)
	}
	second, err := newTraining(100)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.resume(folder); err != nil {
		t.Fatal(err)
	}
	if got, err := second.value(name); err != nil || !slices.Equal(got, value) || second.done != 42 {
		t.Errorf("after %d steps a moment is %v, %v", second.done, got[3], err)
	}
	other, err := newTraining(50)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.resume(folder); err == nil || !strings.Contains(err.Error(), "--run") {
		t.Errorf("a training of another length: %v", err)
	}
}
