package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// side is a column of the table.
type side int

const (
	oursSide side = iota
	kerasSide
	functionSide
	onnxSide
	sides
)

var peerNames = [sides]string{kerasSide: "predict", functionSide: "tf.function", onnxSide: "onnx"}

// ourONNX is ONNX Runtime on the file that we write, in place of that of Keras's own export.
const ourONNX = "our onnx"

// row is a measure with the samples of each side that has it.
type row struct {
	measure, unit string
	part          string  // of parts
	lower         bool    // whether less is better
	target        float64 // the least ratio that we want; 0 is none
	limit         float64 // the most that we want of ours, in place of a ratio; 0 is none
	noRatio       bool    // a value to compare, not to be better in
	work          work    // of ours: all of it or, of a speed, that of one image
	samples       [sides][]float64
}

// measured reports whether any side has a sample.
func (r *row) measured() bool {
	return slices.ContainsFunc(r.samples[:], func(s []float64) bool { return len(s) > 0 })
}

func (r *row) add(s side, value float64) { r.samples[s] = append(r.samples[s], value) }

// faster is the median of the better of Keras's two; 0 without either.
func (r *row) faster() (peer float64) {
	for _, s := range []side{kerasSide, functionSide} {
		m := median(r.samples[s])
		if len(r.samples[s]) > 0 && (peer == 0 || r.lower == (m < peer)) {
			peer = m
		}
	}
	return peer
}

// ratio says how many times better our median is than that of the better of Keras's two; false without both.
func (r *row) ratio() (float64, bool) {
	ours, peer := median(r.samples[oursSide]), r.faster()
	switch {
	case r.noRatio || ours == 0 || peer == 0:
		return 0, false
	case r.lower:
		return peer / ours, true
	}
	return ours / peer, true
}

// verdict is the target and whether it is reached, "" without a target.
func (r *row) verdict() string {
	ratio, ok := r.ratio()
	switch ours := median(r.samples[oursSide]); {
	case r.limit > 0 && ours > 0:
		return judge(fmt.Sprintf("≤ %g %s", r.limit, r.unit), ours <= r.limit)
	case r.target > 0 && ok:
		return judge(fmt.Sprintf("≥ %g×", r.target), ratio >= r.target)
	}
	return ""
}

func judge(target string, reached bool) string {
	if reached {
		return target + " ✓"
	}
	return target + " ✗"
}

// writeTable writes rows as a Markdown table.
func writeTable(w io.Writer, rows []*row, l limits) {
	fmt.Fprintln(w, "| measure | unit | ours | Keras | tf.function | ONNX Runtime | ratio to the faster of Keras's two | target | arithmetic | memory |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|---|--:|--:|")
	for _, r := range rows {
		cells := []string{r.measure, r.unit}
		for _, samples := range r.samples {
			cells = append(cells, cell(samples))
		}
		ratio := "–"
		if v, ok := r.ratio(); ok {
			ratio = "**" + figures(v) + "×**"
		}
		arithmetic, memory := l.shares(r)
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", strings.Join(cells, " | "), ratio, r.verdict(), arithmetic, memory)
	}
}

// cell is the median, with the least and the greatest sample if there are several.
func cell(samples []float64) string {
	switch len(samples) {
	case 0:
		return "–"
	case 1:
		return figures(samples[0])
	}
	return fmt.Sprintf("%s (%s–%s)", figures(median(samples)), figures(slices.Min(samples)), figures(slices.Max(samples)))
}

// median of the samples, 0 of none.
func median(samples []float64) float64 {
	n := len(samples)
	if n == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(samples))
	return (s[(n-1)/2] + s[n/2]) / 2
}

// figures writes a number with about three figures, without an exponent.
func figures(v float64) string {
	switch {
	case v >= 99.95:
		return fmt.Sprintf("%.0f", v)
	case v >= 9.995:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
