package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// page is a report. What it says of itself is written into its head by notebook.py.
type page struct {
	File     string            `json:"-"`
	Solution bool              `json:"-"`
	Figures  []picture         `json:"-"`
	Notebook string            `json:"notebook"`
	Title    string            `json:"title"`
	Made     string            `json:"made"`
	Seconds  float64           `json:"seconds"`
	Quick    bool              `json:"quick"`
	Notices  []string          `json:"notices"` // of the images and weights that are not the real ones
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Records  []table           `json:"records"`
}

// table is what package record keeps of a measured table.
type table struct {
	Name    string     `json:"name"`
	Backend string     `json:"backend"`
	Command string     `json:"command"`
	Data    string     `json:"data"`
	Weights string     `json:"weights"`
	Seeds   string     `json:"seeds"`
	Notice  string     `json:"notice"`
	Header  []string   `json:"header"`
	Rows    [][]string `json:"rows"`
}

// picture is a figure of a report.
type picture struct {
	ID, Alt string
	Data    []byte // a PNG or JPEG file
}

var factsScript = regexp.MustCompile(`(?s)<script id="lesson-report" type="application/json">(.*?)</script>`)

// writeSite makes the start page of the reports in a folder, and links them: those of the notebooks that exist,
// whichever run made them.
func writeSite(root, dir string) error {
	notebooks, err := findNotebooks(root, "")
	if err != nil {
		return err
	}
	var pages []page
	texts := map[string][]byte{}
	for _, path := range notebooks {
		file := nameOf(path) + ".html"
		text, err := os.ReadFile(filepath.Join(dir, file))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		p := page{File: file, Title: nameOf(path), Solution: filepath.Base(filepath.Dir(path)) == solutions}
		if m := factsScript.FindSubmatch(text); m != nil {
			if err := json.Unmarshal(m[1], &p); err != nil {
				return fmt.Errorf("%s: %w; remove it, and run its notebook again", file, err)
			}
		}
		p.Figures = pictures(text)
		pages, texts[file] = append(pages, p), text
	}
	for i, p := range pages {
		linked := link(texts[p.File], pages, i)
		if bytes.Equal(linked, texts[p.File]) {
			continue
		}
		if err := writeFile(filepath.Join(dir, p.File), linked, 0o644); err != nil {
			return err
		}
	}
	start, err := startPage(root, pages)
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, "index.html"), start, 0o644)
}

var (
	pagesNav = regexp.MustCompile(`(?s)(<nav [^>]*class="pages"[^>]*>).*?(</nav>)`)
	pageLink = regexp.MustCompile(`<a data-page="([^"]*)"(?: href="[^"]*")?>`)
)

// link gives page i its links to the pages around it, and those of its text as far as they lead somewhere.
func link(text []byte, pages []page, i int) []byte {
	nav := `<a href="index.html">All reports</a>`
	if i > 0 {
		nav += fmt.Sprintf(`<a href="%s" rel="prev">← %s</a>`, pages[i-1].File, html.EscapeString(pages[i-1].Title))
	}
	if i+1 < len(pages) {
		nav += fmt.Sprintf(`<a href="%s" rel="next">%s →</a>`, pages[i+1].File, html.EscapeString(pages[i+1].Title))
	}
	text = pagesNav.ReplaceAllFunc(text, func(old []byte) []byte {
		m := pagesNav.FindSubmatch(old)
		return []byte(string(m[1]) + nav + string(m[2]))
	})
	exists := map[string]bool{}
	for _, p := range pages {
		exists[strings.TrimSuffix(p.File, ".html")] = true
	}
	return pageLink.ReplaceAllFunc(text, func(old []byte) []byte {
		name := string(pageLink.FindSubmatch(old)[1])
		if exists[name] {
			return fmt.Appendf(nil, `<a data-page="%s" href="%s.html">`, name, name)
		}
		return fmt.Appendf(nil, `<a data-page="%s">`, name)
	})
}
