// Command prepare is the part of the set-up that needs the lesson's own library: the plugin that computes, the
// images, and the weights. It prints one line on stdout, what will be used, and its progress on stderr.
//
//	prepare plugin | data | weights [--offline]
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/lib/device"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args := os.Args[1:]
	offline := len(args) == 2 && args[1] == "--offline"
	parts := map[string]func(context.Context, bool) (string, error){"plugin": plugin, "data": data, "weights": imagenet}
	if len(args) != 1 && !offline || parts[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: prepare plugin|data|weights [--offline]")
		os.Exit(2)
	}
	note, err := parts[args[0]](ctx, offline)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(note)
}

func plugin(ctx context.Context, _ bool) (string, error) {
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

// patience is how long a download may stand still. A network that swallows packets must not stop the lesson,
// which can run without.
const patience = 10 * time.Second

// fetch runs a download, shows how far it is, and gives up when nothing has come for a while.
func fetch(ctx context.Context, what string, download func(context.Context, func(done, total int64)) (string, error)) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(patience, func() { cancel(fmt.Errorf("nothing came for %v", patience)) })
	defer stalled.Stop()
	var mu sync.Mutex
	shown := time.Now()
	path, err := download(ctx, func(done, total int64) {
		if done == total {
			stalled.Stop() // what follows is work on this machine
		} else {
			stalled.Reset(patience)
		}
		mu.Lock()
		defer mu.Unlock()
		if time.Since(shown) < 300*time.Millisecond {
			return
		}
		shown = time.Now()
		if total > 0 {
			fmt.Fprintf(os.Stderr, "%s: %.1f of %.1f MB\n", what, float64(done)/1e6, float64(total)/1e6)
		} else {
			fmt.Fprintf(os.Stderr, "%s: %.1f MB\n", what, float64(done)/1e6)
		}
	})
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return path, err
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
