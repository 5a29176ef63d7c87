// Command prepare is the part of the set-up that needs the lesson's own library: the plugin that computes, the
// images, and the weights. It prints what will be used on stdout, of weights a line per backbone, and progress on stderr.
//
//	prepare plugin | data | weights [--offline]
//	prepare pack CLONE
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/transfer-learning-go/defects/lib/device"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args := os.Args[1:]
	if len(args) == 2 && args[0] == "pack" {
		finish(pack(ctx, args[1]))
		return
	}
	offline := len(args) == 2 && args[1] == "--offline"
	parts := map[string]func(context.Context, bool) (string, error){"plugin": plugin, "data": data, "weights": imagenet}
	if len(args) != 1 && !offline || parts[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: prepare plugin|data|weights [--offline], or prepare pack CLONE")
		os.Exit(2)
	}
	finish(parts[args[0]](ctx, offline))
}

func finish(note string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(note)
}

func plugin(ctx context.Context, _ bool) (string, error) {
	if err := unpack(ctx); err != nil {
		return "", err
	}
	if err := device.Install(ctx, func(text string) { fmt.Fprintln(os.Stderr, text) }); err != nil {
		return "", err
	}
	choice := device.Plan()
	note := choice.Kind
	if choice.Plugin != "" {
		note += ": " + relative(choice.Plugin)
	}
	if choice.Notice != "" {
		note = "NOTICE: " + note + ". " + choice.Notice
	}
	return note, nil
}

// reason says in a few words why a download failed; most often there is no network.
func reason(err error) string {
	var failed *url.Error
	if errors.As(err, &failed) {
		if address, e := url.Parse(failed.URL); e == nil {
			return address.Host + " cannot be reached"
		}
	}
	return err.Error()
}
