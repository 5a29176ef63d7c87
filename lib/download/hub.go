package download

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// HubFile is File for a large file on Hugging Face's hub or a mirror of it. r.URL is its address there, such as
// https://huggingface.co/OWNER/NAME/resolve/main/model.safetensors.
//
// The hub redirects to a server that holds the bytes, and says in the redirect which SHA-256 and size the file has
// (X-Linked-Etag and X-Linked-Size). HubFile asks for these first and holds the download to them. Of a mirror that does
// not say so, the file is taken as File takes it.
func HubFile(ctx context.Context, r Request) error {
	err := r.retry(ctx, func() int64 { return 0 }, func() (err error) {
		r.SHA256, r.Size, err = r.announced(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	return File(ctx, r)
}

// announced asks the hub for a file's SHA-256 and size, which are "" and 0 if it does not say.
func (r Request) announced(ctx context.Context) (sum string, size int64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, &silenceError{patience})
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, r.URL, nil)
	if err != nil {
		return "", 0, err
	}
	request.Header.Set("Accept-Encoding", "identity") // else the size might be that of a compressed form
	response, err := r.send(&http.Client{CheckRedirect: untilAnnounced}, request)
	if err != nil {
		return "", 0, err
	}
	response.Body.Close()

	switch code := response.StatusCode; {
	case code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented: // a mirror that knows GET alone
		return "", 0, nil
	case code >= 400:
		return "", 0, r.refused(response)
	case code == http.StatusOK && isPage(response):
		return "", 0, r.errPage()
	}
	tag := response.Header.Get(linkedTag)
	if tag == "" {
		return "", 0, nil
	}
	sum = strings.Trim(strings.TrimPrefix(tag, "W/"), `"`)
	if b, err := hex.DecodeString(sum); err != nil || len(b) != 32 {
		return "", 0, fmt.Errorf("%s: the server sent a %s that is no SHA-256: %q; nothing would tell whether the file is right: "+
			"use another server, or put the file at %s by hand", r.URL, linkedTag, tag, r.Path)
	}
	if size, err = strconv.ParseInt(response.Header.Get("X-Linked-Size"), 10, 64); err != nil || size < 0 {
		size = 0 // the sum is enough
	}
	return sum, size, nil
}

const linkedTag = "X-Linked-Etag"

// untilAnnounced follows the hub to the new name of a renamed repository, but not to the server with the bytes.
func untilAnnounced(next *http.Request, before []*http.Request) error {
	if next.Response.Header.Get(linkedTag) != "" || next.URL.Host != before[0].URL.Host || len(before) >= 10 {
		return http.ErrUseLastResponse
	}
	return nil
}
