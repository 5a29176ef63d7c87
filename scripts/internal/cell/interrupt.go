package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// Jupyter tells the kernel of an interrupt by a message. GoNB hands it to a running program, but while a cell is
// being built it only writes a line to its log. So the log is watched: an interrupt counts that came after GoNB had
// begun with this cell.
var (
	begun       = regexp.MustCompile(`(?m)^I[^\n]* dispatcher\.go:\d+\] [^\n]*> kernel status set to busy\.$`)
	interrupted = regexp.MustCompile(`(?m)^I[^\n]* dispatcher\.go:\d+\] [^\n]*Received interrupt_request\.$`)
)

// adoptLog moves the log into GoNB's folder, where it ends with the kernel. GoNB has it open and goes on writing.
func (k kernel) adoptLog() {
	if log := os.Getenv("CELL_LOG"); log != "" {
		os.Rename(log, k.log())
	}
}

func (k kernel) log() string { return filepath.Join(k.cells, "kernel.log") }

// interruptible gives a context that ends when the cell is interrupted, by message or by signal. over ends the watch
// and says whether the cell was interrupted, also at the last moment.
func (k kernel) interruptible() (ctx context.Context, over func() bool) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	log, err := os.Open(k.log())
	if err != nil {
		return ctx, func() bool { defer stop(); return ctx.Err() != nil }
	}
	ctx, cancel := context.WithCancel(ctx)
	watch := &logWatch{file: log}
	look := func() {
		if watch.interrupted() {
			cancel()
		}
	}
	look()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return ctx, func() bool {
		close(end)
		<-ended
		look()
		defer func() { cancel(); stop(); log.Close() }()
		return ctx.Err() != nil
	}
}

// logWatch reads what GoNB has added to its log.
type logWatch struct {
	file *os.File
	tail []byte // from the last cell's beginning
	read int64
}

// longTail is more than GoNB logs of a cell.
const longTail = 1 << 20

func (w *logWatch) interrupted() bool {
	size, err := w.file.Seek(0, io.SeekEnd)
	if err != nil || size <= w.read {
		return false
	}
	from := max(w.read, size-longTail)
	added := make([]byte, size-from)
	n, _ := w.file.ReadAt(added, from)
	w.tail, w.read = append(w.tail, added[:n]...), from+int64(n)
	if all := begun.FindAllIndex(w.tail, -1); len(all) > 0 {
		w.tail = w.tail[all[len(all)-1][0]:]
	}
	// The last line may not be whole yet.
	return interrupted.Match(w.tail[:bytes.LastIndexByte(w.tail, '\n')+1])
}
