package images

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
)

// Corruption is one way in which pictures get worse, at five strengths from mild to strong.
type Corruption struct {
	Name      string
	Strengths [5]float64                    // in the unit that the function wants which makes the change
	Change    func(strength float64) Change // its name tells the unit
}

// Corruptions are six ways in which pictures get worse, to see how much of that a model bears: Changed(validation,
// c.Change(c.Strengths[0])) is the mildest.
//
// Five are families of ImageNet-C with its strengths (D. Hendrycks and T. Dietterich, Benchmarking Neural Network
// Robustness to Common Corruptions and Perturbations, 2019, and the authors' code, github.com/hendrycks/robustness):
// gaussian_noise, gaussian_blur, brightness, contrast and jpeg_compression. Its lengths are pixels of images of 224×224;
// ours are those of whatever size is asked for. It draws noise for each colour, here grey images stay grey; and it rounds
// what it has made and stores it as JPEG of quality 85, which is left out here. Rotation is not in ImageNet-C: its angles are ours, from
// a plate that lies a little askew to as far from the axes as can be.
func Corruptions() []Corruption {
	return []Corruption{
		{"noise", [5]float64{.08 * 255, .12 * 255, .18 * 255, .26 * 255, .38 * 255},
			func(sigma float64) Change { return GaussianNoise(sigma, 1) }},
		{"blur", [5]float64{1, 2, 3, 4, 6}, GaussianBlur},
		{"brightness", [5]float64{.1 * 255, .2 * 255, .3 * 255, .4 * 255, .5 * 255}, Brightness},
		{"contrast", [5]float64{.4, .3, .2, .1, .05}, Contrast},
		{"rotation", [5]float64{5, 10, 20, 30, 45}, Rotation},
		{"JPEG", [5]float64{25, 18, 15, 10, 7}, func(quality float64) Change { return JPEG(int(quality)) }},
	}
}

// GaussianNoise adds normally distributed noise to each pixel. sigma is its deviation in grey levels of 0…255, at least
// 0; otherwise it panics. One number is drawn per pixel and added to red, green and blue, so that grey images stay grey;
// sums are clipped to 0…255. The numbers follow from the seed and the image's own pixels: equal images get equal noise.
func GaussianNoise(sigma float64, seed int64) Change {
	notNegative("GaussianNoise", "sigma", sigma)
	return Change{
		Name: fmt.Sprintf("Gaussian noise of %g grey levels, seed %d", sigma, seed),
		Apply: func(_ int, pixels []float32, _, _ int) {
			content := uint64(14695981039346656037) // FNV-1a, by pixels
			for _, v := range pixels {
				content = (content ^ uint64(math.Float32bits(v))) * 1099511628211
			}
			rng := rand.New(rand.NewPCG(uint64(seed), content))
			for pixel := range slices.Chunk(pixels, 3) {
				added := float32(rng.NormFloat64() * sigma)
				for channel, v := range pixel {
					pixel[channel] = min(max(v+added, 0), 255)
				}
			}
		},
	}
}

// Brightness adds grey levels of 0…255 to the value V of HSV, the largest of red, green and blue, and clips it to 0…255.
// Hue and saturation stay; black becomes grey. Fewer than 0 darken. What is not finite panics.
func Brightness(added float64) Change {
	if math.IsNaN(added) || math.IsInf(added, 0) {
		panic(fmt.Sprintf("images.Brightness: added is %v, it must be a number of grey levels", added))
	}
	return Change{
		Name: fmt.Sprintf("brightness %+g grey levels", added),
		Apply: func(_ int, pixels []float32, _, _ int) {
			for pixel := range slices.Chunk(pixels, 3) {
				value := max(pixel[0], pixel[1], pixel[2])
				bright := min(max(value+float32(added), 0), 255)
				for channel, v := range pixel {
					if v == value { // the division would round
						pixel[channel] = bright
					} else {
						pixel[channel] = v / value * bright
					}
				}
			}
		},
	}
}

// Contrast multiplies the distance of each value from the mean of its channel over the image by a factor of at least 0,
// and clips what becomes of it to 0…255. 1 changes nothing. Another factor panics.
func Contrast(factor float64) Change {
	notNegative("Contrast", "factor", factor)
	return Change{
		Name: fmt.Sprintf("contrast ×%g", factor),
		Apply: func(_ int, pixels []float32, height, width int) {
			var mean [3]float64
			for i, v := range pixels {
				mean[i%3] += float64(v) / float64(height*width)
			}
			for i, v := range pixels {
				pixels[i] = float32(min(max((float64(v)-mean[i%3])*factor+mean[i%3], 0), 255))
			}
		},
	}
}

// JPEG stores images as JPEG and reads them again. quality is 1…100, the tables of the Independent JPEG Group that most
// programs use; colours have half the resolution (4:2:0). Values are rounded to whole ones before. Another quality panics.
func JPEG(quality int) Change {
	if quality < 1 || quality > 100 {
		panic(fmt.Sprintf("images.JPEG: quality is %d, it must be 1…100", quality))
	}
	return Change{
		Name: fmt.Sprintf("JPEG of quality %d", quality),
		Apply: func(_ int, pixels []float32, height, width int) {
			var file bytes.Buffer
			err := jpeg.Encode(&file, FromPixels(pixels, height, width), &jpeg.Options{Quality: quality})
			if err == nil {
				var stored image.Image
				if stored, err = jpeg.Decode(&file); err == nil {
					fromImage(pixels, stored)
				}
			}
			if err != nil { // such as for more than 65,535 rows
				panic(fmt.Sprintf("images.JPEG: %d×%d pixels: %v", height, width, err))
			}
		},
	}
}

// fromImage is the way back from FromPixels.
func fromImage(pixels []float32, img image.Image) {
	width := img.Bounds().Dx()
	if grey, ok := img.(*image.Gray); ok {
		for i := range len(pixels) / 3 {
			v := float32(grey.Pix[i/width*grey.Stride+i%width])
			pixels[3*i], pixels[3*i+1], pixels[3*i+2] = v, v, v
		}
		return
	}
	for i := range len(pixels) / 3 {
		r, g, b := rgb(img, i%width, i/width)
		pixels[3*i], pixels[3*i+1], pixels[3*i+2] = float32(r), float32(g), float32(b)
	}
}

func notNegative(function, name string, value float64) {
	if !(value >= 0) || math.IsInf(value, 0) {
		panic(fmt.Sprintf("images.%s: %s is %v, it must be a number of at least 0", function, name, value))
	}
}
