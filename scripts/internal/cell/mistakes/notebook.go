package mistakes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// ReadNotebook reads the code cells of the notebook that a kernel belongs to. Jupyter says which by the name in
// JPY_SESSION_NAME; where it does not, it is the one in the folder that holds the cell which runs, if only one does.
func ReadNotebook(folder, session, running string) []string {
	if session != "" {
		for _, path := range []string{session, filepath.Join(folder, filepath.Base(session))} {
			if cells := codeCells(path); cells != nil {
				return cells
			}
		}
	}
	var found [][]string
	paths, _ := filepath.Glob(filepath.Join(folder, "*.ipynb"))
	for _, path := range paths {
		cells := codeCells(path)
		for _, code := range cells {
			if strings.TrimSpace(code) == strings.TrimSpace(running) {
				found = append(found, cells)
				break
			}
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return nil
}

func codeCells(path string) (cells []string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var notebook struct {
		Cells []struct {
			Type   string `json:"cell_type"`
			Source lines  `json:"source"`
		} `json:"cells"`
	}
	if json.Unmarshal(text, &notebook) != nil {
		return nil
	}
	for _, c := range notebook.Cells {
		if c.Type == "code" {
			cells = append(cells, string(c.Source))
		}
	}
	return cells
}

// lines is text that a notebook holds as one string or as a list of lines.
type lines string

func (l *lines) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) == nil {
		*l = lines(strings.Join(list, ""))
		return nil
	}
	return json.Unmarshal(text, (*string)(l))
}
