package layer

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// cells gives the cells of each row of a summary, and the lines outside the box, without spaces around them.
// Keras numbers the outputs of what a layer is connected to: conv2d[0][0].
func cells(summary string) (rows [][]string) {
	for _, line := range strings.Split(strings.ReplaceAll(summary, "[0][0]", ""), "\n") {
		if strings.ContainsAny(line, "━─") || strings.TrimSpace(line) == "" {
			continue
		}
		row := strings.FieldsFunc(line, func(r rune) bool { return r == '┃' || r == '│' })
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		if last := len(row) - 1; last > 0 && row[0] == "" { // Keras breaks a long cell into lines
			rows[len(rows)-1][last] += " " + row[last]
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// testdata/summary.txt is made by scripts/oracle/goldens/keras_tables.py.
func TestSummaryEqualsKeras(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{33, 33, 3}})
	b.Add("", Rescaling{Scale: 1 / 127.5, Offset: -1})
	b.Add("", Conv2D{Filters: 16, Kernel: 3, Strides: 2, Padding: "same", NoBias: true})
	branch := b.Add("", BatchNormalization{})
	b.Add("", ReLU{MaxValue: 6})
	b.Add("", DepthwiseConv2D{Kernel: 3, Padding: "same", NoBias: true})
	x := b.Add("", BatchNormalization{})
	b.Add("", Add{}, branch, x)
	b.Add("", ZeroPadding2D{Pad: [4]int{0, 1, 0, 1}})
	b.Add("", GlobalAveragePooling2D{})
	b.Add("", Dropout{Rate: 0.3})
	b.Add("", Dense{Units: 256, Activation: "relu"})
	b.Add("", Dropout{Rate: 0.2})
	b.Add("", Dense{Units: 6, Activation: "softmax"})
	if b.Err != nil {
		t.Fatal(b.Err)
	}
	want, err := os.ReadFile("testdata/summary.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, rows := cells(b.List.Summary("small")), cells(string(want))
	if len(got) != len(rows) {
		t.Fatalf("%d rows, Keras prints %d:\n%s", len(got), len(rows), b.List.Summary("small"))
	}
	for i := range rows {
		if !slices.Equal(got[i], rows[i]) {
			t.Errorf("row %d is %q, Keras prints %q", i, got[i], rows[i])
		}
	}
}

// What notebook.Table gets is what is printed, cell by cell.
func TestSummaryTableHasWhatTheSummaryPrints(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{8, 8, 3}})
	first := b.Add("", Conv2D{Filters: 1000, Kernel: 3, Padding: "same", NoBias: true})
	b.Add("", Add{}, first, b.Add("", ReLU{}))
	header, rows := b.List.SummaryTable(b.List)
	printed := cells(b.List.Summary("x"))[1:] // without the name
	if len(printed) != 1+len(rows) {
		t.Fatalf("%d rows, printed are %d", 1+len(rows), len(printed))
	}
	for i, row := range append([][]string{header}, rows...) {
		got := row
		if i > len(b.List) { // a total, which stands outside of the box
			got = []string{fmt.Sprintf("%s: %s (%s)", row[0], row[2], row[1])}
		}
		if !slices.Equal(got, printed[i]) {
			t.Errorf("row %d is %q, printed is %q", i, got, printed[i])
		}
	}
}

func TestSummaryIsABox(t *testing.T) {
	b := &Builder{}
	b.Add("image", Input{Shape: []int{8, 8, 3}})
	b.Add("a_rather_long_name", Conv2D{Filters: 1000, Kernel: 3, NoBias: true})
	width := 0
	for _, line := range strings.Split(b.List.Summary("x"), "\n") {
		if !strings.ContainsAny(line, "┃│━─") {
			continue
		}
		if n := len([]rune(line)); width == 0 {
			width = n
		} else if n != width {
			t.Errorf("a line is %d wide, others %d:\n%s", n, width, b.List.Summary("x"))
			break
		}
	}
}
