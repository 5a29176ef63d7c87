package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/notice"
	"github.com/transfer-learning-go/defects/lib/serve"
)

// served is what is left to say when a server has ended.
type served struct {
	URL     string   `json:"url"`
	Models  []string `json:"models"`
	Seconds float64  `json:"seconds"`
}

func (s served) String() string {
	return fmt.Sprintf("served %s at %s for %.0f s\n", strings.Join(s.Models, ", "), s.URL, s.Seconds)
}

func serveCommand(c *call) (fmt.Stringer, error) {
	config := serve.Config{Unsure: 0.5}
	c.foreign()
	c.devices()
	address := c.flags.String("address", "localhost:8000", "listen on `HOST:PORT`; :8000 is port 8000 of all networks")
	c.flags.DurationVar(&config.BatchDelay, "batch-delay", 2*time.Millisecond, "how long an image may wait for others to be computed "+
		"with, a `TIME` such as 20ms")
	c.flags.IntVar(&config.Queue, "queue", 256, "`N` images that a model has in hand; beyond them clients are told to come again")
	c.flags.Float64Var(&config.Unsure, "unsure-below", config.Unsure, "/classify says \"unsure\" below the probability `P`")
	cert := c.flags.String("tls-cert", "", "`FILE` with the certificate and its chain, PEM: serve HTTPS")
	key := c.flags.String("tls-key", "", "`FILE` with the certificate's private key, PEM")
	c.flags.StringVar(&config.Token, "token", "", "clients must send `T` as \"Authorization: Bearer T\"; @FILE reads it from a file. "+
		"Without one nobody can load and unload models over the network")
	words, err := c.parse(1, -1, "RUN or FILE is")
	if err != nil {
		return nil, err
	}
	if (*cert == "") != (*key == "") {
		return nil, wrongUse("--tls-cert and --tls-key belong together: give both")
	}
	if config.Queue < 1 {
		return nil, wrongUse("--queue %d: use at least 1", config.Queue)
	}
	if !(config.Unsure >= 0 && config.Unsure <= 1) {
		return nil, wrongUse("--unsure-below %v: use a probability, from 0 to 1", config.Unsure)
	}
	if config.Token, err = readToken(config.Token); err != nil {
		return nil, err
	}
	if config.BatchDelay == 0 {
		config.BatchDelay = -1 // the library's default is not meant
	}
	c.quiet() // the log says what it does
	config.Log = slog.New(slog.NewTextHandler(c.stderr, nil))
	if c.json {
		config.Log = slog.New(slog.NewJSONHandler(c.stderr, nil))
	}
	out := served{}
	for _, word := range words {
		m := c.served(word)
		config.Models, out.Models = append(config.Models, m), append(out.Models, m.Name)
	}
	server, err := serve.New(config)
	if err != nil {
		return nil, err
	}
	var secure *certificate
	scheme := "http"
	if *cert != "" {
		secure, scheme = &certificate{cert: *cert, key: *key}, "https"
		if err := secure.read(); err != nil {
			return nil, err
		}
	}
	ctx, stop := untilInterrupt()
	defer stop()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return nil, fmt.Errorf("%w: name another --address", err)
	}
	out.URL = scheme + "://" + listener.Addr().String()
	began := time.Now()
	err = c.serveUntil(ctx, server, listener, secure, out, config.Log)
	out.Seconds = time.Since(began).Seconds()
	return out, err
}

// serveUntil serves until ctx ends. It listens while models are read, so that whoever starts it sees that it lives.
func (c *call) serveUntil(ctx context.Context, server *serve.Server, listener net.Listener, secure *certificate, out served, log *slog.Logger) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener, secure.config()) }()
	if err := server.Load(ctx); err != nil {
		end()
		return errors.Join(err, <-ended)
	}
	if signs, ok := c.stderr.(*busy); ok { // from now on it waits
		signs.end()
	}
	log.Info("serving", "url", out.URL, "models", out.Models)
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	for {
		select {
		case err := <-ended:
			return err
		case <-again:
			if err := errors.Join(secure.read(), server.Load(ctx)); err != nil {
				log.Error("not all was read again: what was read before goes on", "error", err)
			}
		}
	}
}

// served is a model to serve, from RUN, FILE or NAME=RUN|FILE. Without a name it is called as its file or folder.
func (c *call) served(word string) serve.Model {
	name, path, named := strings.Cut(word, "=")
	if !named || strings.ContainsAny(name, `/\`) {
		path, name = word, filepath.Base(word)
		if info, err := os.Stat(word); err == nil && info.Mode().IsRegular() {
			name = strings.TrimSuffix(name, filepath.Ext(name))
		}
	}
	return serve.Model{Name: name, Open: func() (*classifier.Model, error) {
		m, err := c.load(path)
		if err != nil {
			return nil, err
		}
		m.DataNotice = notice.Join(m.DataNotice, classesWithoutData(m, path))
		return m, nil
	}}
}

// readToken gives the token itself, or that in a file.
func readToken(token string) (string, error) {
	path, isFile := strings.CutPrefix(token, "@")
	if !isFile {
		return token, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--token: %w", err)
	}
	token = strings.TrimSpace(string(text))
	if token == "" {
		return "", fmt.Errorf("--token: %s is empty: write the token into it", path)
	}
	return token, nil
}

// certificate is that of the server, which may be renewed while it runs. A nil one is none: plain HTTP.
type certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

func (c *certificate) read() error {
	if c == nil {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.cert, c.key, err)
	}
	c.now.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	if c == nil {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }}
}
