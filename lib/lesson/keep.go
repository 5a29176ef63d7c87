package lesson

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/notebook"
	"github.com/transfer-learning-go/defects/lib/record"
)

// Keep displays a table and keeps it as runs/results/NAME.json, with the day, the machine, the images, the weights, the
// seeds and the notices of all that the cell has opened. `go run ./scripts/results` fills pages from such records. The
// first cell of each row is its name. Tables of quick runs have names of their own, and never reach a page.
func Keep(name string, header []string, rows [][]string) {
	notebook.Table(header, rows)
	write(name, header, rows)
}

// Figure gives a function that displays a figure as notebook.Show does, and keeps it as runs/results/NAME.png:
//
//	lesson.Figure("labels")(figure.Lines(lines, figure.LinesOptions{}))
//
// Pages take it with the table of that name.
func Figure(name string) func(f *figure.Figure, err error) {
	return func(f *figure.Figure, err error) {
		notebook.Show(f, err)
		if err != nil || f == nil { // Show has said so
			return
		}
		if err := f.WritePNG(filepath.Join(folder(), Run(name)+".png")); err != nil {
			notebook.Fail(err)
		}
	}
}

// Growing is Keep for a table whose rows come one by one, as those of notebook.Growing do; it is kept after each.
func Growing(name string, header ...string) (add func(cells ...any)) {
	show := notebook.Growing(header...)
	var rows [][]string
	return func(cells ...any) {
		show(cells...)
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = fmt.Sprint(c)
		}
		rows = append(rows, row)
		write(name, header, rows)
	}
}

// folder is where records are left. Tests put their own in its place.
var folder = record.Dir

func write(name string, header []string, rows [][]string) {
	r := record.Record{Name: Run(name), Origin: origin(), Quick: quick(), Header: header, Rows: rows}
	if err := r.Write(folder()); err != nil {
		notebook.Fail(err)
	}
}

// origin is of what this cell computes. scripts/lesson says in LESSON_COMMAND how it was called.
func origin() record.Origin {
	return record.Told().With(record.Origin{Command: os.Getenv("LESSON_COMMAND")})
}
