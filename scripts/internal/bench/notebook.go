package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The cells that are timed, in one kernel after another. NUMBER makes each cell another one, so that no build is taken
// from a cache. Each cell of ours is a new program, and since base is declared, all programs hold the library; Keras's
// cells run in a process that has imported it.
const (
	ourFigure = `%%
history := &result.History{Loss: []float64{0.9, 0.4, 0.3, 0.2, 0.NUMBER}, ValLoss: []float64{0.5, 0.3, 0.2, 0.1, 0.1},
	Accuracy: []float64{0.6, 0.8, 0.9, 0.9, 0.9}, ValAccuracy: []float64{0.8, 0.9, 0.9, 0.9, 0.9}}
notebook.Show(figure.Curves(history, figure.CurvesOptions{}))
`
	ourLibrary = ourFigure + `var fit = (*classifier.Model).Fit
fmt.Println(must.M1(device.Open()), fit != nil)
`
	ourDeclaration = `func base() *backbone.Backbone { return must.M1(backbone.MobileNetV2(backbone.Config{Seed: NUMBER})) }`
	ourPrint       = "%%\nfmt.Println(NUMBER)"
	ourBase        = "%%\nfmt.Println(base(), NUMBER)"

	kerasFigure = `import keras
import matplotlib.pyplot as plt
_, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
left.plot([0.9, 0.4, 0.3, 0.2, 0.NUMBER], "ko-", label="training")
left.plot([0.5, 0.3, 0.2, 0.1, 0.1], "ro-", label="validation")
right.plot([0.6, 0.8, 0.9, 0.9, 0.9], "ko-", label="training")
right.plot([0.8, 0.9, 0.9, 0.9, 0.9], "ro-", label="validation")
for axis in left, right:
    axis.legend()
    axis.grid()
plt.show()
`
	kerasDeclaration = `def base():
    keras.utils.set_random_seed(NUMBER)
    return keras.applications.MobileNetV2(weights=None, include_top=False)
`
	kerasPrint = "print(NUMBER)"
	kerasBase  = "print(base(), NUMBER)"
)

// timed is what one kernel runs: for each measure the cells of the two sides, "" to run the cell before again.
var timed = []struct {
	measure     string
	limit       float64 // seconds of ours
	ours, keras string
}{
	{"kernel start to first figure", 1.5, ourFigure, kerasFigure},
	{"a warm cell that declares a function", 0, ourDeclaration, kerasDeclaration},
	{"a warm cell that prints", 0, ourPrint, kerasPrint},
	{"the same cell again, unchanged", 0.2, "", ""},
	{"a warm cell that draws a figure", 0, ourFigure, kerasFigure},
	{"a warm cell that uses the library", 0.8, ourLibrary, kerasFigure},
	{"a warm cell that makes a MobileNetV2", 0, ourBase, kerasBase},
}

// notebook measures Jupyter kernels: GoNB with our library beside IPython with Keras and Matplotlib.
func (b *bench) notebook() error {
	if !b.hasNotebook() {
		return nil
	}
	kernels := []struct {
		side       side
		venv, name string
	}{
		{oursSide, filepath.Join(b.root, ".venv"), "gonb-defects"},
		{kerasSide, b.venv(), "python3"},
	}
	if _, err := os.Stat(filepath.Join(kernels[0].venv, "share", "jupyter", "kernels", kernels[0].name, "bin", "gonb")); err != nil {
		b.note("Notebook cells were not measured: run scripts/lesson once, which makes the kernel.")
		return nil
	}
	b.part = "notebook"
	var rows []*row
	for _, m := range timed {
		rows = append(rows, b.row(row{measure: m.measure, unit: "s", lower: true, limit: m.limit}))
	}
	for i := range b.size.kernels {
		for _, k := range kernels {
			b.step("notebook kernel %s, round %d of %d", k.name, i+1, b.size.kernels)
			text, err := json.Marshal(cellsOf(k.side, i))
			if err != nil {
				return err
			}
			cmd := b.command(filepath.Join(k.venv, "bin", "python"), filepath.Join(b.folder(), "kernel.py"), k.name,
				filepath.Join(b.root, "notebooks"))
			cmd.Stdin = bytes.NewReader(text)
			f, err := program(cmd)
			if err != nil {
				return err
			}
			var seconds []float64
			if err := json.Unmarshal(f.stdout, &seconds); err != nil || len(seconds) != len(rows) {
				return fmt.Errorf("kernel %s: %d of %d cells, %v", k.name, len(seconds), len(rows), err)
			}
			for j, r := range rows {
				r.add(k.side, seconds[j])
			}
		}
	}
	return nil
}

// cellsOf lists one side's cells for one of the rounds.
func cellsOf(s side, round int) []string {
	var cells []string
	for i, m := range timed {
		source := m.ours
		if s == kerasSide {
			source = m.keras
		}
		if source == "" {
			cells = append(cells, cells[i-1])
			continue
		}
		cells = append(cells, strings.ReplaceAll(source, "NUMBER", fmt.Sprint(100+round*len(timed)+i)))
	}
	return cells
}
