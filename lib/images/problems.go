package images

import (
	"fmt"
	"slices"
	"strings"
)

// BadDataError lists everything that is wrong with a data set, so that it can be put right in one go.
type BadDataError struct {
	Source   string
	Problems []Problem // sorted by path
}

// Problem is one thing that is wrong.
type Problem struct {
	Path string // inside the source; "" for the source as a whole
	What string // what is wrong and what to do
}

// maxShown bounds the length of the message, not of Problems.
const maxShown = 20

func (e *BadDataError) Error() string {
	var b strings.Builder
	plural := "s"
	if len(e.Problems) == 1 {
		plural = ""
	}
	fmt.Fprintf(&b, "%s: %d problem%s with the images:", e.Source, len(e.Problems), plural)
	for i, p := range e.Problems {
		if i == maxShown {
			fmt.Fprintf(&b, "\n  and %d more", len(e.Problems)-maxShown)
			break
		}
		b.WriteString("\n  ")
		if p.Path != "" {
			b.WriteString(p.Path + ": ")
		}
		b.WriteString(p.What)
	}
	fmt.Fprintf(&b, "\nexpected: %s", expectedLayout)
	return b.String()
}

const expectedLayout = "{train,validation}/<class>/*.{jpg,png,bmp}, or {train,validation}/images/<class>/*, or <class>/* alone, " +
	"in a folder or a zip; each class in every split; test beside validation if you have it (see datasets/README.md)"

// problems collects what is wrong; its zero value is empty.
type problems []Problem

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{Path: path, What: fmt.Sprintf(format, args...)})
}

// err is nil if there are no problems.
func (p problems) err(source string) error {
	if len(p) == 0 {
		return nil
	}
	slices.SortStableFunc(p, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return &BadDataError{Source: source, Problems: p}
}
