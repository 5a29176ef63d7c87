package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// listed is what a list has come to.
type listed struct {
	Out     string   `json:"out"`
	Model   string   `json:"model"` // as in the lines
	Classes []string `json:"classes"`
	Notice  string   `json:"notice,omitempty"`
	Images  int      `json:"images"`
	Before  int      `json:"before"` // of them, by an earlier call
	Failed  int      `json:"failed"` // of all: their lines say why
	Seconds float64  `json:"seconds"`
}

func (l listed) String() string {
	now := l.Images - l.Before
	text := fmt.Sprintf("%s%s: %d images of the classes %s, %d of them from before; %d in %.1f s, %.1f images/s\n", noticeLine(l.Notice), l.Out,
		l.Images, strings.Join(l.Classes, ", "), l.Before, now, l.Seconds, float64(now)/l.Seconds)
	if l.Failed > 0 {
		text += fmt.Sprintf("%d images cannot be used: their lines have an error\n", l.Failed)
	}
	return text
}

// listLine is a line of the results. Probabilities are in the order of the classes.
type listLine struct {
	Image         string    `json:"image"`
	Model         string    `json:"model"` // the beginning of a hash of its layers, weights and classes
	Predicted     string    `json:"predicted,omitempty"`
	Labels        []string  `json:"labels,omitzero"` // of several labels: those with at least one half
	Probabilities []float32 `json:"probabilities,omitempty"`
	Notice        string    `json:"notice,omitempty"`
	Error         string    `json:"error,omitempty"` // then there is no prediction
}

// lineBegins is how each line begins.
const lineBegins = `{"image":`

// together is how many images are classified between two writes: a killed process loses at most these.
const together = 512

// predictList classifies what a list names, in its order, with memory for few images.
func (c *call) predictList(words []string, out, part string) (fmt.Stringer, error) {
	if len(words) > 2 {
		return nil, wrongUse("with --out there is one LIST, not %d images: put their paths into a file, or give - and pass them to stdin",
			len(words)-1)
	}
	which, err := readShard(part)
	if err != nil {
		return nil, err
	}
	if other, err := which.otherwise(out); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	} else if other != "" {
		return nil, fmt.Errorf("%s is there, of a list that was divided otherwise: give --shard as it was then, remove it, or name another --out",
			other)
	}
	list := os.Stdin
	if words[1] != "-" {
		if list, err = files.Open(words[1]); err != nil {
			return nil, fmt.Errorf("list: %w: give a file with a path a line", err)
		}
		defer list.Close()
	}
	m, predictor, unnamed, err := c.predictor(words[0])
	if err != nil {
		return nil, err
	}
	defer predictor.Close()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %v", m.Layers.Hash(m.Values), m.Classes, m.Decoder))
	l := &classifying{predictor: predictor, paths: newPaths(words[1], list, which), stderr: c.stderr, shown: time.Now(),
		listed: listed{Out: which.of(out), Model: fmt.Sprintf("%.6x", sum), Classes: m.Classes, Notice: notice.Join(m.Notice(), unnamed)}}
	f, unlock, err := openResults(l.Out)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer f.Close()
	if err := l.resume(f); err != nil {
		return nil, err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	began := time.Now()
	err = l.work(ctx, f)
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("interrupted after %d images: run the same command again to go on from there", l.Images)
	}
	l.Seconds = time.Since(began).Seconds()
	return l.listed, err
}

// openResults opens the results for this process alone.
func openResults(path string) (f *os.File, unlock func(), err error) {
	folder, name := filepath.Split(path)
	if err := os.MkdirAll(filepath.Clean(folder), 0o777); err != nil {
		return nil, nil, fmt.Errorf("results: %w", err)
	}
	lock := flock.New(filepath.Join(folder, "."+name+".lock"))
	if got, err := lock.TryLock(); err != nil {
		return nil, nil, fmt.Errorf("results: %w", err)
	} else if !got {
		return nil, nil, fmt.Errorf("%s is being written by another process: wait for it, name another file, or give each process a --shard; "+
			"if its machine is gone, remove %s", path, lock.Path())
	}
	if f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		lock.Unlock()
		return nil, nil, fmt.Errorf("results: %w", err)
	}
	return f, func() { lock.Unlock() }, nil
}

// classifying is a list on its way into results.
type classifying struct {
	predictor *classifier.Predictor
	paths     *paths
	stderr    io.Writer
	shown     time.Time
	listed
}

// resume goes behind the last whole line, and checks that the lines before are of this model and list.
func (l *classifying) resume(f *os.File) error {
	r := bufio.NewReader(f)
	end := int64(0)
	for {
		text, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("results: %w", err)
		}
		if err == io.EOF { // nothing, or a line that was not written to its end
			if begin := min(len(text), len(lineBegins)); string(text[:begin]) != lineBegins[:begin] {
				return fmt.Errorf("%s holds what predict has not written, after line %d: name another file", l.Out, l.Images)
			}
			break
		}
		var line listLine
		at := fmt.Sprintf("%s:%d", l.Out, l.Images+1)
		if err := json.Unmarshal(text, &line); err != nil {
			return fmt.Errorf("%s is damaged: %w: remove the file, or name another", at, err)
		}
		path, err := l.paths.next()
		switch {
		case err != nil && err != io.EOF:
			return err
		case line.Model != l.Model:
			return fmt.Errorf("%s is of another model: name another file, or remove this one", at)
		case err == io.EOF || line.Image != asJSON(path):
			return fmt.Errorf("%s is of %s, but %s has another image there: give the list that it was begun with, or name another file", at,
				line.Image, l.paths.name)
		}
		end += int64(len(text))
		l.Images++
		if line.Error != "" {
			l.Failed++
		}
	}
	l.Before = l.Images
	if err := f.Truncate(end); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	_, err := f.Seek(end, io.SeekStart)
	return err
}

// asJSON is a path as it is read back: bytes that are no text are replaced.
func asJSON(path string) string { return string([]rune(path)) }

// work classifies what is left of the list.
func (l *classifying) work(ctx context.Context, f *os.File) error {
	for {
		b := &block{}
		for len(b.paths) < together {
			path, err := l.paths.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			b.paths = append(b.paths, path)
		}
		if len(b.paths) == 0 {
			return nil
		}
		b.failed, b.notices = make([]error, len(b.paths)), make([]string, len(b.paths))
		p, err := l.predictor.Predict(ctx, b)
		if err != nil {
			return err
		}
		if err := b.trouble(l.Images == 0); err != nil {
			return fmt.Errorf("%s: %w", l.paths.name, err)
		}
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		for i, path := range b.paths {
			line := listLine{Image: path, Model: l.Model, Notice: notice.Join(l.Notice, b.notices[i])}
			switch err := b.failed[i]; {
			case err != nil:
				line.Error = err.Error()
			case !finite(p.Probabilities[i]):
				line.Error = "the model gives no finite probabilities for it"
			default:
				line.Predicted, line.Labels, line.Probabilities = l.Classes[p.Predicted[i]], labels(p, i), p.Probabilities[i]
			}
			if line.Error != "" {
				l.Failed++
			}
			if err := e.Encode(line); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		_, err = f.Write(text.Bytes())
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			return &files.WriteError{Path: l.Out, Err: err}
		}
		l.Images += len(b.paths)
		if time.Since(l.shown) >= every {
			l.shown = time.Now()
			fmt.Fprintf(l.stderr, "images: %d\n", l.Images)
		}
	}
}
