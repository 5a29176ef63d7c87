package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The cells that are timed. The first draws the curves of a training; the second, run in the same kernel, draws them
// again in a cell that also holds the library: for us a new program that opens the device, for Keras two lines in a
// process that has imported it. NUMBER makes each cell another one, so that no build is taken from a cache.
const (
	ourFigure = `%%
history := &result.History{Loss: []float64{0.9, 0.4, 0.3, 0.2, 0.NUMBER}, ValLoss: []float64{0.5, 0.3, 0.2, 0.1, 0.1},
	Accuracy: []float64{0.6, 0.8, 0.9, 0.9, 0.9}, ValAccuracy: []float64{0.8, 0.9, 0.9, 0.9, 0.9}}
notebook.Show(figure.Curves(history, figure.CurvesOptions{}))
`
	ourLibrary = ourFigure + `var fit = (*classifier.Model).Fit
fmt.Println(must.M1(device.Open()), fit != nil)
`
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
)

// warmCells is how many warm cells are run in each kernel.
const warmCells = 3

// notebook measures Jupyter kernels: GoNB with our library beside IPython with Keras and Matplotlib.
func (b *bench) notebook() error {
	if !b.hasNotebook() {
		return nil
	}
	kernels := []struct {
		side                  side
		venv, name            string
		firstCell, laterCells string
	}{
		{oursSide, filepath.Join(b.root, ".venv"), "gonb-defects", ourFigure, ourLibrary},
		{kerasSide, b.venv(), "python3", kerasFigure, kerasFigure},
	}
	if _, err := os.Stat(filepath.Join(kernels[0].venv, "share", "jupyter", "kernels", kernels[0].name, "bin", "gonb")); err != nil {
		b.note("Notebook cells were not measured: run scripts/lesson once, which makes the kernel.")
		return nil
	}
	b.part = "notebook"
	figure := b.row(row{measure: "kernel start to first figure", unit: "s", lower: true})
	warm := b.row(row{measure: "a warm cell that uses the library", unit: "s", lower: true, limit: 2.5})
	number := 0
	for i := range b.size.kernels {
		for _, k := range kernels {
			b.step("notebook kernel %s, round %d of %d", k.name, i+1, b.size.kernels)
			var cells []string
			for j := range 1 + warmCells {
				source := k.laterCells
				if j == 0 {
					source = k.firstCell
				}
				number++
				cells = append(cells, strings.ReplaceAll(source, "NUMBER", fmt.Sprint(100+number)))
			}
			text, err := json.Marshal(cells)
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
			var times struct {
				FirstFigure float64   `json:"first_figure"`
				Warm        []float64 `json:"warm"`
			}
			if err := json.Unmarshal(f.stdout, &times); err != nil {
				return fmt.Errorf("kernel %s: %w", k.name, err)
			}
			figure.add(k.side, times.FirstFigure)
			for _, seconds := range times.Warm {
				warm.add(k.side, seconds)
			}
		}
	}
	return nil
}
