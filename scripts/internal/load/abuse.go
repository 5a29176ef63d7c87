package main

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/transfer-learning-go/defects/lib/surfaces"
)

// connections is how many are opened at once, as far as this process may.
const connections = 10_000

// abuse does all that must not keep a server from answering.
func abuse(ctx context.Context, s *server, w *work) error {
	host := strings.TrimPrefix(s.url, "http://")
	for _, step := range []struct {
		what string
		do   func(context.Context, *server, *work, string) (string, error)
	}{{"clients killed with SIGKILL", killed}, {"slow clients", slow}, {"garbage", garbage}, {"connections", many}} {
		fmt.Printf("%s: ", step.what)
		did, err := step.do(ctx, s, w, host)
		if err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		took, err := answers(ctx, s, w)
		if err != nil {
			return fmt.Errorf("after %s: the server does not answer: %w", step.what, err)
		}
		fmt.Printf("%s; then an answer after %.0f ms, %.0f MB, %.0f goroutines\n", did, took.Seconds()*1000, s.memory(), s.metric("go_goroutines"))
	}
	return ctx.Err()
}

// answers asks for one prediction, on a connection of its own.
func answers(ctx context.Context, s *server, w *work) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	began := time.Now()
	err := ask(ctx, client, s.url, w, 0)
	return time.Since(began), err
}

// killed starts processes that ask all the time, and kills them.
func killed(ctx context.Context, s *server, _ *work, _ string) (string, error) {
	const rounds, each = 5, 4
	for range rounds {
		var clients []*exec.Cmd
		for range each {
			c := exec.CommandContext(ctx, os.Args[0], "client", s.url)
			if err := c.Start(); err != nil {
				return "", err
			}
			clients = append(clients, c)
		}
		time.Sleep(time.Second)
		for _, c := range clients {
			c.Process.Kill()
			c.Wait()
		}
	}
	return fmt.Sprintf("%d, with %d requests each", rounds*each, atOnce), nil
}

// atOnce is how many requests a client that is killed has under way.
const atOnce = 16

// asking is such a client.
func asking(ctx context.Context, url string) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, surfaces.Image(0, 1, 0), nil); err != nil {
		panic(err)
	}
	for range atOnce {
		go func() {
			for ctx.Err() == nil {
				if r, err := http.Post(url+"/classify", "image/jpeg", bytes.NewReader(picture.Bytes())); err == nil {
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
		}()
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
}

// slow clients send a byte a second, of a header or of a body, or never read.
func slow(ctx context.Context, s *server, w *work, host string) (string, error) {
	const clients = 300
	var group sync.WaitGroup
	cut := make(chan bool, clients)
	for i := range clients {
		group.Go(func() {
			c, err := net.Dial("tcp", host)
			if err != nil {
				return
			}
			defer c.Close()
			io.WriteString(c, "POST /classify HTTP/1.1\r\nHost: x\r\n")
			if i%2 == 0 {
				io.WriteString(c, "Content-Length: 100000\r\n\r\n")
			}
			for range 15 {
				if _, err := c.Write([]byte("x")); err != nil || ctx.Err() != nil {
					cut <- true
					return
				}
				time.Sleep(time.Second)
			}
		})
	}
	time.Sleep(5 * time.Second)
	took, err := answers(ctx, s, w)
	group.Wait()
	return fmt.Sprintf("%d for 15 s, %d of them cut off, an answer beside them after %.0f ms", clients, len(cut), took.Seconds()*1000), err
}

// garbage sends what is no request, and requests that are none of ours.
func garbage(_ context.Context, s *server, w *work, host string) (string, error) {
	r := rand.New(rand.NewPCG(1, 2))
	const n = 3000
	for i := range n {
		c, err := net.Dial("tcp", host)
		if err != nil {
			return "", err
		}
		noise := make([]byte, r.IntN(4000))
		for k := range noise {
			noise[k] = uint8(r.Uint32())
		}
		body := w.bodies[i%len(w.bodies)]
		switch i % 5 {
		case 0:
			c.Write(noise)
		case 1:
			fmt.Fprintf(c, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(noise), noise)
		case 2:
			fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nInference-Header-Content-Length: %d\r\nContent-Length: %d\r\n\r\n%s", w.path,
				r.IntN(3000), len(noise), noise)
		case 3:
			flipped := bytes.Clone(body)
			flipped[r.IntN(len(flipped))] ^= 1 << r.IntN(8)
			fmt.Fprintf(c, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(flipped), flipped)
		case 4: // gone in the middle
			fmt.Fprintf(c, "POST /classify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:r.IntN(len(body))])
		}
		c.Close()
	}
	return fmt.Sprintf("%d connections", n), nil
}

// many opens connections that do nothing, and keeps them for a moment.
func many(ctx context.Context, s *server, w *work, host string) (string, error) {
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	var failed error
	for range connections {
		c, err := net.DialTimeout("tcp", host, 5*time.Second)
		if err != nil {
			failed = err
			break
		}
		open = append(open, c)
	}
	took, err := answers(ctx, s, w)
	text := fmt.Sprintf("%d open at once, an answer beside them after %.0f ms, %.0f MB", len(open), took.Seconds()*1000, s.memory())
	if failed != nil {
		text += fmt.Sprintf(", no more: %v", failed)
	}
	return text, err
}
