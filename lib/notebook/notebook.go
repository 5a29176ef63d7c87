// Package notebook shows the lesson's results in a GoNB cell: figures, tables, notices, and curves that grow
// while a model trains. Outside Jupyter the same calls print plain text, so that lesson code also runs as an
// ordinary program and in tests.
package notebook

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/transfer-learning-go/defects/lib/figure"
)

// Quick reports whether the lesson runs on a small share of the images: the environment variable
// LESSON_QUICK is set to anything but "" and "0". `scripts/lesson --quick` sets it.
func Quick() bool {
	v := os.Getenv("LESSON_QUICK")
	return v != "" && v != "0"
}

// Show displays a figure below the cell, at the size it was drawn for. It takes what the functions of
// package figure return, so that one line draws and shows:
//
//	notebook.Show(figure.Curves(loss, accuracy, figure.Options{}))
//
// An error ends the program with exit code 1 and the error on stderr, which Jupyter shows as a failed cell.
// Outside Jupyter it prints the figure's description.
func Show(f *figure.Figure, err error) {
	if err == nil && f == nil {
		err = fmt.Errorf("notebook: Show got no figure")
	}
	if err != nil {
		fail(err)
		return
	}
	if !out.jupyter {
		fmt.Fprintf(out.text, "[figure: %s]\n", f.Alt)
		return
	}
	img, err := figureHTML(f)
	if err != nil {
		fail(err)
		return
	}
	out.html(img)
}

// Markdown displays text with Markdown formatting. Use it for prose with measured numbers in it.
func Markdown(text string) {
	if !out.jupyter {
		fmt.Fprintln(out.text, text)
		return
	}
	out.markdown(text)
}

// Notice displays a warning that a reader must not miss, such as "synthetic images, not NEU-DET".
// An empty text displays nothing, so Notice(dataset.Notice) needs no condition.
func Notice(text string) {
	switch {
	case text == "":
	case out.jupyter:
		out.html(noticeHTML(text))
	default:
		fmt.Fprintln(out.text, "NOTICE:", text)
	}
}

// Table displays rows under a header. Columns that hold only numbers (also with %, ×, or a unit after a
// space) are right-aligned. A row may be shorter than the header; the missing cells are empty.
func Table(header []string, rows [][]string) {
	if out.jupyter {
		out.html(tableHTML(header, rows))
		return
	}
	out.text.Write([]byte(tableText(header, rows)))
}

// output is where things are shown. Tests put their own in place of the process's.
type output struct {
	jupyter    bool
	text, log  io.Writer
	html       func(html string)
	markdown   func(text string)
	updateHTML func(id, html string)
	exit       func(code int)
}

var out = output{
	jupyter:    gonbui.IsNotebook,
	text:       os.Stdout,
	log:        os.Stderr,
	html:       func(html string) { gonbui.DisplayHTML(html); flush() },
	markdown:   func(text string) { gonbui.DisplayMarkdown(text); flush() },
	updateHTML: func(id, html string) { gonbui.UpdateHTML(id, html); flush() },
	exit:       os.Exit,
}

// flush waits until the kernel has taken what was displayed: without it, what a program displays just before
// it ends is lost now and then. The limit keeps a program from hanging when the kernel is gone.
func flush() {
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
}

func fail(err error) {
	fmt.Fprintln(out.log, "Error:", err)
	out.exit(1)
}

func figureHTML(f *figure.Figure) (string, error) {
	png, err := f.PNG()
	if err != nil {
		return "", fmt.Errorf("notebook: encoding the figure %q: %w", f.Alt, err)
	}
	scale := f.Scale
	if scale <= 0 {
		scale = 1
	}
	width := int(float64(f.Image.Bounds().Dx())/scale + 0.5)
	return fmt.Sprintf(`<img alt="%s" width="%d" style="max-width:100%%;height:auto" src="data:image/png;base64,%s">`,
		html.EscapeString(f.Alt), width, base64.StdEncoding.EncodeToString(png)), nil
}

func noticeHTML(text string) string {
	return `<div role="note" style="border-left:5px solid #d39e00;background:#fff3cd;color:#3d2c00;` +
		`padding:0.5em 0.8em;margin:0.3em 0">` + html.EscapeString(text) + `</div>`
}

func tableHTML(header []string, rows [][]string) string {
	right := numericColumns(len(header), rows)
	var b strings.Builder
	row := func(tag string, cells []string) {
		b.WriteString("<tr>")
		for i := range header {
			align := "left"
			if right[i] {
				align = "right"
			}
			fmt.Fprintf(&b, `<%s style="text-align:%s">%s</%s>`, tag, align, html.EscapeString(cell(cells, i)), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>\n")
	row("th", header)
	b.WriteString("</thead>\n<tbody>\n")
	for _, cells := range rows {
		row("td", cells)
	}
	b.WriteString("</tbody>\n</table>")
	return b.String()
}

func tableText(header []string, rows [][]string) string {
	right := numericColumns(len(header), rows)
	widths := make([]int, len(header))
	lines := append([][]string{header}, rows...)
	for _, cells := range lines {
		for i := range header {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell(cells, i)))
		}
	}
	var b strings.Builder
	for _, cells := range lines {
		var line strings.Builder
		for i := range header {
			text := cell(cells, i)
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if right[i] {
				text = pad + text
			} else {
				text += pad
			}
			line.WriteString(text + "  ")
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// numericColumns tells for each column whether every filled cell starts as a number does.
func numericColumns(columns int, rows [][]string) []bool {
	numeric := make([]bool, columns)
	for i := range numeric {
		for _, cells := range rows {
			text := strings.TrimLeft(cell(cells, i), "+-−± ")
			if text == "" {
				continue
			}
			if numeric[i] = text[0] >= '0' && text[0] <= '9'; !numeric[i] {
				break
			}
		}
	}
	return numeric
}

func cell(cells []string, i int) string {
	if i < len(cells) {
		return cells[i]
	}
	return ""
}
