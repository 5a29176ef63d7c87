package images

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// GroupKFold is KFold for images that belong together, such as parts of one photograph: images of one group are in one
// part of each fold, all to train on or all to validate with. groups[i] names the group of image i by any number.
//
// It is scikit-learn's StratifiedGroupKFold(k, shuffle=True): one group after the other, those of the most uneven classes
// first, goes to the fold that leaves the classes divided most evenly; of equal ones, to that with the fewest images. As
// groups cannot be cut, folds differ in size, the more the larger the groups are. They keep the order of s and follow
// from the seed alone.
//
// It is an error if k is below 2, an image has no label, there is not one group for each image, or a class that occurs is
// in fewer than k groups.
func GroupKFold(s Source, groups []int, k int, seed int64) ([]Fold, error) {
	name := s.About().Name
	if k < 2 {
		return nil, fmt.Errorf("%d folds of %s: use at least 2", k, name)
	}
	if len(groups) != s.Len() {
		return nil, fmt.Errorf("%d folds of %s: groups for %d images, there are %d: give one for each", k, name, len(groups), s.Len())
	}
	if _, err := shuffled(s, 1, seed); err != nil {
		return nil, fmt.Errorf("%d folds of %s: %w", k, name, err)
	}
	names := s.About().Classes
	at := map[int]int{} // where a group stands in counts
	var counts [][]int  // by group and class
	for i, g := range groups {
		if _, ok := at[g]; !ok {
			at[g] = len(counts)
			counts = append(counts, make([]int, len(names)))
		}
		counts[at[g]][s.Info(i).Label]++
	}
	for class, name := range names {
		in := 0
		for _, of := range counts {
			in += min(of[class], 1)
		}
		if in > 0 && in < k {
			return nil, fmt.Errorf("%d folds of %s: the images of class %s are in %d groups, it takes at least %d: add some, or "+
				"use fewer folds", k, s.About().Name, name, in, k)
		}
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 1<<63))
	foldOf := assign(counts, rng.Perm(len(counts)), k)
	folds := make([]Fold, k)
	for f := range folds {
		var train, validation []int
		for i, g := range groups {
			if foldOf[at[g]] == f {
				validation = append(validation, i)
			} else {
				train = append(train, i)
			}
		}
		folds[f] = Fold{Select(s, train), Select(s, validation)}
	}
	return folds, nil
}

// assign gives the fold of each group from its counts [groups][classes]; order decides between equally uneven groups.
func assign(counts [][]int, order []int, k int) []int {
	total := make([]float64, len(counts[0]))
	uneven := make([]float64, len(counts))
	for g, of := range counts {
		shares := make([]float64, len(of))
		for class, n := range of {
			total[class] += float64(n)
			shares[class] = float64(n)
		}
		uneven[g] = stat.PopStdDev(shares, nil)
	}
	order = slices.Clone(order)
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(uneven[b], uneven[a]) })
	held := make([][]float64, k) // images of each class in each fold
	for f := range held {
		held[f] = make([]float64, len(total))
	}
	foldOf := make([]int, len(counts))
	for _, g := range order {
		best, least, fewest := -1, 0.0, 0.0
		for f := range held {
			before := slices.Clone(held[f])
			for class, n := range counts[g] {
				held[f][class] += float64(n)
			}
			spread, images := unevenness(held, total), floats.Sum(held[f])
			held[f] = before
			tolerance := 1e-8 + 1e-5*least // rounding must not decide
			if best < 0 || spread < least-tolerance || images < fewest && spread <= least+tolerance {
				best, least, fewest = f, spread, images
			}
		}
		for class, n := range counts[g] {
			held[best][class] += float64(n)
		}
		foldOf[g] = best
	}
	return foldOf
}

// unevenness is the mean over the classes of the standard deviation over the folds of their shares of the class.
func unevenness(held [][]float64, total []float64) float64 {
	var deviations []float64
	for class, all := range total {
		if all == 0 {
			continue
		}
		shares := make([]float64, len(held))
		for f := range held {
			shares[f] = held[f][class] / all
		}
		deviations = append(deviations, stat.PopStdDev(shares, nil))
	}
	return stat.Mean(deviations, nil)
}
