package backbone

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/transfer-learning-go/defects/lib/weights"
)

type source struct {
	weights.Source
	checkpoint *weights.Checkpoint
}

var random = source{Source: weights.Source{Name: "random", Notice: "random weights, nothing learned before"}}

// resolve turns Config.Weights into an opened checkpoint, nil for random weights. It may change Alpha for "best".
func (a architecture) resolve(c *Config) (source, error) {
	switch c.Weights {
	case "", "random":
		return random, nil
	case "embedded":
		return embedded(c)
	case "imagenet":
		s, published, err := a.onDisk(*c)
		if err != nil {
			return source{}, err
		}
		if s == nil {
			return source{}, fmt.Errorf("no ImageNet weights for %s on disk: put %s into a folder and name it in "+
				"WEIGHTS_DIR, or run `go run ./scripts/defects fetch`", a.named(*c), published.File)
		}
		return *s, nil
	case "best":
		return a.best(c)
	}
	checkpoint, err := weights.Open(c.Weights)
	return source{weights.Source{Name: c.Weights, Path: c.Weights}, checkpoint}, err
}

// best takes published weights of the nearest width that is on disk, or else the best that needs no file.
func (a architecture) best(c *Config) (source, error) {
	alphas := slices.Clone(a.alphas)
	if a.alphas == nil {
		alphas = []float64{0}
	}
	if _, err := a.published(*c); err != nil && a.variant != "" {
		return random, nil // one variant alone is published
	}
	slices.SortFunc(alphas, func(x, y float64) int {
		return cmp.Compare(math.Abs(x-c.Alpha), math.Abs(y-c.Alpha))
	})
	for _, c.Alpha = range alphas {
		s, _, err := a.onDisk(*c)
		if err != nil {
			return source{}, err
		}
		if s != nil {
			return *s, nil
		}
	}
	if a.name != "mobilenetv2" {
		return random, nil
	}
	return embedded(c)
}

// embedded opens the backbone that comes with this module, which has one width.
func embedded(c *Config) (source, error) {
	c.Alpha = 0.35
	checkpoint, s, err := weights.Embedded()
	return source{s, checkpoint}, err
}

func (a architecture) onDisk(c Config) (*source, weights.Published, error) {
	published, err := a.published(c)
	if err != nil {
		return nil, published, err
	}
	s, ok := weights.Find(published)
	if !ok {
		return nil, published, nil
	}
	checkpoint, err := weights.Open(s.Path)
	return &source{s, checkpoint}, published, err
}
