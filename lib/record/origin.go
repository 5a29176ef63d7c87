package record

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// Origin says how a result came about. Where a field holds several things, such as the seeds of several trainings, "; "
// stands between them.
type Origin struct {
	Made    string `json:"made"`              // the days, as 2026-11-24
	Machine string `json:"machine,omitempty"` // "" if it was not recorded
	Load    string `json:"load,omitempty"`    // what other programs took meanwhile
	Backend string `json:"backend,omitempty"`
	Command string `json:"command,omitempty"` // makes it again
	Data    string `json:"data,omitempty"`
	Weights string `json:"weights,omitempty"`
	Seeds   string `json:"seeds,omitempty"`
	Notice  string `json:"notice,omitempty"` // what readers must know: weights or data that are not the real ones
}

// With is the origin of what was made from two results: all of both, each once.
func (o Origin) With(other Origin) Origin {
	days := strings.Split(notice.Join(o.Made, other.Made), "; ")
	slices.Sort(days)
	return Origin{
		Made: strings.Join(days, "; "), Machine: notice.Join(o.Machine, other.Machine), Load: notice.Join(o.Load, other.Load),
		Backend: notice.Join(o.Backend, other.Backend), Command: notice.Join(o.Command, other.Command),
		Data: notice.Join(o.Data, other.Data), Weights: notice.Join(o.Weights, other.Weights),
		Seeds: notice.Join(o.Seeds, other.Seeds), Notice: notice.Join(o.Notice, other.Notice),
	}
}

var (
	mutex sync.Mutex
	told  Origin
)

// Tell adds to what Told gives. Packages that open data, weights, earlier runs or a backend tell them here, as they tell
// package notice what stands in for the real ones, so that no cell has to hand them on.
func Tell(o Origin) {
	mutex.Lock()
	defer mutex.Unlock()
	told = told.With(o)
}

// Told is the origin of what this process computes: today, on this machine, with all that was told and announced.
func Told() Origin {
	mutex.Lock()
	defer mutex.Unlock()
	return told.With(Origin{Made: Today(), Machine: Machine(), Notice: notice.Join(notice.Told()...)})
}

// Today is the day in UTC.
func Today() string { return time.Now().UTC().Format(time.DateOnly) }

// Machine names the processor, its cores as this process sees them, the memory, and the system.
func Machine() string {
	cpu := runtime.GOARCH
	if name := find("/proc/cpuinfo", `(?m)^model name\s*: (.+)$`); name != "" {
		cpu = name
	}
	memory := ""
	var kilobytes float64
	if _, err := fmt.Sscan(find("/proc/meminfo", `(?m)^MemTotal:\s*(\d+)`), &kilobytes); err == nil {
		memory = fmt.Sprintf(", %.0f GiB memory", kilobytes/(1<<20))
	}
	return fmt.Sprintf("%s, %d cores%s, %s/%s", cpu, runtime.NumCPU(), memory, runtime.GOOS, runtime.GOARCH)
}

// find is the first group of a pattern in a file of the system, "" where there is none.
func find(path, pattern string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if match := regexp.MustCompile(pattern).FindSubmatch(text); match != nil {
		return strings.TrimSpace(string(match[1]))
	}
	return ""
}
