package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const help = `usage: scripts/bench [--data DIR|ZIP] [--weights DIR] [--only PART] [--quick]
                     [--out FILE.md]
Measures the library beside Keras, prints a Markdown table, and leaves records in runs/results, from which
go run ./scripts/results fills the pages. Takes about 80 minutes, and wants a machine that does nothing else. The first run makes a virtual environment with Keras in .venv-bench (1.9 GB).
  --data DIR|ZIP   the NEU-DET images; without it the lesson's own search, at last synthetic images
  --weights DIR    a folder with published Keras weights files; widths that have none get random weights
  --only PART      measures only mobilenetv2 (about 13 minutes), resnet50v2 (about 20), vit (about 35), notebook (3)
                   or lesson (about 50), its trainings and their sum
  --quick          few images and repetitions, to see that everything runs: its numbers are no results
  --out FILE.md    writes the report to this file too
`

type options struct {
	data, weights, only, out string
	quick                    bool
}

var errHelp = errors.New("help wanted")

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(io.Discard) // the caller prints error and usage
	f.StringVar(&o.data, "data", "", "")
	f.StringVar(&o.weights, "weights", "", "")
	f.StringVar(&o.only, "only", "", "")
	f.StringVar(&o.out, "out", "", "")
	f.BoolVar(&o.quick, "quick", false, "")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, errHelp
	case err != nil:
		return o, errors.New(strings.Replace(err.Error(), "flag provided but not defined: -", "unknown option --", 1))
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	f.Visit(func(set *flag.Flag) {
		if set.Value.String() == "" {
			err = fmt.Errorf("--%s is empty: give it a value", set.Name)
		}
	})
	if err == nil && o.only != "" && !slices.Contains(parts, o.only) {
		err = fmt.Errorf("--only %s: choose one of %s", o.only, strings.Join(parts, ", "))
	}
	return o, err
}

// apply checks the paths, makes them absolute and hands them to the library, then works in the module's folder.
func (o *options) apply(root string) error {
	for _, p := range []struct {
		path          *string
		variable, how string
	}{{&o.data, "NEU_DET_DIR", "--data"}, {&o.weights, "WEIGHTS_DIR", "--weights"}, {&o.out, "", "--out"}} {
		if *p.path == "" {
			continue
		}
		absolute, err := filepath.Abs(*p.path)
		if err != nil {
			return err
		}
		*p.path = absolute
		if p.variable == "" {
			absolute = filepath.Dir(absolute)
		} else {
			os.Setenv(p.variable, absolute)
		}
		if _, err := os.Stat(absolute); err != nil {
			return fmt.Errorf("%s: %w", p.how, err)
		}
	}
	return os.Chdir(root)
}
