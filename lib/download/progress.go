package download

import (
	"fmt"
	"io"
	"time"
)

// Lines gives a Request's Progress that writes a line to w about once a second, such as "NEU-DET: 3.1 of 27.0 MB".
func Lines(w io.Writer, what string) func(done, total int64) {
	var shown time.Time
	return func(done, total int64) {
		if time.Since(shown) < time.Second && done != total {
			return
		}
		shown = time.Now()
		of := ""
		if total > 0 {
			of = fmt.Sprintf(" of %.1f", float64(total)/1e6)
		}
		fmt.Fprintf(w, "%s: %.1f%s MB\n", what, float64(done)/1e6, of)
	}
}
