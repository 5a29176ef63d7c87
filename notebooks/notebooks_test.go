// Package notebooks holds the lesson. It has no code but these checks of the notebooks.
package notebooks

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const longestCell = 20 // lines: a cell and its output fit on one screen

var remoteImage = regexp.MustCompile(`!\[[^\]]*\]\(https?:|<img[^>]*https?:`)

// nbconvert closes what is open at the end of a block of HTML, which a blank line is.
var details, blankLine = regexp.MustCompile(`(?s)<details>.*?</details>`), regexp.MustCompile(`\n\s*\n`)

type notebook struct {
	Cells []struct {
		CellType       string          `json:"cell_type"`
		Source         json.RawMessage `json:"source"`
		Outputs        []any           `json:"outputs"`
		ExecutionCount *int            `json:"execution_count"`
	} `json:"cells"`
	Metadata struct {
		Kernelspec struct {
			Name string `json:"name"`
		} `json:"kernelspec"`
	} `json:"metadata"`
	Format int `json:"nbformat"`
}

func TestNotebooksAreClearedShortAndOfThisKernel(t *testing.T) {
	count := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != "." {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".ipynb" {
			return nil
		}
		count++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, problem := range problems(text) {
			t.Errorf("%s: %s", path, problem)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if count == 0 {
		t.Error("there are no notebooks here")
	}
}

// problems lists what must not be committed. Cells are counted as Jupyter does, code cells only, from 1.
func problems(text []byte) []string {
	var n notebook
	if err := json.Unmarshal(text, &n); err != nil {
		return []string{"not a notebook: " + err.Error()}
	}
	var found []string
	if n.Format != 4 {
		found = append(found, fmt.Sprintf("notebook format %d; Jupyter's is 4", n.Format))
	}
	if name := n.Metadata.Kernelspec.Name; name != "gonb-defects" {
		found = append(found, fmt.Sprintf("kernel %q; scripts/lab offers gonb-defects", name))
	}
	number := 0
	for _, c := range n.Cells {
		if c.CellType != "code" {
			if remoteImage.Match(c.Source) {
				found = append(found, fmt.Sprintf("a picture from the network after cell %d; reports must open without", number))
			}
			if text, err := sourceText(c.Source); err != nil {
				found = append(found, fmt.Sprintf("after cell %d: %v", number, err))
			} else if slices.ContainsFunc(details.FindAllString(text, -1), func(s string) bool { return blankLine.MatchString(s) }) {
				found = append(found, fmt.Sprintf("a hint with a blank line after cell %d: a report shows it unfolded; write it as one block of HTML", number))
			}
			continue
		}
		number++
		if len(c.Outputs) > 0 || c.ExecutionCount != nil {
			found = append(found, fmt.Sprintf("cell %d has outputs or a count; clear all outputs before committing", number))
		}
		lines, err := sourceLines(c.Source)
		if err != nil {
			found = append(found, fmt.Sprintf("cell %d: %v", number, err))
		}
		if lines > longestCell {
			found = append(found, fmt.Sprintf("cell %d has %d lines; split it, or move code to lib (at most %d)", number, lines, longestCell))
		}
	}
	return found
}

func sourceLines(raw json.RawMessage) (int, error) {
	text, err := sourceText(raw)
	return strings.Count(strings.TrimRight(text, "\n"), "\n") + 1, err
}

// sourceText is a cell's source, which is a string or a list of them.
func sourceText(raw json.RawMessage) (string, error) {
	var parts []string
	var whole string
	if json.Unmarshal(raw, &parts) != nil {
		if err := json.Unmarshal(raw, &whole); err != nil {
			return "", fmt.Errorf("its source is no text: %w", err)
		}
	}
	return strings.Join(parts, "") + whole, nil
}

// A run that is missing is trained by the comparison of all models: as the notebook trains it that it belongs to.
func TestTheComparisonBuildsTheSmallViTOfNotebook4(t *testing.T) {
	sources := map[string][]string{} // of the code cells
	for _, path := range []string{"4-vision-transformer.ipynb", "solutions/1-compare.ipynb"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var n notebook
		if err := json.Unmarshal(text, &n); err != nil {
			t.Fatal(err)
		}
		for _, c := range n.Cells {
			if c.CellType == "code" {
				sources[path] = append(sources[path], string(c.Source))
			}
		}
	}
	for _, function := range []string{"block", "embed", "smallViT", "fit"} {
		from := slices.IndexFunc(sources["4-vision-transformer.ipynb"], func(s string) bool { return strings.Contains(s, "func "+function+"(") })
		if from < 0 {
			t.Errorf("notebook 4 has no function %s", function)
		} else if !slices.Contains(sources["solutions/1-compare.ipynb"], sources["4-vision-transformer.ipynb"][from]) {
			t.Errorf("the cell with %s in solutions/1-compare.ipynb is not that of notebook 4: copy it", function)
		}
	}
}

func TestProblemsOfNotebooksAreFound(t *testing.T) {
	long := strings.Repeat(`"x\n",`, longestCell) + `"y"`
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"good": {`{"nbformat":4,"metadata":{"kernelspec":{"name":"gonb-defects"}},"cells":[
			{"cell_type":"markdown","source":[` + long + `]},
			{"cell_type":"code","source":"x","outputs":[],"execution_count":null}]}`, 0},
		"outputs": {`{"nbformat":4,"metadata":{"kernelspec":{"name":"gonb-defects"}},"cells":[
			{"cell_type":"code","source":["x"],"outputs":[{"output_type":"stream"}],"execution_count":null},
			{"cell_type":"code","source":["x"],"outputs":[],"execution_count":3}]}`, 2},
		"long": {`{"nbformat":4,"metadata":{"kernelspec":{"name":"gonb-defects"}},"cells":[
			{"cell_type":"code","source":[` + long + `],"outputs":[],"execution_count":null}]}`, 1},
		"kernel and format": {`{"nbformat":3,"metadata":{"kernelspec":{"name":"gonb"}},"cells":[]}`, 2},
		"picture": {`{"nbformat":4,"metadata":{"kernelspec":{"name":"gonb-defects"}},"cells":[
			{"cell_type":"markdown","source":["[a link](https://a.b) ","![of](figures/a.png)"]},
			{"cell_type":"markdown","source":["![of](https://a.b/c.png)"]}]}`, 1},
		"hint": {`{"nbformat":4,"metadata":{"kernelspec":{"name":"gonb-defects"}},"cells":[
			{"cell_type":"markdown","source":["\n","\n","<details><summary>s</summary>\n","t\n","</details>\n","\n"]},
			{"cell_type":"markdown","source":["<details><summary>s</summary>\n","\n","t\n","</details>"]}]}`, 1},
		"no notebook": {`{"cells":`, 1},
	} {
		if got := problems([]byte(c.text)); len(got) != c.want {
			t.Errorf("%s: %d problems, want %d: %q", name, len(got), c.want, got)
		}
	}
}
