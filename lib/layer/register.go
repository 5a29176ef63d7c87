package layer

import (
	"maps"
	"slices"
)

// readers read the Keras configuration of a layer, by class; functions those of functions on one tensor, which Keras
// records as layers, too. The file of each layer registers its own.
var readers, functions = map[string]func(*Fields) Op{}, map[string]func(*Fields) Op{}

func register(class string, read func(*Fields) Op) { readers[class] = read }

// registerFunction takes the names of Keras 3's class and of TensorFlow's function, if there is one.
func registerFunction(read func(*Fields) Op, names ...string) {
	for _, name := range names {
		functions[name] = read
	}
}

// Read gives the Op of a class by its configuration: what is wrong with it stays in f. It reports whether this package
// has the class.
func Read(class string, f *Fields) (Op, bool) { return find(readers, class, f) }

// ReadFunction is Read for functions on one tensor, such as keras.ops.silu ("Silu") and tf.nn.gelu ("nn.gelu").
func ReadFunction(name string, f *Fields) (Op, bool) { return find(functions, name, f) }

func find(in map[string]func(*Fields) Op, name string, f *Fields) (Op, bool) {
	read, ok := in[name]
	if !ok {
		return nil, false
	}
	return read(f), true
}

// Classes lists what Read knows.
func Classes() []string { return slices.Sorted(maps.Keys(readers)) }

// Functions lists what ReadFunction knows.
func Functions() []string { return slices.Sorted(maps.Keys(functions)) }

// augmentations act in training alone: at inference they give what they get.
var augmentations = []string{"ActivityRegularization", "AlphaDropout", "AugMix", "Equalization", "GaussianDropout",
	"GaussianNoise", "RandAugment", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast",
	"RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale",
	"RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization", "RandomRotation",
	"RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth", "RandomZoom", "Solarization",
	"SpatialDropout1D", "SpatialDropout2D"}

// TrainingOnly reports whether layers of a Keras class give what they get, except in training.
func TrainingOnly(class string) bool { return slices.Contains(augmentations, class) }

// CheckTrainingOnly reports what keeps a layer of such a class from giving what it gets.
func CheckTrainingOnly(class string, f *Fields) {
	if class == "RandomCrop" && f.old() {
		f.Fail("that of Keras 2 crops the centre at inference; use CenterCrop in its place, and save the model again")
	}
}
