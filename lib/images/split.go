package images

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Select gives some images of a source, in the order of the indices; one may come twice. If s has a method
// Select(indices []int) Source, that one is used, so that features keep what is stored with them. An index outside of
// the source panics.
func Select(s Source, indices []int) Source {
	if own, ok := s.(interface{ Select(indices []int) Source }); ok {
		return own.Select(indices)
	}
	chosen := make([]int, len(indices))
	for k, i := range indices {
		if i < 0 || i >= s.Len() {
			panic(fmt.Sprintf("select from %s: no image %d, there are %d", s.About().Name, i, s.Len()))
		}
		chosen[k] = i
	}
	return selection{s, chosen}
}

type selection struct {
	Source
	indices []int
}

func (s selection) Len() int        { return len(s.indices) }
func (s selection) Info(i int) Info { return s.Source.Info(s.indices[i]) }
func (s selection) Pixels(i, height, width int) ([]float32, error) {
	return s.Source.Pixels(s.indices[i], height, width)
}

// Select gives some images of the set, as the function Select does. The result is a *Set.
func (s *Set) Select(indices []int) Source { return s.only(indices) }

// Split draws a share of the images of each class, such as 0.2 for validation: part holds round(share·n) of the n
// images of a class, but at least one and not all; rest holds the others. Both keep the order of s. What is drawn follows
// from the seed alone.
//
// It is an error if the share is not between 0 and 1, an image has no label, or a class has a single image.
func Split(s Source, share float64, seed int64) (rest, part Source, err error) {
	if !(share > 0 && share < 1) {
		return nil, nil, fmt.Errorf("split %s: the share is %v: use one between 0 and 1, such as 0.2", s.About().Name, share)
	}
	classes, err := shuffled(s, 2, seed)
	if err != nil {
		return nil, nil, fmt.Errorf("split %s: %w", s.About().Name, err)
	}
	var kept, drawn []int
	for _, images := range classes {
		n := min(max(int(math.Round(share*float64(len(images)))), 1), len(images)-1)
		drawn, kept = append(drawn, images[:n]...), append(kept, images[n:]...)
	}
	slices.Sort(drawn)
	slices.Sort(kept)
	return Select(s, kept), Select(s, drawn), nil
}

// Draw draws perClass images of each class, in the order of s, such as to see how many are needed: those of a smaller
// number are among those of a larger one. What is drawn follows from the seed alone.
//
// It is an error if perClass is below 1, an image has no label, or a class that occurs has fewer images.
func Draw(s Source, perClass int, seed int64) (Source, error) {
	if perClass < 1 {
		return nil, fmt.Errorf("draw from %s: %d images per class: draw at least 1", s.About().Name, perClass)
	}
	classes, err := shuffled(s, perClass, seed)
	if err != nil {
		return nil, fmt.Errorf("draw from %s: %w", s.About().Name, err)
	}
	var drawn []int
	for _, images := range classes {
		drawn = append(drawn, images[:perClass]...)
	}
	slices.Sort(drawn)
	return Select(s, drawn), nil
}

// Fold is one of the divisions that KFold makes.
type Fold struct{ Train, Validation Source }

// KFold divides a source k times into training and validation images for cross-validation. Each image is a validation
// image of exactly one fold. It is stratified as scikit-learn's StratifiedKFold(k, shuffle=True): from fold to fold the
// number of validation images of each class, and that of all classes together, differs by at most one. The folds keep the
// order of s and follow from the seed alone.
//
// It is an error if k is below 2, an image has no label, or a class that occurs has fewer than k images.
func KFold(s Source, k int, seed int64) ([]Fold, error) {
	name := s.About().Name
	if k < 2 {
		return nil, fmt.Errorf("%d folds of %s: use at least 2", k, name)
	}
	classes, err := shuffled(s, k, seed)
	if err != nil {
		return nil, fmt.Errorf("%d folds of %s: %w", k, name, err)
	}
	foldOf := make([]int, s.Len())
	for next, i := range slices.Concat(classes...) { // going on where the class before ended keeps the folds of one size
		foldOf[i] = next % k
	}
	folds := make([]Fold, k)
	for f := range folds {
		var train, validation []int
		for i, of := range foldOf {
			if of == f {
				validation = append(validation, i)
			} else {
				train = append(train, i)
			}
		}
		folds[f] = Fold{Select(s, train), Select(s, validation)}
	}
	return folds, nil
}

// shuffled gives the indices of the images of each class that occurs, in an order that follows from the seed. Each of
// these must have a least number of images.
func shuffled(s Source, least int, seed int64) ([][]int, error) {
	names := s.About().Classes
	classes := make([][]int, len(names))
	for i := range s.Len() {
		info := s.Info(i)
		if info.Label < 0 || info.Label >= len(classes) {
			return nil, fmt.Errorf("%s has no label: images are divided class by class, so open them from class folders",
				info.Name)
		}
		classes[info.Label] = append(classes[info.Label], i)
	}
	if s.Len() == 0 {
		return nil, fmt.Errorf("there are no images")
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 1<<63)) // the second number keeps it apart from Order's epochs
	for label, images := range classes {
		if n := len(images); n > 0 && n < least {
			return nil, fmt.Errorf("class %s needs at least %d images and has %d: add some", names[label], least, n)
		}
		rng.Shuffle(len(images), func(a, b int) { images[a], images[b] = images[b], images[a] })
	}
	return slices.DeleteFunc(classes, func(images []int) bool { return len(images) == 0 }), nil
}
