package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// cleaned is the form in which git keeps a notebook: without what running, opening and folding leave in the file,
// and written as Jupyter writes, keys sorted and one space deep. So only what an author changes is a change.
func cleaned(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var notebook map[string]any
	if err := decoder.Decode(&notebook); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("not a notebook: more than one JSON value")
	}
	cells, ok := notebook["cells"].([]any)
	if !ok {
		return nil, fmt.Errorf("not a notebook of format 4: it has no cells")
	}
	for _, c := range cells {
		if cell, ok := c.(map[string]any); ok {
			cleanCell(cell)
		}
	}
	// Shift-Enter in the last cell makes an empty one below it.
	for len(cells) > 0 && emptyCode(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1]
	}
	notebook["cells"] = cells
	if metadata, ok := notebook["metadata"].(map[string]any); ok {
		delete(metadata, "vscode")
		if spec, ok := metadata["kernelspec"].(map[string]any); ok && spec["name"] == kernelName {
			// The kernel tells its version of Go, and each editor fewer or more of these.
			metadata["kernelspec"] = map[string]any{"display_name": kernelTitle, "language": "go", "name": kernelName}
			metadata["language_info"] = map[string]any{"codemirror_mode": "go", "file_extension": ".go",
				"mimetype": "text/x-go", "name": "go", "pygments_lexer": "go"}
		}
	}
	return encodeSorted(notebook)
}

// viewState are the metadata of a cell that say how it was last looked at or run.
var viewState = []string{"collapsed", "scrolled", "trusted", "execution", "ExecuteTime", "vscode"}

func cleanCell(cell map[string]any) {
	if source, ok := cell["source"].(string); ok {
		cell["source"] = sourceLines(source)
	}
	if cell["cell_type"] == "code" {
		cell["outputs"], cell["execution_count"] = []any{}, nil
	}
	metadata, ok := cell["metadata"].(map[string]any)
	if !ok {
		cell["metadata"] = map[string]any{}
		return
	}
	for _, key := range viewState {
		delete(metadata, key)
	}
	if jupyter, ok := metadata["jupyter"].(map[string]any); ok {
		if delete(jupyter, "outputs_hidden"); len(jupyter) == 0 {
			delete(metadata, "jupyter")
		}
	}
}

func sourceLines(source string) []any {
	lines := []any{}
	for line := range strings.Lines(source) {
		lines = append(lines, line)
	}
	return lines
}

func emptyCode(c any) bool {
	cell, ok := c.(map[string]any)
	if !ok || cell["cell_type"] != "code" {
		return false
	}
	lines, ok := cell["source"].([]any)
	for _, line := range lines {
		if text, isText := line.(string); !isText || strings.TrimSpace(text) != "" {
			return false
		}
	}
	return ok
}

// encodeSorted writes JSON as Python's json.dumps(…, ensure_ascii=False, indent=1, sort_keys=True), and a line break.
func encodeSorted(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return unescapeSeparators(out.Bytes()), nil
}

// unescapeSeparators undoes what encoding/json does for JavaScript: \u2028 and \u2029 stand for themselves.
func unescapeSeparators(text []byte) []byte {
	var out []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			switch {
			case bytes.HasPrefix(text[i:], []byte(`\u2028`)):
				out, i = append(out, "\u2028"...), i+5
			case bytes.HasPrefix(text[i:], []byte(`\u2029`)):
				out, i = append(out, "\u2029"...), i+5
			default: // a pair, such as \\ before u2028
				out, i = append(out, text[i], text[i+1]), i+1
			}
			continue
		}
		out = append(out, text[i])
	}
	return out
}

// filter is what git calls for each notebook that it looks at. A file that is none, such as one with marks of a
// conflict, goes through as it is.
func filter(in io.Reader, out, log io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if clean, err := cleaned(text); err == nil {
		text = clean
	} else {
		fmt.Fprintf(log, "a notebook goes into git as it is: %v\n", err)
	}
	_, err = out.Write(text)
	return err
}
