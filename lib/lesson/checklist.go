package lesson

import (
	"fmt"

	"github.com/transfer-learning-go/defects/lib/notebook"
)

// Check is one thing that an exercise asks for.
type Check struct {
	Asked   string
	Done    bool
	Missing string // what is left to do; shown as long as it is not done
}

// Checklist displays a table of what an exercise asks for: ✓ for what is done, ✗ and what is missing for the rest. An
// exercise that is not finished is no error, so that a notebook of exercises runs to its end.
func Checklist(checks ...Check) {
	done := 0
	var rows [][]string
	for _, c := range checks {
		row := []string{"✗", c.Asked, c.Missing}
		if c.Done {
			row = []string{"✓", c.Asked}
			done++
		}
		rows = append(rows, row)
	}
	notebook.Table([]string{"", fmt.Sprintf("%d of %d done", done, len(checks)), "what is missing"}, rows)
}
