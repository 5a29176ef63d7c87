package keras

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/transfer-learning-go/defects/lib/layer"
)

// ofLayer is how a problem of one layer begins.
var ofLayer = regexp.MustCompile(`^layer (.+?) \((\w+)\): (.*)$`)

// digest makes one line of what several layers of a class have in common, and says once which classes are known.
func digest(problems []string) []string {
	const most = 20 // lines
	var lines []string
	layers, at := map[string][]string{}, map[string]int{}
	unknown := false
	for _, problem := range unique(problems) {
		parts := ofLayer.FindStringSubmatch(problem)
		if parts == nil {
			lines = append(lines, problem)
			continue
		}
		what := fmt.Sprintf("(%s): %s", parts[2], parts[3])
		unknown = unknown || parts[3] == unknownClass
		if _, ok := at[what]; !ok {
			at[what] = len(lines)
			lines = append(lines, "")
		}
		layers[what] = append(layers[what], parts[1])
		lines[at[what]] = some(layers[what]) + " " + what
	}
	if n := len(lines) - most; n > 1 {
		lines = append(lines[:most], fmt.Sprintf("… and %d problems more", n))
	}
	if unknown {
		known := slices.Sorted(slices.Values(append(layer.Classes(), "Functional", "Sequential")))
		lines = append(lines, "known classes are "+strings.Join(known, ", "))
	}
	return lines
}

// some names one layer, or the first of several.
func some(layers []string) string {
	const most = 3
	n := len(layers)
	switch {
	case n == 1:
		return "layer " + layers[0]
	case n <= most+1:
		return "layers " + strings.Join(layers, ", ")
	}
	return fmt.Sprintf("layers %s and %d more", strings.Join(layers[:most], ", "), n-most)
}
