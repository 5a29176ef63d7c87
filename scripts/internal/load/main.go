// Command load measures a server on this machine, and then mistreats it.
//
//	go run ./scripts/internal/load [options]
//
// It measures what the model does offline, by batch size, starts `defects serve` with the same model, and lets many clients
// ask for predictions: throughput beside the offline rate, latencies, errors, and the server's memory. Then clients are
// killed, slow, or send garbage, and thousands of connections are opened: after each the server must still answer. It talks
// to the server that it has started and to nobody else, and ends by itself.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"
)

type options struct {
	model   string
	clients int
	length  time.Duration
	delay   time.Duration
	send    string
	only    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) == 3 && os.Args[1] == "client" { // one that is killed
		asking(ctx, os.Args[2])
		return
	}
	var o options
	flag.StringVar(&o.model, "model", "", "`RUN|FILE` to serve (default: the lesson's MobileNetV2, α = 0.35, with the best weights here)")
	flag.IntVar(&o.clients, "clients", 64, "`N` clients, each with a connection, that ask one thing after the other")
	flag.DurationVar(&o.length, "for", time.Minute, "how `LONG` they ask")
	flag.DurationVar(&o.delay, "batch-delay", 20*time.Millisecond, "the server's `TIME`")
	flag.StringVar(&o.send, "send", "pixels", "`WHAT` clients send: pixels (UINT8, as they come from a camera) or jpeg, which the server decodes")
	flag.StringVar(&o.only, "only", "", "`PART`: load or abuse")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if flag.NArg() > 0 || !slices.Contains([]string{"pixels", "jpeg"}, o.send) || !slices.Contains([]string{"", "load", "abuse"}, o.only) ||
		o.clients < 1 {
		return errors.New("wrong use: see --help")
	}
	folder, err := os.MkdirTemp("", "defects-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	w, err := prepare(folder, o)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d processors; clients send %s, batch delay %v\n", w.name, runtime.NumCPU(), o.send, o.delay)
	best := 0.0
	if o.only != "abuse" {
		if best, err = offline(ctx, w); err != nil {
			return err
		}
	}
	s, err := startServer(ctx, folder, w.model, o.delay)
	if err != nil {
		return err
	}
	defer s.stop()
	if o.only != "abuse" {
		if err := load(ctx, s, w, o, best); err != nil {
			return err
		}
	}
	if o.only != "load" {
		if err := abuse(ctx, s, w); err != nil {
			return err
		}
	}
	return s.stop()
}
