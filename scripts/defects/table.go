package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/transfer-learning-go/defects/lib/metrics"
	"github.com/transfer-learning-go/defects/lib/notice"
)

// sweepTable is what a sweep has found, a row for all seeds and folds of the same settings.
type sweepTable struct {
	Notice     string     `json:"notice,omitempty"`
	Rows       []sweepRow `json:"rows"`
	Unfinished []string   `json:"unfinished,omitempty"`
	csv        bool
}

type sweepRow struct {
	Network  string            `json:"network"`
	Settings map[string]string `json:"settings,omitempty"`
	Folds    int               `json:"folds,omitempty"`
	Runs     int               `json:"runs"`
	Diverged int               `json:"diverged,omitempty"` // of the runs: they count nowhere else
	Accuracy *float64          `json:"val_accuracy"`       // mean; null if all have diverged
	// Interval is that of the mean, 95 %: metrics.Mean of seeds, metrics.MeanOfFolds of folds. It is null where folds are
	// missing.
	Interval *metrics.Interval `json:"interval"`
	Loss     *float64          `json:"val_loss"` // mean
	Least    float64           `json:"least"`    // accuracy of the worst run
	Most     float64           `json:"most"`
	Notice   string            `json:"notice,omitempty"`
}

func table(c *call) (fmt.Stringer, error) {
	asCSV := c.flags.Bool("csv", false, "print the table with commas, for spreadsheets")
	words, err := c.parse(1, 1, "DIR is")
	if err != nil {
		return nil, err
	}
	if *asCSV && c.json {
		return nil, wrongUse("--csv and --json: choose one of them")
	}
	all, unfinished, err := outcomes(words[0])
	if err != nil {
		return nil, err
	}
	t := sweepTable{Unfinished: unfinished, csv: *asCSV}
	groups := map[string][]outcome{}
	data := map[string]bool{}
	for _, o := range all {
		key := fmt.Sprint(o.Network, o.Folds, o.Settings) // maps are printed in the order of their keys
		groups[key] = append(groups[key], o)
		data[o.Data] = true
		t.Notice = notice.Join(t.Notice, o.Notice)
	}
	if len(data) > 1 {
		t.Notice = notice.Join(t.Notice, fmt.Sprintf("the trainings are of %d different sets of images", len(data)))
	}
	for _, group := range groups {
		row, err := newSweepRow(group)
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, row)
	}
	slices.SortFunc(t.Rows, t.compare)
	for _, row := range t.Rows {
		t.Notice = notice.Join(t.Notice, row.Notice)
	}
	return t, nil
}

func newSweepRow(group []outcome) (sweepRow, error) {
	row := sweepRow{Network: group[0].Network, Settings: group[0].Settings, Folds: group[0].Folds, Runs: len(group)}
	slices.SortFunc(group, func(a, b outcome) int { return cmp.Or(byValue(a.Seed, b.Seed), cmp.Compare(a.Fold, b.Fold)) })
	var accuracies []float64
	folds := map[string]int{} // of each seed
	loss := 0.0
	weights := map[string]bool{}
	for _, o := range group {
		weights[cmp.Or(o.Weights, "not recorded")] = true
		if o.Diverged {
			row.Diverged++
			continue
		}
		accuracies = append(accuracies, float64(o.Correct)/float64(o.Images))
		loss += o.Loss
		folds[o.Seed]++
	}
	if len(weights) > 1 {
		row.Notice = fmt.Sprintf("trainings of %s begin with %d different weights: %s", row.Network, len(weights),
			strings.Join(slices.Sorted(maps.Keys(weights)), " / "))
	}
	n := len(accuracies)
	if n == 0 {
		return row, nil
	}
	loss /= float64(n)
	row.Loss, row.Least, row.Most = &loss, slices.Min(accuracies), slices.Max(accuracies)
	mean, interval, err := metrics.Mean(accuracies)
	row.Accuracy = &mean
	if err != nil || row.Folds == 0 {
		row.Interval = &interval
		return row, err
	}
	for _, there := range folds {
		if there < row.Folds {
			return row, nil
		}
	}
	_, interval, err = metrics.MeanOfFolds(accuracies, row.Folds)
	row.Interval = &interval
	return row, err
}

// byValue compares numbers as such.
func byValue(a, b string) int {
	x, err1 := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	if err1 == nil && err2 == nil && x != y {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(a, b)
}

// keys are the settings that rows have, in one order.
func (t sweepTable) keys() []string {
	seen := map[string]bool{}
	for _, row := range t.Rows {
		for key := range row.Settings {
			seen[key] = true
		}
	}
	return slices.DeleteFunc(planKeys(), func(key string) bool { return !seen[key] })
}

func (t sweepTable) compare(a, b sweepRow) int {
	if c := cmp.Or(cmp.Compare(a.Network, b.Network), cmp.Compare(a.Folds, b.Folds)); c != 0 {
		return c
	}
	for _, key := range t.keys() {
		if c := byValue(a.Settings[key], b.Settings[key]); c != 0 {
			return c
		}
	}
	return 0
}

// String is the table for people, or for a spreadsheet.
func (t sweepTable) String() string {
	keys := t.keys()
	header := append([]string{"network"}, keys...)
	lines := [][]string{append(header, "folds", "runs", "diverged", "val_accuracy", "95 % interval", "least", "most", "val_loss")}
	if t.csv {
		lines[0] = append(header, "folds", "runs", "diverged", "val_accuracy", "low", "high", "least", "most", "val_loss", "notice")
	}
	for _, row := range t.Rows {
		line := []string{row.Network}
		for _, key := range keys {
			line = append(line, row.Settings[key])
		}
		line = append(line, row.cells(t.csv)...)
		if t.csv {
			line = append(line, t.Notice)
		}
		lines = append(lines, line)
	}
	var b strings.Builder
	if t.csv {
		w := csv.NewWriter(&b)
		w.WriteAll(lines)
		return b.String()
	}
	b.WriteString(noticeLine(t.Notice))
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		text := ""
		for i, cell := range line {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i <= len(keys) { // words
				text += cell + space + "  "
			} else {
				text += space + cell + "  "
			}
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	if len(t.Unfinished) > 0 {
		fmt.Fprintf(&b, "not finished: %s\n", strings.Join(t.Unfinished, ", "))
	}
	return b.String()
}

// cells are the figures of a row.
func (r sweepRow) cells(csv bool) []string {
	number := func(v float64) string {
		if csv {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return fmt.Sprintf("%.4f", v)
	}
	folds, none := "", []string{""}
	if r.Folds > 0 {
		folds = strconv.Itoa(r.Folds)
	}
	if csv {
		none = []string{"", ""}
	}
	cells := []string{folds, strconv.Itoa(r.Runs), strconv.Itoa(r.Diverged)}
	if r.Accuracy == nil {
		return append(append(append(cells, ""), none...), "", "", "")
	}
	cells = append(cells, number(*r.Accuracy))
	switch {
	case r.Interval == nil:
		cells = append(cells, none...)
	case csv:
		cells = append(cells, number(r.Interval.Low), number(r.Interval.High))
	default:
		cells = append(cells, r.Interval.String())
	}
	return append(cells, number(r.Least), number(r.Most), number(*r.Loss))
}
