package download

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// errPage is a web page in place of the file.
func (r Request) errPage() error {
	return fmt.Errorf("%s: a web page came instead of the file, as of a network that wants a login: open a browser, log in, and "+
		"run again; or put the file at %s by hand", r.URL, r.Path)
}

// isPage reports whether an answer says that it is a web page.
func isPage(response *http.Response) bool {
	kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// body gives what an answer holds, unless it is a web page. It waits for the first bytes, which nobody has written anywhere
// yet. Whatever comes puts off the end of patience.
func (r Request) body(response *http.Response, silence *time.Timer) (io.Reader, error) {
	start := make([]byte, 512)
	n, err := response.Body.Read(start)
	silence.Reset(patience)
	start = start[:n]
	if isPage(response) || strings.HasPrefix(http.DetectContentType(start), "text/html") {
		return nil, r.errPage()
	}
	if n == 0 && err != nil && err != io.EOF {
		return nil, &brokenError{r.URL, 0, response.ContentLength, err}
	}
	rest := io.Reader(response.Body)
	if err != nil {
		rest = failing{err}
	}
	return io.MultiReader(bytes.NewReader(start), rest), nil
}

// failing ends with an error that was met before.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
