package notebook

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/transfer-learning-go/defects/lib/notice"
)

// Table displays rows under a header. Columns that hold only numbers (also with %, ×, or a unit after a
// space) are right-aligned. A row may be shorter than the header; the missing cells are empty. In a cell, what all rows
// say in a column "notice" stands below the table once.
func Table(header []string, rows [][]string) {
	if out.jupyter {
		out.html(tableHTML(header, rows))
		return
	}
	fmt.Fprint(out.text, tableText(header, rows))
}

// Growing displays a table whose rows come one by one, such as one for each model that has been trained. What it returns
// adds a row, in the way of fmt.Sprint. In a cell the table grows in place; outside Jupyter each row is printed at once.
func Growing(header ...string) (add func(cells ...any)) {
	id := "table_" + gonbui.UniqueId()
	var rows [][]string
	return func(cells ...any) {
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = fmt.Sprint(c)
		}
		rows = append(rows, row)
		if out.jupyter {
			out.updateHTML(id, tableHTML(header, rows))
			return
		}
		widths, right := columnWidths(append([][]string{header}, rows...)), numericColumns(len(header), rows)
		if len(rows) == 1 {
			fmt.Fprint(out.text, lineText(header, widths, right))
		}
		fmt.Fprint(out.text, lineText(row, widths, right))
	}
}

func tableHTML(header []string, rows [][]string) string {
	header, rows, below := withoutCommonNotices(header, rows)
	right := numericColumns(len(header), rows)
	var b strings.Builder
	row := func(tag, attributes string, cells []string) {
		b.WriteString("<tr>")
		for i := range header {
			align := "left"
			if right[i] {
				align = "right"
			}
			fmt.Fprintf(&b, `<%s%s style="text-align:%s">%s</%s>`, tag, attributes, align, html.EscapeString(cell(cells, i)), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>\n")
	row("th", ` scope="col"`, header)
	b.WriteString("</thead>\n<tbody>\n")
	for _, cells := range rows {
		row("td", "", cells)
	}
	b.WriteString("</tbody>\n</table>")
	if below != "" {
		b.WriteString("\n" + noticeHTML(below))
	}
	return b.String()
}

// withoutCommonNotices takes what all rows say out of the last column, if that is "notice", and the column with it if nothing
// is left there: a column of the same long sentences is narrow and high.
func withoutCommonNotices(header []string, rows [][]string) (shorter []string, rest [][]string, common string) {
	last := len(header) - 1
	if last < 0 || header[last] != "notice" || len(rows) == 0 {
		return header, rows, ""
	}
	common = cell(rows[0], last)
	for _, r := range rows[1:] {
		common = notice.Only(common, func(part string) bool { return notice.Has(cell(r, last), part) })
	}
	left := false
	for _, r := range rows {
		own := notice.Only(cell(r, last), func(part string) bool { return !notice.Has(common, part) })
		left = left || own != ""
		r = slices.Clone(r)
		if last < len(r) {
			r[last] = own
		}
		rest = append(rest, r)
	}
	if left {
		return header, rest, common
	}
	return header[:last], rest, common
}

func tableText(header []string, rows [][]string) string {
	lines := append([][]string{header}, rows...)
	widths, right := columnWidths(lines), numericColumns(len(header), rows)
	var b strings.Builder
	for _, cells := range lines {
		b.WriteString(lineText(cells, widths, right))
	}
	return b.String()
}

// columnWidths are in characters, with a column per cell of the first line.
func columnWidths(lines [][]string) []int {
	widths := make([]int, len(lines[0]))
	for _, cells := range lines {
		for i := range widths {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell(cells, i)))
		}
	}
	return widths
}

func lineText(cells []string, widths []int, right []bool) string {
	var line strings.Builder
	for i, width := range widths {
		text := cell(cells, i)
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(text))
		if right[i] {
			text = pad + text
		} else {
			text += pad
		}
		line.WriteString(text + "  ")
	}
	return strings.TrimRight(line.String(), " ") + "\n"
}

// numericColumns reports for each column whether every filled cell starts as a number does.
func numericColumns(columns int, rows [][]string) []bool {
	numeric := make([]bool, columns)
	for i := range numeric {
		for _, cells := range rows {
			text := strings.TrimLeft(cell(cells, i), "+-−± ")
			if text == "" {
				continue
			}
			if numeric[i] = text[0] >= '0' && text[0] <= '9'; !numeric[i] {
				break
			}
		}
	}
	return numeric
}

func cell(cells []string, i int) string {
	if i < len(cells) {
		return cells[i]
	}
	return ""
}
