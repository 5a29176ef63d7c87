package images

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas32"
)

// GaussianBlur takes for each value the mean of its surroundings on the same channel, weighted by a normal distribution.
// sigma is its deviation in pixels, at least 0; otherwise it panics. Weights farther than 4 sigma are left out, and beyond
// a border its own pixels go on: it is scipy.ndimage.gaussian_filter(sigma=(sigma, sigma, 0), mode="nearest"), and what
// skimage.filters.gaussian does.
func GaussianBlur(sigma float64) Change {
	notNegative("GaussianBlur", "sigma", sigma)
	weights := gaussian(sigma)
	return Change{
		Name: fmt.Sprintf("Gaussian blur of sigma %g", sigma),
		Apply: func(_ int, pixels []float32, height, width int) {
			row, reach := width*3, len(weights)/2
			blurred := make([]float32, len(pixels))
			for y := range height { // down: rows into rows
				for k, weight := range weights {
					from := min(max(y+k-reach, 0), height-1)
					add(weight, pixels[from*row:][:row], blurred[y*row:][:row])
				}
			}
			clear(pixels)
			wide := make([]float32, row+6*reach) // a row and what lies beyond its ends
			for y := range height {              // across: a row, shifted, into itself
				middle := blurred[y*row:][:row]
				copy(wide[3*reach:], middle)
				for i := range reach {
					copy(wide[3*i:], middle[:3])
					copy(wide[3*reach+row+3*i:], middle[row-3:])
				}
				for k, weight := range weights {
					add(weight, wide[3*k:][:row], pixels[y*row:][:row])
				}
			}
			for i, v := range pixels {
				pixels[i] = min(v, 255) // which a sum of rounded weights may pass
			}
		},
	}
}

// gaussian are the weights of a normal distribution at whole numbers from −4 to 4 sigma; they sum to 1.
func gaussian(sigma float64) []float32 {
	reach := int(4*sigma + 0.5)
	density, sum := make([]float64, 2*reach+1), 0.0
	for i := range density {
		if x := float64(i - reach); x != 0 {
			density[i] = math.Exp(-x * x / (2 * sigma * sigma))
		} else {
			density[i] = 1
		}
		sum += density[i]
	}
	weights := make([]float32, len(density))
	for i, d := range density {
		weights[i] = float32(d / sum)
	}
	return weights
}

// add adds weight·from to each value of to.
func add(weight float32, from, to []float32) {
	blas32.Axpy(weight, blas32.Vector{N: len(from), Inc: 1, Data: from}, blas32.Vector{N: len(to), Inc: 1, Data: to})
}

// Rotation turns images around their centre, counterclockwise by some degrees, and keeps their size. Values are
// interpolated bilinearly; what turns in at the corners is the image mirrored at its border (dcba|abcd|dcba), so that no
// edge of another kind appears. It is scipy.ndimage.rotate(degrees, reshape=False, order=1, mode="reflect"). What is not
// finite panics.
func Rotation(degrees float64) Change {
	if math.IsNaN(degrees) || math.IsInf(degrees, 0) {
		panic(fmt.Sprintf("images.Rotation: degrees is %v, it must be a number", degrees))
	}
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return Change{
		Name: fmt.Sprintf("rotation by %g°", degrees),
		Apply: func(_ int, pixels []float32, height, width int) {
			before := slices.Clone(pixels)
			centreY, centreX := float64(height-1)/2, float64(width-1)/2
			for i := range height * width {
				y, x := float64(i/width)-centreY, float64(i%width)-centreX
				fromY, fromX := x*sin+y*cos+centreY, x*cos-y*sin+centreX
				floorY, floorX := math.Floor(fromY), math.Floor(fromX)
				down, right := float32(fromY-floorY), float32(fromX-floorX)
				top, bottom := mirrored(int(floorY), height)*width, mirrored(int(floorY)+1, height)*width
				left, next := mirrored(int(floorX), width), mirrored(int(floorX)+1, width)
				for channel := range 3 {
					at := func(pixel int) float32 { return before[3*pixel+channel] }
					upper := at(top+left) + (at(top+next)-at(top+left))*right
					lower := at(bottom+left) + (at(bottom+next)-at(bottom+left))*right
					pixels[3*i+channel] = upper + (lower-upper)*down
				}
			}
		},
	}
}

// mirrored is where a position beyond a border of n pixels comes from.
func mirrored(i, n int) int {
	if i >= 0 && i < n {
		return i
	}
	if i = (i%(2*n) + 2*n) % (2 * n); i >= n {
		i = 2*n - 1 - i
	}
	return i
}
