// Package service is what the tests of a running service share: one of them asks as other programs do, another one is a
// browser.
package service

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/transfer-learning-go/defects/lib/serve"
)

// Start serves models on this machine, without a log, until the test ends. It gives HOST:PORT.
func Start(t testing.TB, c serve.Config) (address string) {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	s, err := serve.New(c)
	if err == nil {
		err = s.Load(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}
