package images_test

import (
	"fmt"
	"image"

	"github.com/transfer-learning-go/defects/lib/images"
)

func picture(number int) images.Image {
	img := image.NewGray(image.Rect(0, 0, 2, 2))
	img.Pix[0] = uint8(number)
	return images.FromImage(fmt.Sprint("picture ", number), img)
}

func ExampleKFold() {
	all := &images.Set{Name: "all", Classes: []string{"even", "odd"}}
	for i := range 10 {
		p := picture(i)
		p.Label = i % 2
		all.Images = append(all.Images, p)
	}
	folds, err := images.KFold(all, 5, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range folds {
		fmt.Println(f.Train.Len(), "+", f.Validation.(*images.Set))
	}
	// Output:
	// 8 + all: found 2 files belonging to 2 classes (1 each)
	// 8 + all: found 2 files belonging to 2 classes (1 each)
	// 8 + all: found 2 files belonging to 2 classes (1 each)
	// 8 + all: found 2 files belonging to 2 classes (1 each)
	// 8 + all: found 2 files belonging to 2 classes (1 each)
}

func ExampleChanged() {
	noisy := images.Changed(images.Of(picture(100), picture(200)), images.GaussianNoise(20, 1))
	pixels, err := images.Pixels(noisy, []int{0, 1}, 224)
	fmt.Println(noisy.About().Name, len(pixels), err)
	// Output: images, Gaussian noise of 20 grey levels, seed 1 301056 <nil>
}

// The families with the mildest and the strongest of their changes.
func ExampleCorruptions() {
	for _, c := range images.Corruptions() {
		fmt.Printf("%-10s %s … %s\n", c.Name, c.Change(c.Strengths[0]).Name, c.Change(c.Strengths[4]).Name)
	}
	// Output:
	// noise      Gaussian noise of 20.4 grey levels, seed 1 … Gaussian noise of 96.9 grey levels, seed 1
	// blur       Gaussian blur of sigma 1 … Gaussian blur of sigma 6
	// brightness brightness +25.5 grey levels … brightness +127.5 grey levels
	// contrast   contrast ×0.4 … contrast ×0.05
	// rotation   rotation by 5° … rotation by 45°
	// JPEG       JPEG of quality 25 … JPEG of quality 7
}
