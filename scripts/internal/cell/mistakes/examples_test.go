package mistakes

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// example is a mistake: cells, and what a student sees below the last.
type example struct {
	name   string
	cells  []string
	want   string
	kernel bool // it takes the kernel to make it
}

// examples are those of testdata/mistakes.txt, as one notebook: [#] there is the number of an example's last cell, [#-1]
// that of the one before.
func examples(t *testing.T) (list []example) {
	t.Helper()
	text, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for _, part := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		source, want, _ := strings.Cut(rest+"\n", "\n==>\n")
		e := example{name: name, cells: strings.Split(source, "\n---\n"), kernel: strings.HasSuffix(name, " (kernel)")}
		number += len(e.cells)
		e.want = regexp.MustCompile(`\[#(-\d)?\]`).ReplaceAllStringFunc(strings.TrimSpace(want), func(s string) string {
			back, _ := strconv.Atoi(strings.Trim(s, "[#]"))
			return fmt.Sprintf("[%d]", number+back)
		})
		list = append(list, e)
	}
	return list
}

// compare reports what differs in a line each.
func compare(t *testing.T, name, got, want string) {
	t.Helper()
	if got = strings.TrimSpace(got); got != want {
		t.Errorf("%s: a student sees\n%s\n\nand not\n%s\n", name, indent(got), indent(want))
	}
}

func indent(text string) string { return "    | " + strings.ReplaceAll(text, "\n", "\n    | ") }

const folded = "[Go's stack, folded]"
