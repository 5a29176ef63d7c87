package notebook

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// calls are the lines of cells that are being executed, innermost first and written as in a stack: GoNB, which puts all
// cells into one main.go, says of such a line which cell's it is.
func calls() string {
	counters := make([]uintptr, 64)
	frames := runtime.CallersFrames(counters[:runtime.Callers(2, counters)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "main.") && filepath.Base(f.File) == "main.go" {
			fmt.Fprintf(&b, "\t%s:%d\n", f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}
