package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

type options struct {
	data, weights string // absolute paths, or ""
	only          string // which notebooks: see findNotebooks; "" for all
	quick         bool
	offline       bool     // take data and weights from disk only
	notebooks     []string // paths of what to run
	rest          []string // for JupyterLab
	stick         string   // the folder that scripts/stick fills
}

var errHelp = errors.New("help wanted")

func parseOptions(script string, args []string) (options, error) {
	o := options{quick: script == "test", offline: script == "test"}
	f := flag.NewFlagSet(script, flag.ContinueOnError)
	f.SetOutput(io.Discard) // the caller prints error and usage
	if script == "lesson" || script == "lab" || script == "stick" {
		f.StringVar(&o.data, "data", "", "")
		f.StringVar(&o.weights, "weights", "", "")
	}
	if script == "lesson" || script == "lab" {
		f.BoolVar(&o.quick, "quick", false, "")
	}
	if script == "lesson" {
		f.StringVar(&o.only, "only", "", "")
	}
	err := f.Parse(args)
	set := map[string]bool{}
	f.Visit(func(g *flag.Flag) { set[g.Name] = true })
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, errHelp
	case err != nil:
		return o, errors.New(strings.Replace(err.Error(), "flag provided but not defined: -", "unknown option --", 1))
	case script != "lesson" && script != "lab" && script != "test" && script != "stick":
		return o, fmt.Errorf("no such script")
	case script == "stick" && f.NArg() != 1:
		return o, errors.New("give one folder, which will be made")
	case script != "lab" && script != "stick" && f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case set["only"] && o.only == "":
		return o, errors.New("--only is empty: give the number of a notebook, or solutions")
	}
	o.rest = f.Args()
	if script == "stick" {
		if o.stick, err = filepath.Abs(f.Arg(0)); err != nil {
			return o, err
		}
	}
	for _, p := range []struct {
		name string
		path *string
		zip  bool
	}{{"data", &o.data, true}, {"weights", &o.weights, false}} {
		if !set[p.name] {
			continue
		}
		if err := existing(p.path, p.zip); err != nil {
			return o, fmt.Errorf("--%s: %w", p.name, err)
		}
	}
	return o, nil
}

// command runs the notebook that --only picks so; the paths are those of a reader.
func (o options) command(only string) string {
	text := "scripts/lesson"
	for _, p := range []struct{ option, value string }{{" --data …", o.data}, {" --weights …", o.weights}} {
		if p.value != "" {
			text += p.option
		}
	}
	return text + " --only " + only
}

// existing makes the path absolute, since the notebooks run in another folder.
func existing(path *string, file bool) error {
	if *path == "" {
		return errors.New("the path is empty")
	}
	abs, err := filepath.Abs(*path)
	if err != nil {
		return err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return err
	}
	if !info.IsDir() && !file {
		return fmt.Errorf("%s is a file; give the folder it is in", abs)
	}
	*path = abs
	return nil
}

func usage(script string) string {
	const places = `  --data DIR|ZIP   the NEU-DET images: the folder, or the zip that Kaggle gives
  --weights DIR    a folder with published Keras weights files
`
	const quick = `  --quick          a small share of the images, for a first look
`
	switch script {
	case "lesson":
		return `usage: scripts/lesson [--data DIR|ZIP] [--weights DIR] [--only WHICH] [--quick]
Sets up what is missing, runs the notebooks, and renders reports/index.html.
` + places + quick + `  --only WHICH     run some notebooks alone: a number, such as 2; solutions; one of those, such as solutions/1
`
	case "lab":
		return `usage: scripts/lab [--data DIR|ZIP] [--weights DIR] [--quick] [-- JUPYTERLAB OPTIONS]
Sets up what is missing and opens the notebooks in JupyterLab.
` + places + quick
	case "stick":
		return `usage: scripts/stick [--data DIR|ZIP] [--weights DIR] FOLDER
Makes a copy of this clone with all that set-up would fetch: on laptops of the same kind it needs no network.
` + places
	default:
		return `usage: scripts/test
Runs gofmt, go vet, go test ./... and the notebooks in quick mode; sets up what is missing first.
`
	}
}
