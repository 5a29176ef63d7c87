// Package notice announces what readers of every result must know: that data or weights stand in for the real ones.
//
// Results carry their notices themselves. The announcement is for all else that a program prints: whoever opens such
// data or weights tells it here, and package notebook shows it at the top of the cell's output, so that no table, figure
// or printed line can appear without it. Figures say it, too. What happened to a program and leaves its results right, such
// as a file that was mended, is said once, and stands under no result: see Say.
package notice

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

var (
	mutex sync.Mutex
	told  []string
	said  []string
	show  = inCell
	say   = line
)

// inCell is how notices appear before Show: in a Jupyter cell that does not import package notebook, as one that only
// prints. Other programs say in their own way what their results carry.
func inCell(text string) {
	if isCell() {
		line(text)
	}
}

// line goes through the pipe of what a cell prints: the kernel reads that of stderr by itself, and a notice there may come
// below what was printed after it.
func line(text string) {
	file := os.Stderr
	if isCell() {
		file = os.Stdout
	}
	fmt.Fprintln(file, "NOTICE:", text)
}

// isCell asks for what GoNB sets for its cells.
func isCell() bool { return os.Getenv("GONB_PIPE") != "" }

// separator stands between notices that Join has put together.
const separator = "; "

// Tell announces a notice, once per process; of one that Join has made, what is new. An empty text announces nothing.
func Tell(text string) {
	mutex.Lock()
	defer mutex.Unlock()
	var news []string
	for n := range strings.SplitSeq(text, separator) {
		if n != "" && !slices.Contains(told, n) {
			told, news = append(told, n), append(news, n)
		}
	}
	if show != nil && len(news) > 0 {
		show(strings.Join(news, separator))
	}
}

// Say shows what the user should know of the program's work, once per process, though no result need carry it: Told does
// not list it. Before Show, it is a line on stderr, in a cell on stdout. An empty text says nothing.
func Say(text string) {
	mutex.Lock()
	defer mutex.Unlock()
	if text == "" || slices.Contains(said, text) {
		return
	}
	said = append(said, text)
	if say != nil {
		say(text)
	}
}

// Told is what was announced, in order.
func Told() []string {
	mutex.Lock()
	defer mutex.Unlock()
	return slices.Clone(told)
}

// Show sets how notices, and what Say is given, are shown, nil for not at all, and shows those that were told before. with
// must not call this package.
func Show(with func(text string)) {
	mutex.Lock()
	defer mutex.Unlock()
	show, say = with, with
	if show != nil && len(told) > 0 {
		show(strings.Join(told, separator))
	}
}

// Join puts notices together, each once; empty ones are left out. A notice may itself be one that Join has made.
func Join(notices ...string) string {
	var parts []string
	for _, joined := range notices {
		for n := range strings.SplitSeq(joined, separator) {
			if n != "" && !slices.Contains(parts, n) {
				parts = append(parts, n)
			}
		}
	}
	return strings.Join(parts, separator)
}

// Only are the notices of joined ones for which keep holds, joined.
func Only(joined string, keep func(notice string) bool) string {
	var parts []string
	for n := range strings.SplitSeq(joined, separator) {
		if keep(n) {
			parts = append(parts, n)
		}
	}
	return Join(parts...)
}

// Has reports whether a notice is one of those that Join has put together.
func Has(joined, notice string) bool {
	return slices.Contains(strings.Split(joined, separator), notice)
}
