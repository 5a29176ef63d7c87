package figure

import (
	"strings"
	"testing"
)

// A figure of loose numbers cannot know where they come from; the program does.
func TestNoFigureLacksWhatTheProgramWasTold(t *testing.T) {
	defer func(real func() []string) { told = real }(told)
	told = func() []string { return []string{synthetic, "random weights"} }
	for name, draw := range titled {
		for own, want := range map[string]string{
			"":                             "Notice: used by this program: " + synthetic + "; random weights.",
			"random weights":               "Notice: random weights; used by this program: " + synthetic + ".",
			"another":                      "Notice: another; used by this program: " + synthetic + "; random weights.",
			synthetic:                      "Notice: " + synthetic + "; used by this program: random weights.",
			"random weights; " + synthetic: "Notice: random weights; " + synthetic + ".",
		} {
			f, err := draw("", own)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(f.Alt, want) {
				t.Errorf("%s with notice %q: %q, want %q", name, own, f.Alt, want)
			}
		}
	}
}
