package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// answerWithin is the longest that GoNB waits: it runs no cell meanwhile.
const answerWithin = 2 * time.Second

// cells answers what GoNB asks about them.
type cells struct {
	gopls   *gopls
	started time.Time
	files   map[string]string // text by path, of main.go and other.go
	told    map[error]bool
}

func newCells(g *gopls) *cells {
	return &cells{gopls: g, started: time.Now(), files: map[string]string{}, told: map[error]bool{}}
}

// asked is what the parameters of all methods have that GoNB calls.
type asked struct {
	TextDocument struct{ URI, Text string }
	Position     struct{ Line, Character int }
	// ContentChanges has one that replaces the whole text.
	ContentChanges []struct{ Text string }
}

// answer returns when GoNB hangs up.
func (c *cells) answer(connection io.ReadWriter) error {
	w := newWire(connection, connection)
	for {
		m, err := w.read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var a asked
		json.Unmarshal(m.Params, &a) // other parameters are none of ours
		path := strings.TrimPrefix(a.TextDocument.URI, "file://")
		var result any
		switch m.Method {
		case "initialize":
			result = map[string]any{"capabilities": map[string]any{}}
		case "textDocument/didOpen":
			c.changed(path, a.TextDocument.Text, false)
		case "textDocument/didChange":
			if len(a.ContentChanges) > 0 {
				c.changed(path, a.ContentChanges[0].Text, true)
			}
		case "textDocument/didClose":
			delete(c.files, filepath.Base(path))
		case "textDocument/definition":
			result = []any{} // GoNB would open the files in which they are
		case "textDocument/completion":
			result = c.complete(a.Position.Line, a.Position.Character)
		case "textDocument/hover":
			result = c.document(a.Position.Line, a.Position.Character)
		}
		if m.ID != nil {
			if err := w.write(message{ID: m.ID, Result: raw(result)}); err != nil {
				return err
			}
		}
	}
}

// changed keeps the text of the cell. Of files of the library, which GoNB opens all, gopls is told if they changed.
func (c *cells) changed(path, text string, again bool) {
	if filepath.Dir(path) == c.gopls.cells {
		if filepath.Ext(path) == ".go" {
			c.files[filepath.Base(path)] = text
		} else if again && c.gopls.copyModule() == nil { // go.mod, go.sum or go.work
			c.gopls.fileChanged(filepath.Join(c.gopls.dir, filepath.Base(path)))
		}
		return
	}
	if !again {
		info, err := os.Stat(path)
		again = err == nil && info.ModTime().After(c.started)
	}
	if again {
		c.gopls.fileChanged(path)
	}
}

// ask puts a question about a place in the cell; columns are bytes here, UTF-16 there.
func (c *cells) ask(method string, line, column int) (json.RawMessage, error) {
	if err := c.gopls.show(compose(c.files["main.go"], c.files["other.go"], c.gopls.imports())); err != nil {
		return nil, err
	}
	return c.gopls.call(method, at(c.gopls.dir, line, utf16Column(c.line(line), column)), answerWithin)
}

func (c *cells) line(number int) string {
	lines := strings.Split(c.files["main.go"], "\n")
	if number < 0 || number >= len(lines) {
		return ""
	}
	return lines[number]
}

// item is one completion. GoNB inserts the text of its edit and shows the same.
type item struct {
	Label    string `json:"label"`
	TextEdit *edit  `json:"textEdit,omitempty"`
}

type edit struct {
	Range   span   `json:"range"`
	NewText string `json:"newText"`
}

type span struct {
	Start position `json:"start"`
	End   position `json:"end"`
}

type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

func (c *cells) complete(line, column int) any {
	reply, err := c.ask("textDocument/completion", line, column)
	var list struct {
		Items []item `json:"items"`
	}
	if err == nil {
		err = json.Unmarshal(reply, &list)
	}
	if err == nil && len(list.Items) == 0 && !c.gopls.isWarm() {
		err = errNotYet
	}
	if err != nil {
		list.Items = c.excuse(err, line, column)
	}
	text := c.line(line)
	items := []item{}
	for _, i := range list.Items {
		if i.TextEdit == nil {
			continue
		}
		r := &i.TextEdit.Range
		r.Start.Character, r.End.Character = byteColumn(text, r.Start.Character), byteColumn(text, r.End.Character)
		items = append(items, i)
	}
	return map[string]any{"isIncomplete": false, "items": items}
}

// excuse says why there is no completion, once for each reason, in the only place where it is seen: the list of
// completions. As comments they do no harm, and as two of them none is inserted by itself.
func (c *cells) excuse(err error, line, column int) []item {
	if c.told[err] || err != errNotThere && err != errNotYet {
		return nil
	}
	c.told[err] = true
	place := position{line, utf16Column(c.line(line), column)}
	var items []item
	for _, text := range []string{"// no completion yet: " + err.Error(), "// try again in a while"} {
		items = append(items, item{text, &edit{span{place, place}, text}})
	}
	return items
}

// document gives the signature and the documentation of the name at the cursor, or of the function whose arguments
// it stands in.
func (c *cells) document(line, column int) any {
	var hover struct {
		Contents struct{ Value string }
	}
	reply, err := c.ask("textDocument/hover", line, column)
	if err == nil {
		err = json.Unmarshal(reply, &hover)
	}
	text := hover.Contents.Value
	switch {
	case err != nil:
		text = "No documentation yet: " + err.Error() + "."
	case text == "":
		text = "Nothing is known of this place. Put the cursor on a name."
	}
	return map[string]any{"contents": map[string]any{"kind": "markdown", "value": text}}
}
