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
)

// Index finds training images by their features. All rows are scaled to length 1, so that the Euclidean distance of two
// rows a and b tells their angle alone: ‖a − b‖ = √(2 − 2·cos(a, b)), from 0, the same direction, over √2, a right angle,
// to 2. Features after a ReLU have no negative values: none of their distances is above √2.
//
// It is scikit-learn's NearestNeighbors(algorithm="brute") on normalize(rows): all distances are computed, as one product
// of matrices, which for some thousand images takes a second. All methods may be called from several goroutines at once.
type Index struct{ rows *mat.Dense } // [n, dim], each of length 1

// Fit makes the index of training images from their features, [n, dim], such as those of features.Features.Matrix or
// classifier.Model.Penultimate. It is an error if all values of an image are 0, since then it has no direction, or if one
// is not finite.
func Fit(train mat.Matrix) (*Index, error) {
	rows, err := directions(train)
	return &Index{rows}, err
}

// directions are rows, each divided by its length.
func directions(m mat.Matrix) (*mat.Dense, error) {
	rows := mat.DenseCopyOf(m)
	n, _ := rows.Dims()
	for i := range n {
		row := rows.RowView(i).(*mat.VecDense)
		length := mat.Norm(row, 2)
		if length == 0 || math.IsNaN(length) || math.IsInf(length, 0) {
			return nil, fmt.Errorf("nearest neighbours: the features of image %d have the length %v and thus no direction: look at "+
				"the image, and at the weights of the layers", i, length)
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

// Nearest gives the k nearest training images of each of some images, whose features are [m, dim], the nearest first:
// [m][k]. Where two are equally near, the first comes first. An image that is itself among the training images is its own
// nearest one. It is an error if k is not 1 … the number of training images, or if these are features of another dim.
func (x *Index) Nearest(others mat.Matrix, k int) ([][]Neighbour, error) {
	n, want := x.rows.Dims()
	if k < 1 || k > n {
		return nil, fmt.Errorf("the %d nearest of %d training images: ask for 1 to %d", k, n, n)
	}
	if _, dim := others.Dims(); dim != want {
		return nil, fmt.Errorf("nearest neighbours: the training images have %d features, the others %d: take those of the same "+
			"layer", want, dim)
	}
	rows, err := directions(others)
	if err != nil {
		return nil, err
	}
	var cosines mat.Dense
	cosines.Mul(rows, x.rows.T())
	nearest := make([][]Neighbour, rows.RawMatrix().Rows)
	all := make([]Neighbour, n)
	for i := range nearest {
		for j, cos := range cosines.RawRowView(i) {
			all[j] = Neighbour{j, math.Sqrt(max(0, 2-2*cos))} // rounding may take the cosine above 1
		}
		slices.SortFunc(all, func(a, b Neighbour) int {
			return cmp.Or(cmp.Compare(a.Distance, b.Distance), a.Image-b.Image)
		})
		nearest[i] = slices.Clone(all[:k])
	}
	return nearest, nil
}

// Distances gives, for each of some images, the distance to its k-th nearest training image: how unknown the image is.
// What lies farther away than nearly all images of known kinds do is of another kind. The threshold is to be taken from
// images of known kinds that the index does not hold, such as the 95 % quantile of those of the validation images.
//
// Source: Y. Sun, Y. Ming, X. Zhu and Y. Li, Out-of-Distribution Detection with Deep Nearest Neighbors, 2022. They take the
// penultimate layer of the trained classifier, and so should a caller: in the features of a base that was not trained for
// these classes, some classes are spread widely and others lie close together, and no one threshold fits both. Their k is
// 50 for 50,000 training images; for some hundred per class, 1 tells kinds apart better than 5 or 50.
//
// Errors are those of Nearest.
func (x *Index) Distances(others mat.Matrix, k int) ([]float64, error) {
	nearest, err := x.Nearest(others, k)
	distances := make([]float64, len(nearest))
	for i, neighbours := range nearest {
		distances[i] = neighbours[k-1].Distance
	}
	return distances, err
}
