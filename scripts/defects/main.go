// Command defects is the lesson's library on the command line, for engineers and for checks.
//
//	go run ./scripts/defects COMMAND [options]
//
// Without a command it lists them. Errors go to stderr with exit code 1, wrong usage with 2. With --json stdout is one
// JSON document and nothing else.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// command is a word after "defects". It returns what it found out, which prints as text or as JSON.
type command struct {
	name, synopsis, about string
	run                   func(*call) (fmt.Stringer, error)
}

var commands = []command{
	{"doctor", "[--json]", "say what will be used, what is missing, and how to get it", doctor},
	{"networks", "[--json]", "list the backbones: inputs, widths and sizes, published files", listNetworks},
	{"fetch", "[data|weights [BACKBONE]|all] [--alpha A] [--json]", aboutFetch(), fetch},
	{"summary", "BACKBONE|RUN|FILE [--alpha A] [--variant V] [--input N] [--top] [--json]",
		"list the layers of a backbone, a run, or a .h5 or .keras file", summary},
	{"features", "BACKBONE [--weights W] [--alpha A] [--variant V] [--input N] [--no-lesson-resize] [--devices N] [--json] IMAGE...",
		"compute the pooled output of a backbone for images", features},
	{"train", "BACKBONE|RUN|FILE --out RUN [--epochs N] [--learning-rate R] [--unfreeze-from I|--unfreeze-last N|" +
		"--unfreeze-prefix P] [--head-epochs N] [--schedule S] [--warmup-epochs N] [--early-stopping N] [--augment LIST] [--data DIR|ZIP] [--seed S] [--alpha A] [--input N] [--weights W] [--preprocess P] [--image-size HxW] [--classes A,B,…] [--devices N] [--retrain] [--json]",
		"train the lesson's head on a frozen backbone, or a run or file further, such as to fine-tune its base", trainCommand},
	{"sweep", "PLAN --out DIR [--shard I/N] [--devices N] [--data DIR|ZIP] [--json]", "train all combinations of a plan's settings, on as many " +
		"machines as share the folder", sweepCommand},
	{"table", "DIR [--csv] [--json]", "compare the trainings of a sweep: means over seeds or folds, with their intervals", table},
	{"evaluate", "RUN|FILE [--data DIR|ZIP] [--preprocess P] [--image-size HxW] [--classes A,B,…] [--devices N] [--json]", "measure a run, a file of Keras, or a folder of transformers or timm on the validation images", evaluate},
	{"predict", "RUN|FILE [--preprocess P] [--image-size HxW] [--classes A,B,…] [--devices N] [--json] IMAGE... | RUN|FILE [--preprocess P] [--image-size HxW] [--classes A,B,…] [--devices N] [--json] --out FILE [--shard I/N] LIST|-", "classify images with a run, a file of Keras, or a folder of transformers or timm", predict},
	{"serve", "[NAME=]RUN|FILE... [--address HOST:PORT] [--batch-delay TIME] [--queue N] [--unsure-below P] [--tls-cert FILE --tls-key FILE] " +
		"[--token T|@FILE] [--preprocess P] [--image-size HxW] [--classes A,B,…] [--devices N] [--json]", "answer HTTP requests: the Open Inference Protocol, POST /classify, a page at /, " +
		"/metrics; SIGHUP reads the models again", serveCommand},
	{"convert", "RUN|FILE OUT [--preprocess P] [--image-size HxW] [--classes A,B,…] [--json]", "write a model as .h5, .keras or .weights.h5, for Keras, or as " +
		".onnx, for ONNX Runtime and others", convert},
	{"completion", "bash|zsh|fish", "print a script for that shell that completes commands, options and names", completion},
	{"version", "[--json]", "say which version this is, and what it was built from", versionCommand},
	{"cache", "[--clear] [--json]", "list what lies in the cache folder, or remove what can be computed again: features, and " +
		"marks of images that are whole", cacheCommand},
}

// run is main with its surroundings as arguments. It returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return 2
	}
	if name := args[0]; name == "help" || name == "-h" || name == "--help" {
		fmt.Fprint(stdout, usage())
		return 0
	}
	if args[0] == "--version" || args[0] == "-version" {
		args = append([]string{"version"}, args[1:]...)
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.execute(args[1:], stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "defects: there is no command %q\n\n%s", args[0], usage())
	return 2
}

func (c command) execute(args []string, stdout, stderr io.Writer) int {
	working := newBusy(c.name, stderr)
	call := newCall(c.name, args, working)
	call.commands, call.quiet = commands, working.end
	result, err := c.run(call)
	working.end()
	var wrong *usageError
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, call.usage(c))
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "defects %s: %v\n\n%s", c.name, err, call.usage(c))
		return 2
	case err == nil && call.json:
		err = writeJSON(stdout, result)
	case err == nil:
		_, err = fmt.Fprint(stdout, result)
	}
	if err != nil {
		fmt.Fprintf(stderr, "defects %s: %v\n", c.name, err)
		return 1
	}
	return 0
}

// writeJSON writes one document. A result may have a way of its own, for what is large.
func writeJSON(w io.Writer, result fmt.Stringer) error {
	if own, ok := result.(interface{ writeJSON(io.Writer) error }); ok {
		return own.writeJSON(w)
	}
	return json.NewEncoder(w).Encode(result)
}

func usage() string {
	text := "usage: defects COMMAND [options]\n\n"
	for _, c := range commands {
		text += fmt.Sprintf("  %-10s%s\n", c.name, c.about)
	}
	return text + "\ndefects COMMAND --help lists the options of a command.\n"
}
