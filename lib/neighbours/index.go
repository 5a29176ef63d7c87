// Package neighbours finds images that look alike: by the distance of their features, and by perceptual hashes of their
// pixels. It tells near-duplicates of training images among the images that a model is measured on, and images that are
// far from all that the model was trained on.
package neighbours

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/transfer-learning-go/defects/lib/features"
)

// Index finds training images by their features. All rows are scaled to length 1, so that the Euclidean distance of two
// rows a and b tells their angle alone: ‖a − b‖ = √(2 − 2·cos(a, b)), from 0, the same direction, over √2, a right angle,
// to 2. Features after a ReLU have no negative values: none of their distances is above √2.
//
// It is scikit-learn's NearestNeighbors(algorithm="brute") on normalize(rows): all distances are computed, as one product
// of matrices, which for some thousand images takes less than a second. All methods may be called from several goroutines
// at once.
type Index struct {
	rows   *mat.Dense // [n, dim], each of length 1
	labels []int
	layers string // that the features are of
}

// Fit makes the index of training images. It is an error if their features are not one vector per image (see
// features.Features.Matrix), or if all values of an image are 0, since then it has no direction.
func Fit(train *features.Features) (*Index, error) {
	rows, err := directions(train)
	if err != nil {
		return nil, fmt.Errorf("nearest neighbours: %w", err)
	}
	x := &Index{rows: rows, labels: make([]int, train.Len()), layers: train.Layers()}
	for i := range x.labels {
		x.labels[i] = train.Info(i).Label
	}
	return x, nil
}

// directions are the rows of features, each divided by its length.
func directions(f *features.Features) (*mat.Dense, error) {
	rows, err := f.Matrix()
	if err != nil {
		return nil, err
	}
	for i := range f.Len() {
		row := rows.RowView(i).(*mat.VecDense)
		length := mat.Norm(row, 2)
		if length == 0 {
			return nil, fmt.Errorf("features of %s: all those of %s are 0, so that they are near to nothing: look at the image",
				f.About().Name, f.Info(i).Name)
		}
		row.ScaleVec(1/length, row)
	}
	return rows, nil
}

// Neighbour is a training image.
type Neighbour struct {
	Image    int     // which of the training images
	Distance float64 // of the directions of the features, 0 … 2
}

// Nearest gives the k nearest training images of each of some images, the nearest first: [len(f)][k]. Where two are
// equally near, the first comes first. An image that is itself among the training images is its own nearest one, at
// distance 0. It is an error if k is not 1 … the number of training images, or if f has features of other layers.
func (x *Index) Nearest(f *features.Features, k int) ([][]Neighbour, error) {
	n, _ := x.rows.Dims()
	if k < 1 || k > n {
		return nil, fmt.Errorf("the %d nearest of %d training images: ask for 1 to %d", k, n, n)
	}
	distances, err := x.distances(f)
	if err != nil {
		return nil, err
	}
	nearest := make([][]Neighbour, f.Len())
	for i := range nearest {
		all := make([]Neighbour, n)
		for j, d := range distances.RawRowView(i) {
			all[j] = Neighbour{j, d}
		}
		slices.SortStableFunc(all, func(a, b Neighbour) int { return cmp.Compare(a.Distance, b.Distance) })
		nearest[i] = slices.Clone(all[:k])
	}
	return nearest, nil
}

// Distances gives, for each of some images, the distance to its k-th nearest training image: how unknown the image is.
// What lies farther away than nearly all images of known kinds do is of another kind. The threshold is to be taken from
// images of known kinds that the index does not hold, such as the 95 % quantile of those of the validation images.
//
// Source: Y. Sun, Y. Ming, X. Zhu and Y. Li, Out-of-Distribution Detection with Deep Nearest Neighbors, 2022, which takes
// the features before the last layer of the classifier. Those of a frozen base are the base's. Errors are as for Nearest.
func (x *Index) Distances(f *features.Features, k int) ([]float64, error) {
	nearest, err := x.Nearest(f, k)
	if err != nil {
		return nil, err
	}
	distances := make([]float64, len(nearest))
	for i, neighbours := range nearest {
		distances[i] = neighbours[k-1].Distance
	}
	return distances, nil
}

// distances are those between all images and all training images, [len(f), n].
func (x *Index) distances(f *features.Features) (*mat.Dense, error) {
	if f.Layers() != x.layers {
		return nil, fmt.Errorf("nearest neighbours: the features of %s are of other layers than those of the training images: "+
			"take both from one model", f.About().Name)
	}
	rows, err := directions(f)
	if err != nil {
		return nil, fmt.Errorf("nearest neighbours: %w", err)
	}
	var d mat.Dense
	d.Mul(rows, x.rows.T())
	d.Apply(func(_, _ int, cos float64) float64 { return math.Sqrt(max(0, 2-2*cos)) }, &d)
	return &d, nil
}
