package layer

import (
	"fmt"
	"strconv"
	"strings"
)

// Summary prints the model as Keras 3 does: one row per layer with its class, output shape, number of parameters
// and, where a list branches, what it reads; then the totals. Sizes are of float32 weights.
func (ls List) Summary(name string) string { return ls.SummaryOf(name, ls) }

// SummaryOf is Summary with other rows, such as one for a whole backbone; the totals are those of ls.
func (ls List) SummaryOf(name string, shown List) string {
	header, rows := shown.table()
	var b strings.Builder
	fmt.Fprintf(&b, "Model: %q\n", name)
	b.WriteString(box(header, rows))
	for _, t := range ls.totals() {
		fmt.Fprintf(&b, " %s: %s (%s)\n", t.what, thousands(t.params), memory(4*t.params))
	}
	return b.String()
}

// SummaryTable is what SummaryOf prints as a header and rows, the totals last, for notebook.Table.
func (ls List) SummaryTable(shown List) (header []string, rows [][]string) {
	header, rows = shown.table()
	for _, t := range ls.totals() {
		rows = append(rows, []string{t.what, memory(4 * t.params), thousands(t.params)})
	}
	return header, rows
}

// table has a row per layer.
func (ls List) table() (header []string, rows [][]string) {
	header = []string{"Layer (type)", "Output Shape", "Param #"}
	branches := ls.branches()
	if branches {
		header = append(header, "Connected to")
	}
	for _, l := range ls {
		shape := []string{"None"}
		for _, d := range l.Shape {
			shape = append(shape, strconv.Itoa(d))
		}
		row := []string{fmt.Sprintf("%s (%s)", l.Name, l.Op.Class()), "(" + strings.Join(shape, ", ") + ")",
			thousands(l.Params())}
		if branches {
			read := "-"
			if len(l.Inputs) > 0 {
				read = strings.Join(l.Inputs, ", ")
			}
			row = append(row, read)
		}
		rows = append(rows, row)
	}
	return header, rows
}

type total struct {
	what   string
	params int
}

func (ls List) totals() []total {
	all, trainable := ls.Params(), ls.TrainableParams()
	return []total{{"Total params", all}, {"Trainable params", trainable}, {"Non-trainable params", all - trainable}}
}

// branches reports whether any layer reads something else than the layer before it.
func (ls List) branches() bool {
	for i, l := range ls {
		if len(l.Inputs) > 1 || len(l.Inputs) == 1 && (i == 0 || l.Inputs[0] != ls[i-1].Name) {
			return true
		}
	}
	return false
}

// box draws a table; the third column is a number and is aligned right.
func box(header []string, rows [][]string) string {
	width := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	rule := func(left, middle, right, line string) string {
		parts := make([]string, len(width))
		for i, w := range width {
			parts[i] = strings.Repeat(line, w+2)
		}
		return left + strings.Join(parts, middle) + right + "\n"
	}
	line := func(row []string, bar string) string {
		parts := make([]string, len(row))
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-len([]rune(cell)))
			if i == 2 {
				parts[i] = " " + space + cell + " "
			} else {
				parts[i] = " " + cell + space + " "
			}
		}
		return bar + strings.Join(parts, bar) + bar + "\n"
	}
	var b strings.Builder
	b.WriteString(rule("┏", "┳", "┓", "━") + line(header, "┃") + rule("┡", "╇", "┩", "━"))
	for i, row := range rows {
		if i > 0 {
			b.WriteString(rule("├", "┼", "┤", "─"))
		}
		b.WriteString(line(row, "│"))
	}
	b.WriteString(rule("└", "┴", "┘", "─"))
	return b.String()
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// memory prints a size as Keras does, in powers of 1024.
func memory(n int) string {
	size, units := float64(n), []string{"B", "KB", "MB", "GB"}
	i := 0
	for size >= 1024 && i < len(units)-1 {
		size /= 1024
		i++
	}
	return fmt.Sprintf("%.2f %s", size, units[i])
}
