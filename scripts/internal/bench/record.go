package main

import (
	"fmt"
	"strings"

	"github.com/transfer-learning-go/defects/lib/device"
	"github.com/transfer-learning-go/defects/lib/record"
)

// records gives what pages show of the run: a table for each part, with the medians of the report.
func (b *bench) records(o options, before usage) (all []record.Record) {
	others, _ := before.others(usageNow())
	for _, part := range parts {
		r := record.Record{Name: "bench-" + part, Origin: record.Told(), Quick: o.quick, Header: []string{"", "ours", "Keras",
			"tf.function", "ONNX Runtime", "Keras, the faster of its two ways", "ratio", "arithmetic", "memory"}}
		for _, row := range b.rows {
			if row.part == part && row.measured() {
				r.Rows = append(r.Rows, row.cells(b.limits))
			}
		}
		if r.Rows == nil {
			continue
		}
		if o.quick {
			r.Name += "-quick"
		}
		var weights []string
		for _, n := range b.networks {
			if n.part() == part || b.only == part {
				weights = append(weights, n.title+": "+b.sources[n.title])
			}
		}
		r.Weights, r.Seeds, r.Backend = strings.Join(weights, "; "), "100", device.Plan().Kind
		r.Load = strings.TrimSuffix(strings.ToLower(others[:1])+others[1:], " meanwhile.")
		r.Command, r.Note = o.command(part), "Medians, the sides by turns. "+strings.Join(b.versions, ". ")+"."
		if len(b.limits.Arithmetic) > 0 {
			r.Note += " " + b.limits.String()
		}
		all = append(all, r)
	}
	return all
}

// cells is the row as a record has it.
func (r *row) cells(l limits) []string {
	cells := []string{r.measure + ", " + r.unit}
	for _, samples := range r.samples {
		text := ""
		switch {
		case r.noRatio && len(samples) > 0:
			text = cell(samples)
		case len(samples) > 0:
			text = figures(median(samples))
		}
		cells = append(cells, text)
	}
	faster, ratio := "", ""
	if m := r.faster(); m > 0 {
		faster = figures(m)
	}
	if v, ok := r.ratio(); ok {
		ratio = figures(v) + "×"
		if v > 1 {
			ratio = "**" + ratio + "**"
		}
	}
	arithmetic, memory := l.shares(r)
	return append(cells, faster, ratio, arithmetic, memory)
}

// command measures a part again; the paths are those of a reader.
func (o options) command(part string) string {
	text := "scripts/bench"
	for _, p := range []struct{ option, value string }{{" --data …", o.data}, {" --weights …", o.weights}} {
		if p.value != "" {
			text += p.option
		}
	}
	return fmt.Sprintf("%s --only %s", text, part)
}
