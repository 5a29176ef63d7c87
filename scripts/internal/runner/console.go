package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// console prints one line per finished step, and below them what is under way: on a terminal a line that
// changes in place, elsewhere a line now and then, so that a log shows that work goes on.
type console struct {
	mu      sync.Mutex
	file    *os.File
	tty     bool
	start   time.Time
	active  []*live
	printed time.Time
	notices []string // the notes that a reader must not miss, to be said again at the end
}

// live is a step under way. As a Writer it takes a command's output, and shows its last line.
type live struct {
	c      *console
	name   string
	start  time.Time
	output bytes.Buffer
	last   string
	lastAt time.Time
}

func newConsole(f *os.File) *console {
	info, err := f.Stat()
	tty := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	return &console{file: f, tty: tty, start: time.Now()}
}

func (c *console) section(title string) { c.say("== " + title) }

func (c *console) say(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.erase()
	fmt.Fprintln(c.file, text)
}

// step runs one step and prints its name, how long it took, and its note of one line or more. On an error it prints the end of
// what the step's commands wrote.
func (c *console) step(name string, do func(l *live) (note string, err error)) error {
	l := &live{c: c, name: name, start: time.Now()}
	c.mu.Lock()
	c.active = append(c.active, l)
	c.printed = time.Now()
	c.mu.Unlock()
	stop := make(chan struct{})
	go l.tick(stop)
	note, err := do(l)
	close(stop)

	c.mu.Lock()
	defer c.mu.Unlock()
	for i, other := range c.active {
		if other == l {
			c.active = append(c.active[:i], c.active[i+1:]...)
			break
		}
	}
	c.erase()
	took := time.Since(l.start).Seconds()
	if err != nil {
		fmt.Fprintf(c.file, "  %-8s %6.1f s  FAILED\n%s", name, took, tail(l.output.String(), 25))
		return fmt.Errorf("%s: %w", name, err)
	}
	lines := strings.Split(note, "\n")
	fmt.Fprintf(c.file, "  %-8s %6.1f s  %s\n", name, took, strings.Join(lines, "\n"+strings.Repeat(" ", 21)))
	for _, line := range lines {
		if strings.HasPrefix(line, "NOTICE") {
			c.notices = append(c.notices, line)
		}
	}
	return nil
}

func (l *live) Write(p []byte) (int, error) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.output.Write(p)
	for _, line := range bytes.FieldsFunc(p, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if text := strings.TrimSpace(string(line)); text != "" {
			l.last, l.lastAt = text, time.Now()
		}
	}
	return len(p), nil
}

func (l *live) tick(stop <-chan struct{}) {
	every := time.NewTicker(250 * time.Millisecond)
	defer every.Stop()
	for {
		select {
		case <-stop:
			return
		case <-every.C:
			l.c.show()
		}
	}
}

func (c *console) show() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.active) == 0 || !c.tty && time.Since(c.printed) < 20*time.Second {
		return
	}
	c.printed = time.Now()
	var parts []string
	for _, l := range c.active {
		part := fmt.Sprintf("%s %.0f s", l.name, time.Since(l.start).Seconds())
		// A compiler is silent for minutes after its last download.
		if l.last != "" && (time.Since(l.lastAt) < 5*time.Second || !strings.HasPrefix(l.last, "go: ")) {
			part += ": " + cut(l.last, 100/len(c.active))
		}
		parts = append(parts, part)
	}
	line := "  … " + strings.Join(parts, " | ")
	if c.tty {
		fmt.Fprint(c.file, "\r\x1b[K"+cut(line, 118))
	} else {
		fmt.Fprintln(c.file, line)
	}
}

func (c *console) erase() {
	if c.tty {
		fmt.Fprint(c.file, "\r\x1b[K")
	}
}

func cut(text string, width int) string {
	if runes := []rune(text); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return text
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	if len(all) == 1 && all[0] == "" {
		return ""
	}
	return "    " + strings.Join(all, "\n    ") + "\n"
}
