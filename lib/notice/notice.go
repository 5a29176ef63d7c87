// Package notice announces what readers of every result must know: that data or weights stand in for the real ones.
//
// Results carry their notices themselves. The announcement is for all else that a program prints: whoever opens such
// data or weights tells it here, and package notebook shows it at the top of the cell's output, so that no table, figure
// or printed line can appear without it.
package notice

import (
	"slices"
	"strings"
	"sync"
)

var (
	mutex sync.Mutex
	told  []string
	show  func(text string)
)

// Tell announces a notice, once per process. An empty text announces nothing.
func Tell(text string) {
	mutex.Lock()
	defer mutex.Unlock()
	if text == "" || slices.Contains(told, text) {
		return
	}
	told = append(told, text)
	if show != nil {
		show(text)
	}
}

// Show sets how notices are shown, and shows those that were told before.
func Show(with func(text string)) {
	mutex.Lock()
	defer mutex.Unlock()
	show = with
	for _, text := range told {
		show(text)
	}
}

// Join puts notices together, each once; empty ones are left out. A notice may itself be one that Join has made.
func Join(notices ...string) string {
	var parts []string
	for _, joined := range notices {
		for n := range strings.SplitSeq(joined, "; ") {
			if n != "" && !slices.Contains(parts, n) {
				parts = append(parts, n)
			}
		}
	}
	return strings.Join(parts, "; ")
}
