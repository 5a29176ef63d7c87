package main

import (
	"context"
	"fmt"
	"os"
)

// internals are what the runner is called for by programs, not by people: git's filter, and the set-up itself for
// what goes on in the background.
var internals = map[string]func(ctx context.Context, root string) (exitCode int){
	"clean": func(context.Context, string) int {
		if err := filter(os.Stdin, os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, "cleaning a notebook:", err)
			return 1
		}
		return 0
	},
	"completion": buildCompletion,
}
