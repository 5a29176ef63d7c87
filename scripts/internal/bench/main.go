// Command bench is the program behind scripts/bench: it measures the library beside Keras, in one run, on the same
// images and weights, prints a Markdown table, and leaves a record of each part in runs/results. Started with "ours" it is our side of a measurement.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/record"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench MODULE_ROOT [options]; use scripts/bench")
		os.Exit(2)
	}
	if os.Args[1] == "ours" {
		os.Exit(ours(os.Args[2:]))
	}
	os.Exit(run(ctx, os.Args[1], os.Args[2:]))
}

// run returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
func run(ctx context.Context, root string, args []string) int {
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, errHelp):
		fmt.Print(help)
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "scripts/bench: %v\n%s", err, help)
		return 2
	}
	err = o.apply(root)
	var text string
	if err == nil {
		text, err = measure(ctx, root, o, "scripts/bench "+strings.Join(args, " "))
	}
	if err == nil {
		fmt.Print(text)
		if o.out != "" {
			err = files.WriteFile(o.out, []byte(text))
		}
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "scripts/bench: interrupted")
		return 130
	default:
		fmt.Fprintf(os.Stderr, "scripts/bench: %v\n", err)
		return 1
	}
}

// unfinished ends the names of records of a run that goes on, or was broken off.
const unfinished = "-unfinished"

// measure runs everything, the sides by turns, and returns the report.
func measure(ctx context.Context, root string, o options, command string) (string, error) {
	b := &bench{ctx: ctx, root: root, only: o.only, size: full, started: time.Now()}
	b.networks, b.trainings = chosen(o.only)
	if o.quick {
		b.size = quick
	}
	if err := b.prepare(); err != nil {
		return "", err
	}
	defer os.RemoveAll(b.tmp)
	before := usageNow()
	for _, part := range []func() error{b.inference, b.train, b.notebook} {
		err := part()
		for _, r := range b.records(o, before) { // what was measured stays, whatever comes after it
			r.Name += unfinished
			err = errors.Join(err, r.Write(record.Dir()))
		}
		if err != nil {
			return "", err
		}
	}
	for _, r := range b.records(o, before) {
		if err := r.Write(record.Dir()); err != nil {
			return "", err
		}
		if err := os.Remove(filepath.Join(record.Dir(), r.Name+unfinished+".json")); err != nil {
			return "", err
		}
	}
	var out bytes.Buffer
	b.write(&out, strings.TrimSpace(command), before)
	return out.String(), nil
}
