package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// clone is a root with the style and these notebooks.
func clone(t *testing.T, notebooks ...string) (root, dir string) {
	t.Helper()
	root = t.TempDir()
	style, err := os.ReadFile(filepath.Join("../../..", styleFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, styleFile), string(style))
	for _, n := range notebooks {
		write(t, filepath.Join(root, "notebooks", n+".ipynb"), "")
	}
	return root, filepath.Join(root, "reports")
}

// report is a page as notebook.py leaves it.
func report(facts, text string) string {
	return `<html><head><script id="lesson-report" type="application/json">` + facts + `</script></head><body>` +
		`<nav aria-label="Reports" class="pages"></nav><main>` + text + `</main><nav aria-label="Reports, at the end" class="pages"></nav></body></html>`
}

func read(t *testing.T, elements ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dead lists the links of a folder's pages that lead nowhere.
func dead(t *testing.T, dir string) (links []string) {
	t.Helper()
	pages, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(pages) == 0 {
		t.Fatal(err, "no pages")
	}
	for _, path := range pages {
		for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(read(t, path), -1) {
			file, place, _ := strings.Cut(m[1], "#")
			if file == "" { // a place of the page itself
				file = filepath.Base(path)
			}
			target, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || place != "" && !bytes.Contains(target, []byte(`id="`+place+`"`)) {
				links = append(links, filepath.Base(path)+" → "+m[1])
			}
		}
	}
	return links
}

func TestTheStartPageListsTheReportsOfNotebooksThatExist(t *testing.T) {
	root, dir := clone(t, "1-a", "2-b", "solutions/1-a")
	write(t, filepath.Join(dir, "1-a.html"), report(`{"title": "A \u003cfirst> look", "made": "2026-01-02 03:04", "seconds": 12.3,
		"quick": true, "machine": "two cores", "versions": {"Go": "1.26", "GoMLX": "v0.28"}, "notices": ["drawn images"],
		"records": [{"name": "m", "weights": "imagenet", "header": ["model", "right", "accuracy"], "rows": [["frozen & small", "358 of 360", "99.4 %"]]},
			{"name": "folds", "seeds": "0; 1", "header": ["", "mean"], "rows": [["five", "0.98"]]}]}`, ""))
	write(t, filepath.Join(dir, "solution-1-a.html"), "")
	write(t, filepath.Join(dir, "9-gone.html"), "")
	if err := writeSite(root, dir); err != nil {
		t.Fatal(err)
	}
	start := read(t, dir, "index.html")
	for _, want := range []string{`href="1-a.html"`, "A &lt;first&gt; look", "12 s", "2026-01-02 03:04", "quick run",
		`href="solution-1-a.html"`, "two cores", "Go 1.26, GoMLX v0.28", "drawn images", "imagenet", "frozen &amp; small",
		"<td>358 of 360</td><td>99.4 %</td>", "Table: folds", "<td>0.98</td>", "--ground:"} {
		if !strings.Contains(start, want) {
			t.Errorf("the start page lacks %q", want)
		}
	}
	for _, not := range []string{"2-b.html", "9-gone", "http", "ZgotmplZ"} {
		if strings.Contains(start, not) {
			t.Errorf("the start page has %q", not)
		}
	}
}

// After --only 1 there is one page; the second then links to it, and is linked.
func TestNoLinkIsDead(t *testing.T) {
	root, dir := clone(t, "1-a", "2-b", "3-c")
	text := `Next: <a data-page="2-b">b</a>, then <a data-page="3-c" href="3-c.html">c</a>`
	write(t, filepath.Join(dir, "1-a.html"), report(`{"title": "First"}`, text))
	for _, pages := range [][]string{{"1-a"}, {"1-a", "3-c"}, {"1-a", "2-b", "3-c"}, {"1-a", "2-b"}} {
		for _, name := range []string{"2-b", "3-c"} {
			os.Remove(filepath.Join(dir, name+".html"))
		}
		for _, name := range pages[1:] {
			write(t, filepath.Join(dir, name+".html"), report(`{"title": "The `+name+`"}`, ""))
		}
		if err := writeSite(root, dir); err != nil {
			t.Fatal(err)
		}
		if links := dead(t, dir); len(links) > 0 {
			t.Errorf("with %v: dead links %q", pages, links)
		}
		first := read(t, dir, "1-a.html")
		for _, name := range []string{"2-b", "3-c"} {
			exists := strings.Contains(strings.Join(pages, " "), name)
			if linked := strings.Contains(first, `<a data-page="`+name+`" href="`+name+`.html">`); linked != exists {
				t.Errorf("with %v: the text links to %s: %v", pages, name, linked)
			}
		}
		if len(pages) > 1 && strings.Count(first, `rel="next">The `+pages[1]+` →</a>`) != 2 {
			t.Errorf("with %v: the next page is not linked above and below in\n%s", pages, first)
		}
		last := read(t, dir, pages[len(pages)-1]+".html")
		if strings.Contains(last, `rel="next"`) || len(pages) > 1 && !strings.Contains(last, `rel="prev"`) {
			t.Errorf("with %v: links of the last page in\n%s", pages, last)
		}
	}
}

func TestFiguresAreShownSmallAndLinked(t *testing.T) {
	large := image.NewRGBA(image.Rect(0, 0, 720, 360))
	for i := range large.Pix {
		large.Pix[i] = 255
	}
	for y := range 360 { // stripes one pixel wide, black and white: grey when they are small
		for x := 0; x < 720; x += 2 {
			large.SetRGBA(x, y, color.RGBA{A: 255})
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, large); err != nil {
		t.Fatal(err)
	}
	root, dir := clone(t, "1-a")
	tag := fmt.Sprintf(`<img alt='6 "kinds" &lt;of&gt; steel' width="360" src="data:image/png;base64,%s" id="figure-1"/>`,
		base64.StdEncoding.EncodeToString(file.Bytes()))
	write(t, filepath.Join(dir, "1-a.html"), report(`{}`, tag+`<img alt="" id="figure-2" src="data:image/png;base64,AAAA"/>`))
	if err := writeSite(root, dir); err != nil {
		t.Fatal(err)
	}
	if links := dead(t, dir); len(links) > 0 {
		t.Errorf("dead links %q", links)
	}
	start := read(t, dir, "index.html")
	m := regexp.MustCompile(`<a href="1-a.html#figure-1"><img src="data:image/jpeg;base64,([^"]*)" alt="6 &#34;kinds&#34; &lt;of&gt; steel"></a>`).FindStringSubmatch(start)
	if m == nil || strings.Contains(start, "figure-2") {
		t.Fatalf("no thumbnail, or one of a damaged picture: %.3000s", start[strings.Index(start, "<main>"):])
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(m[1], "&#43;", "+"))
	if err != nil {
		t.Fatal(err)
	}
	small, kind, err := image.Decode(bytes.NewReader(data))
	if err != nil || kind != "jpeg" || small.Bounds() != image.Rect(0, 0, 360, 180) {
		t.Fatal(err, kind, small)
	}
	if r, _, _, _ := small.At(100, 100).RGBA(); r>>8 < 120 || r>>8 > 135 {
		t.Errorf("stripes of black and white became %d, want the grey between", r>>8)
	}
}
