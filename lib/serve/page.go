package serve

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

//go:embed page.html
var pageHTML []byte

// pagePolicy lets a browser run the page's own script and style, talk to this server, and nothing else.
var pagePolicy = strings.Join([]string{"default-src 'none'", "script-src " + hashOf("script"), "style-src " + hashOf("style"),
	"img-src blob: data:", "media-src blob:", "connect-src 'self' blob:", "base-uri 'none'", "form-action 'none'",
	"frame-ancestors 'none'"}, "; ")

// hashOf names what the page's element holds, as a content security policy does.
func hashOf(element string) string {
	_, inside, _ := bytes.Cut(pageHTML, []byte("<"+element+">"))
	inside, _, _ = bytes.Cut(inside, []byte("</"+element+">"))
	sum := sha256.Sum256(inside)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page is for people: an image from a file, the clipboard or a camera, its probabilities, and where the network looked.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	w.Write(pageHTML)
	return nil
}
