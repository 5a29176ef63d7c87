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
	header := []string{"Layer (type)", "Output Shape", "Param #"}
	branches := shown.branches()
	if branches {
		header = append(header, "Connected to")
	}
	rows := [][]string{}
	for _, l := range shown {
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
	total, trainable := ls.Params(), ls.TrainableParams()
	var b strings.Builder
	fmt.Fprintf(&b, "Model: %q\n", name)
	b.WriteString(table(header, rows))
	for _, line := range []struct {
		what string
		n    int
	}{{"Total", total}, {"Trainable", trainable}, {"Non-trainable", total - trainable}} {
		fmt.Fprintf(&b, " %s params: %s (%s)\n", line.what, thousands(line.n), memory(4*line.n))
	}
	return b.String()
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

// table draws a box; the third column is a number and is aligned right.
func table(header []string, rows [][]string) string {
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
