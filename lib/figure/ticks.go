package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// tolerance is for steps such as 0.1, which are not exact in binary.
const tolerance = 1e-9

// tickStep is the smallest power of ten times 1, 2 or 5 that leaves at most most multiples in [low, high].
// whole keeps it an integer.
func tickStep(low, high float64, most int, whole bool) float64 {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/float64(most))))
	if whole {
		step = max(1, step)
	}
	for i := 0; math.Floor(high/step+tolerance)-math.Ceil(low/step-tolerance) >= float64(most); i++ {
		step *= [3]float64{2, 2.5, 2}[i%3]
	}
	return step
}

// multiples are the ticks at the multiples of step in [low, high].
func multiples(low, high, step float64) []plot.Tick {
	digits := max(0, int(-math.Floor(math.Log10(step)+tolerance)))
	var all []plot.Tick
	for k := math.Ceil(low/step - tolerance); k <= math.Floor(high/step+tolerance); k++ {
		label := strconv.FormatFloat(k*step+0, 'f', digits, 64) // + 0 turns -0 into 0
		v, _ := strconv.ParseFloat(label, 64)                   // without the rounding error of k·step
		all = append(all, plot.Tick{Value: v, Label: label})
	}
	return all
}

// ticks are round numbers in [low, high], at most most of them. whole keeps them integers.
func ticks(low, high float64, most int, whole bool) []plot.Tick {
	if !(high > low) {
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	return multiples(low, high, tickStep(low, high, most, whole))
}

// roundedAxis widens a range until it ends on ticks, and gives the ticks, at most most + 2.
func roundedAxis(r [2]float64, most int) ([2]float64, []plot.Tick) {
	step := tickStep(r[0], r[1], most, false)
	low, high := math.Floor(r[0]/step+tolerance)*step, math.Ceil(r[1]/step-tolerance)*step
	marks := multiples(low, high, step)
	return [2]float64{marks[0].Value, marks[len(marks)-1].Value}, marks
}

// epochTicks are whole numbers from 1 to last, about most of them. The first epoch always has its tick.
func epochTicks(last, most int) []plot.Tick {
	if last == 1 {
		return []plot.Tick{{Value: 1, Label: "1"}}
	}
	all := ticks(1, float64(last), most, true)
	if all[0].Value != 1 {
		all = append([]plot.Tick{{Value: 1, Label: "1"}}, all...)
	}
	return all
}

// roundedLogAxis is a logarithmic axis from a round number below low to one above high, with ticks at 1, 2 and 5 times the
// powers of ten, or at the powers alone where those are many.
func roundedLogAxis(low, high float64) ([2]float64, []plot.Tick) {
	const room = 1.05 // between the outermost points and the ends
	var all []plot.Tick
	decade := math.Floor(math.Log10(low / room))
	last := math.Ceil(math.Log10(high * room))
	for ; decade <= last; decade++ {
		for _, factor := range []float64{1, 2, 5} {
			if factor == 1 || last-math.Log10(low) <= 5 {
				// Parsed, since 10^k times a factor is not exact below 1.
				v, _ := strconv.ParseFloat(fmt.Sprintf("%ge%g", factor, decade), 64)
				all = append(all, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
			}
		}
	}
	for len(all) > 2 && all[1].Value*room <= low {
		all = all[1:]
	}
	for len(all) > 2 && all[len(all)-2].Value >= high*room {
		all = all[:len(all)-1]
	}
	return [2]float64{all[0].Value, all[len(all)-1].Value}, all
}
