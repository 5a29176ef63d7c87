package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// busy is what a command writes its progress to. When it has written nothing for a while, it says that it is at work: after
// 2, 4, 8 seconds and so on, then every half minute.
type busy struct {
	name string
	mu   sync.Mutex
	w    io.Writer
	next time.Duration // the silence that is broken
	wait *time.Timer
	from time.Time
}

const (
	firstSign = 2 * time.Second
	lastSign  = 30 * time.Second
)

func newBusy(name string, w io.Writer) *busy {
	b := &busy{name: name, w: w, next: firstSign, from: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wait = time.AfterFunc(b.next, b.sign)
	return b
}

func (b *busy) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait != nil {
		b.wait.Reset(b.next)
	}
	return b.w.Write(p)
}

func (b *busy) sign() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait == nil {
		return
	}
	fmt.Fprintf(b.w, "%s: at work for %.0f s\n", b.name, time.Since(b.from).Seconds())
	b.next = min(2*b.next, lastSign)
	b.wait.Reset(b.next)
}

// end ends the signs. A second call does nothing.
func (b *busy) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait != nil {
		b.wait.Stop()
		b.wait = nil
	}
}

// every is the time between two lines of progress.
const every = 2 * time.Second

// counter counts to n, and says on stderr how far it is, every 2 seconds. It may be called from several goroutines.
func (c *call) counter(what string, n int) func() {
	var mu sync.Mutex
	done, shown := 0, time.Now()
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; time.Since(shown) >= every {
			shown = time.Now()
			fmt.Fprintf(c.stderr, "%s: %d of %d\n", what, done, n)
		}
	}
}
