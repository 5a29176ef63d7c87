package backbone

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// source is where the weights of a backbone come from.
type source struct {
	name, path, notice string              // name and notice are those of the Backbone; path is for errors
	checkpoint         *weights.Checkpoint // nil for random weights
	published          Published           // whose file it should be; zero if it is nobody's
}

var random = source{name: "random", notice: "random weights, nothing learned before"}

// resolve opens what Config.Weights says. It may change Alpha for "best".
func (n *Network) resolve(c *Config) (source, error) {
	switch c.Weights {
	case "", "random":
		return random, nil
	case "embedded":
		return n.embedded()
	case "imagenet":
		p, err := n.publishedFor(*c)
		if err != nil {
			return source{}, err
		}
		path, damaged := p.Find()
		switch {
		case path != "":
			return p.open(path)
		case damaged != nil:
			return source{}, fmt.Errorf("no ImageNet weights for %s: %w; `%s` gets it anew",
				n.form(*c), damaged, files.Defects("fetch", "weights", n.Name))
		}
		return source{}, fmt.Errorf("no ImageNet weights for %s on disk: put %s into a folder and name it in "+
			"WEIGHTS_DIR, or run `%s`", n.form(*c), p.File, files.Defects("fetch"))
	case "best":
		return n.best(c)
	}
	return n.file(*c)
}

// file opens a file that was named. What is known of a published one of its name is compared.
func (n *Network) file(c Config) (source, error) {
	s := source{name: c.Weights, path: c.Weights}
	if err := checkBeside(s.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if p, err := n.publishedFor(c); err == nil && p.File == filepath.Base(s.path) {
		s.published = p
	}
	var err error
	s.checkpoint, err = weights.Open(s.path)
	return s, err
}

// best takes published weights of the nearest width that is on disk, or else the best that needs no file. The notice
// names damaged files that it passed over.
func (n *Network) best(c *Config) (source, error) {
	alphas := slices.Clone(n.Alphas)
	if alphas == nil {
		alphas = []float64{0}
	}
	asked := c.Alpha
	slices.SortFunc(alphas, func(x, y float64) int {
		return cmp.Compare(math.Abs(x-asked), math.Abs(y-asked))
	})
	passed := ""
	with := func(s source, err error) (source, error) {
		s.notice = notice.Join(s.notice, passed)
		return s, err
	}
	for _, c.Alpha = range alphas {
		p, err := n.publishedFor(*c)
		if err != nil { // nobody publishes this variant
			continue
		}
		path, damaged := p.Find()
		if path != "" {
			return with(p.open(path))
		}
		if damaged != nil {
			passed = notice.Join(passed, damaged.Error())
		}
	}
	if c.Alpha = asked; n.Embedded == 0 {
		return with(random, nil)
	}
	c.Alpha = n.Embedded
	return with(n.embedded())
}

func (p Published) open(path string) (source, error) {
	checkpoint, err := weights.Open(path)
	return source{name: "imagenet", path: path, checkpoint: checkpoint, published: p}, err
}
