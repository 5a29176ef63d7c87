// Package notebook shows results in a GoNB cell: figures, tables, notices, and curves that grow
// while a model trains. Outside Jupyter the same calls print plain text, so that the code of cells also runs as an
// ordinary program and in tests.
package notebook

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"os"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// Whatever package notice is told appears at once: as a yellow box at the top of the cell's output, before all that is
// made from the data or weights that it is about. Outside Jupyter it is a line among the program's output.
func init() { notice.Show(showNotice) }

func showNotice(text string) {
	if out.jupyter {
		out.html(noticeHTML(text))
		return
	}
	fmt.Fprintln(out.text, "NOTICE:", text)
}

// Show displays a figure below the cell, at the size it was drawn for. It takes what the functions of
// package figure return, so that one line draws and shows:
//
//	notebook.Show(figure.Curves(history, figure.CurvesOptions{}))
//
// An error ends the program as Fail does. Outside Jupyter it prints the figure's description.
func Show(f *figure.Figure, err error) {
	if err == nil && f == nil {
		err = fmt.Errorf("notebook: Show got no figure")
	}
	if err != nil {
		Fail(err)
		return
	}
	if !out.jupyter {
		fmt.Fprintf(out.text, "[figure: %s]\n", f.Alt)
		return
	}
	img, err := figureHTML(f)
	if err != nil {
		Fail(err)
		return
	}
	out.html(img)
}

// Fail ends the program with exit code 1 and the error on stderr, which Jupyter shows as a failed cell, with the cell's
// lines that have led there.
func Fail(err error) {
	text := fmt.Sprintln("Error:", err)
	if out.jupyter {
		text += calls()
	}
	fmt.Fprint(out.log, text) // at once: the kernel reads what is there
	out.exit(1)
}

// output is where things are shown. Tests put their own in place of the process's.
type output struct {
	jupyter    bool
	text, log  io.Writer
	html       func(html string)
	updateHTML func(id, html string)
	exit       func(code int)
}

var out = output{
	jupyter:    gonbui.IsNotebook,
	text:       stdout{},
	log:        os.Stderr,
	html:       func(html string) { gonbui.DisplayHTML(html); flush() },
	updateHTML: func(id, html string) { gonbui.UpdateHTML(id, html); flush() },
	exit:       os.Exit,
}

// stdout is os.Stdout as it is when something is shown: Example functions put their own in its place.
type stdout struct{}

func (stdout) Write(p []byte) (int, error) { return os.Stdout.Write(p) }

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

func figureHTML(f *figure.Figure) (string, error) {
	kind, data, err := f.File()
	if err != nil {
		return "", fmt.Errorf("notebook: encoding the figure %q: %w", f.Alt, err)
	}
	scale := f.Scale
	if scale <= 0 {
		scale = 1
	}
	width := int(float64(f.Image.Bounds().Dx())/scale + 0.5)
	return fmt.Sprintf(`<img alt="%s" width="%d" style="max-width:100%%;height:auto" src="data:%s;base64,%s">`,
		html.EscapeString(f.Alt), width, kind, base64.StdEncoding.EncodeToString(data)), nil
}

// noticeHTML has dark colours where the page is dark: JupyterLab's theme and reports set the colour scheme. Browsers that do
// not know light-dark take what stands before it.
func noticeHTML(text string) string {
	return `<div role="note" style="border-left:5px solid #d39e00;background:#fff3cd;color:#3d2c00;` +
		`background:light-dark(#fff3cd,#4a3a00);color:light-dark(#3d2c00,#fff3cd);` +
		`padding:0.5em 0.8em;margin:0.3em 0">` + html.EscapeString(text) + `</div>`
}
