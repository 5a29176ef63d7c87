package figure

import (
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

// epochTicks are whole numbers from 1 to last. The first epoch always has its tick.
func epochTicks(last int) []plot.Tick {
	if last == 1 {
		return []plot.Tick{{Value: 1, Label: "1"}}
	}
	const most = 11
	all := ticks(1, float64(last), most, true)
	if all[0].Value != 1 {
		all = append([]plot.Tick{{Value: 1, Label: "1"}}, all...)
	}
	return all
}
