package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/transfer-learning-go/defects/lib/neudet"
	"github.com/transfer-learning-go/defects/lib/weights"
)

// fetched says where the files are.
type fetched struct {
	Data    string `json:"data,omitempty"`
	Weights string `json:"weights,omitempty"`
}

func (f fetched) String() string {
	text := ""
	for _, line := range [][2]string{{"data", f.Data}, {"weights", f.Weights}} {
		if line[1] != "" {
			text += line[0] + ": " + line[1] + "\n"
		}
	}
	return text
}

func fetch(c *call) (fmt.Stringer, error) {
	variant := c.variant(false, false)
	words, err := c.parse(0, 1, "")
	if err != nil {
		return nil, err
	}
	what := "all"
	if len(words) == 1 {
		what = words[0]
	}
	if what != "all" && what != "data" && what != "weights" {
		return nil, wrongUse("there is nothing called %q to fetch: use data, weights or all", what)
	}
	if _, err := variant.config("mobilenetv2"); err != nil {
		return nil, err
	}
	published, err := weights.MobileNetV2(variant.alpha, false)
	if err != nil {
		return nil, err
	}
	var out fetched
	var failed []error
	if what != "weights" {
		out.Data, err = c.download("NEU-DET", neudet.Fetch)
		failed = append(failed, err)
	}
	if what != "data" {
		out.Weights, err = c.download(published.File, func(ctx context.Context, progress func(done, total int64)) (string, error) {
			return weights.Fetch(ctx, published, progress)
		})
		failed = append(failed, err)
	}
	return out, errors.Join(failed...)
}

// patience is how long a download may stand still: a network that swallows packets must not look like work.
const patience = 15 * time.Second

// download shows how far it is about once a second.
func (c *call) download(what string, get func(context.Context, func(done, total int64)) (string, error)) (string, error) {
	ctx, stop := untilInterrupt()
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(patience, func() { cancel(fmt.Errorf("nothing came for %v", patience)) })
	defer stalled.Stop()
	shown := time.Now()
	return get(ctx, func(done, total int64) {
		if stalled.Reset(patience); done == total {
			stalled.Stop() // what follows is work on this machine
		}
		if time.Since(shown) < time.Second && done != total {
			return
		}
		shown = time.Now()
		of := ""
		if total > 0 {
			of = fmt.Sprintf(" of %.1f", float64(total)/1e6)
		}
		fmt.Fprintf(c.stderr, "%s: %.1f%s MB\n", what, float64(done)/1e6, of)
	})
}
