package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

type options struct {
	data, weights string // absolute paths, or ""
	only          string // which notebooks: see findNotebooks; "" for all
	quick         bool
	noCompletion  bool
	offline       bool     // take data and weights from disk only
	tests         bool     // scripts/test, which takes nothing that was remembered
	notebooks     []string // paths of what to run
	port          int      // of the hub
	memory        string   // of each student: "4G"
	setUp         bool     // set up, and start nothing
	rest          []string // for JupyterLab or JupyterHub
	stick         string   // the folder that scripts/stick fills
}

// bytesOfMemory is what JupyterHub understands.
var bytesOfMemory = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?[KMGT]$`)

var errHelp = errors.New("help wanted")

func parseOptions(script string, args []string) (options, error) {
	o := options{quick: script == "test", offline: script == "test", tests: script == "test"}
	f := flag.NewFlagSet(script, flag.ContinueOnError)
	f.SetOutput(io.Discard) // the caller prints error and usage
	if script != "test" {
		f.StringVar(&o.data, "data", "", "")
		f.StringVar(&o.weights, "weights", "", "")
	}
	if script == "lesson" || script == "lab" || script == "hub" {
		f.BoolVar(&o.quick, "quick", false, "")
		f.BoolVar(&o.noCompletion, "no-completion", false, "")
	}
	if script == "lesson" {
		f.StringVar(&o.only, "only", "", "")
	}
	if script == "hub" {
		f.IntVar(&o.port, "port", 8000, "")
		f.StringVar(&o.memory, "memory", "4G", "")
		f.BoolVar(&o.setUp, "set-up", false, "")
	}
	if script == "lab" {
		args, o.rest = split(f, args)
	}
	err := f.Parse(args)
	set := map[string]bool{}
	f.Visit(func(g *flag.Flag) { set[g.Name] = true })
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, errHelp
	case err != nil:
		return o, errors.New(strings.Replace(err.Error(), "flag provided but not defined: -", "unknown option --", 1))
	case script != "lesson" && script != "lab" && script != "hub" && script != "test" && script != "stick":
		return o, fmt.Errorf("no such script")
	case script == "stick" && f.NArg() != 1:
		return o, errors.New("give one folder, which will be made")
	case script != "stick" && script != "hub" && f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case set["memory"] && !bytesOfMemory.MatchString(o.memory):
		return o, fmt.Errorf("--memory %s: give a number and K, M, G or T, such as 4G", o.memory)
	case set["only"] && o.only == "":
		return o, errors.New("--only is empty: give the number of a notebook, or solutions")
	}
	if script == "hub" {
		o.rest = f.Args()
	}
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

// split parts the options that f knows from those that are JupyterLab's: all others, and all after "--".
func split(f *flag.FlagSet, args []string) (own, rest []string) {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return own, append(rest, args[i+1:]...)
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-"), "=")
		known := f.Lookup(name)
		switch {
		case !strings.HasPrefix(args[i], "-") || known == nil && name != "help" && name != "h":
			rest = append(rest, args[i])
		case known != nil && !hasValue && !isSwitch(known) && i+1 < len(args):
			own = append(own, args[i], args[i+1])
			i++
		default:
			own = append(own, args[i])
		}
	}
	return own, rest
}

func isSwitch(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
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
  --no-completion  without gopls, which Tab and Shift-Tab in a cell need (built in the background, about 90 s)
`
	switch script {
	case "lesson":
		return `usage: scripts/lesson [--data DIR|ZIP] [--weights DIR] [--only WHICH] [--quick] [--no-completion]
Sets up what is missing, runs the notebooks, and renders reports/index.html.
` + places + quick + `  --only WHICH     run some notebooks alone: a number, such as 2; solutions; one of those, such as solutions/1
`
	case "lab":
		return `usage: scripts/lab [--data DIR|ZIP] [--weights DIR] [--quick] [--no-completion] [JUPYTERLAB OPTIONS]
Sets up what is missing and opens the notebooks in JupyterLab.
` + places + quick + `  All other options are JupyterLab's, such as --port 8899, --no-browser and --ip=0.0.0.0.
`
	case "stick":
		return `usage: scripts/stick [--data DIR|ZIP] [--weights DIR] FOLDER
Makes a copy of this clone with all that set-up would fetch: on laptops of the same kind it needs no network.
` + places
	case "hub":
		return `usage: scripts/hub [--data DIR|ZIP] [--weights DIR] [--quick] [--no-completion] [--port N] [--memory SIZE] [--set-up] [-- JUPYTERHUB OPTIONS]
Sets up what is missing and starts JupyterHub for the accounts of the group "students". Needs root and Linux.
` + places + quick + `  --port N         where it listens, on all addresses of this machine (8000)
  --memory SIZE    of each student, such as 4G (4G)
  --set-up         set up alone, as for an image of a container
`
	default:
		return `usage: scripts/test
Runs gofmt, go vet, go test ./... and the notebooks in quick mode; sets up what is missing first.
`
	}
}
