package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// patience is the time that a client gets. Who sends or reads more slowly is cut off, so that many of them cannot keep others
// out.
type patience struct {
	header time.Duration // for a request's header
	body   time.Duration // for a whole request
	answer time.Duration // for reading an answer
	idle   time.Duration // between the requests of one connection
}

var usualPatience = patience{header: 10 * time.Second, body: time.Minute, answer: 30 * time.Second, idle: 2 * time.Minute}

const headerSize = 32 << 10 // bytes

// Serve answers on a listener until ctx ends. Then it takes no more connections, answers what it has taken, unloads its
// models, and gives nil; what has not ended within the time that a request may take is cut off, and is an error. With a TLS
// configuration, which must give certificates, it speaks HTTPS.
func (s *Server) Serve(ctx context.Context, l net.Listener, secure *tls.Config) error {
	server := &http.Server{
		Handler:           s,
		TLSConfig:         secure,
		ReadHeaderTimeout: s.patience.header,
		ReadTimeout:       s.patience.body,
		WriteTimeout:      s.patience.body + s.config.Timeout + s.patience.answer,
		IdleTimeout:       s.patience.idle,
		MaxHeaderBytes:    headerSize,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug), // of connections, such as failed handshakes
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		s.draining.Store(true)
		s.log.Info("stopping: requests that were taken are answered")
		last := s.config.Timeout + s.patience.header
		patience, cancel := context.WithTimeout(context.Background(), last)
		defer cancel()
		err := server.Shutdown(patience)
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.Join(fmt.Errorf("serve: some requests were not done after %v, and were cut off", last), server.Close())
		}
		ended <- err
	})
	var err error
	if secure != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if stop() { // nobody has asked it to end
		server.Close()
	} else {
		err = <-ended
	}
	return errors.Join(err, s.Close())
}
