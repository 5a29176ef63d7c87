package notice

import (
	"fmt"
	"os"
	"testing"
)

func TestNoticesAreToldOnce(t *testing.T) {
	defer func() { told, show, say = nil, inCell, line }()
	Show(nil)
	Tell("")
	Tell("synthetic")
	var shown []string
	Show(func(text string) { shown = append(shown, text) })
	for _, text := range []string{"synthetic", "", "random; synthetic", "random", "a; b; a"} {
		Tell(text)
	}
	if got := fmt.Sprintf("%q %q", shown, Told()); got != `["synthetic" "random" "a; b"] ["synthetic" "random" "a" "b"]` {
		t.Error(got)
	}
}

func TestJoinKeepsEachNoticeOnce(t *testing.T) {
	for want, parts := range map[string][]string{"": {"", ""}, "a": {"", "a", "a"}, "a; b; c": {"a; b", "b", "c; a"}} {
		if got := Join(parts...); got != want {
			t.Errorf("Join(%q) = %q, want %q", parts, got, want)
		}
	}
}

// A cell that only prints does not import package notebook. The kernel reads stdout and stderr apart: what goes through one
// pipe alone keeps its order.
func TestACellShowsNoticesAboveWhatItPrints(t *testing.T) {
	defer func() { told, said = nil, nil }()
	for _, c := range []struct{ pipe, stdout, stderr string }{
		{"", "base\n", "NOTICE: mended\n"},
		{"/tmp/pipe", "NOTICE: synthetic\nNOTICE: mended\nbase\n", ""},
	} {
		t.Setenv("GONB_PIPE", c.pipe)
		told, said = nil, nil
		stdout, stderr := capture(t, func() {
			Tell("synthetic")
			Say("mended")
			fmt.Println("base")
		})
		if stdout != c.stdout || stderr != c.stderr {
			t.Errorf("GONB_PIPE=%q: stdout has %q, stderr %q", c.pipe, stdout, stderr)
		}
	}
}

// capture gives what is written to stdout and stderr.
func capture(t *testing.T, write func()) (stdout, stderr string) {
	t.Helper()
	var files [2]*os.File
	for i := range files {
		var err error
		if files[i], err = os.CreateTemp(t.TempDir(), ""); err != nil {
			t.Fatal(err)
		}
		defer files[i].Close()
	}
	realOut, realErr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = files[0], files[1]
	write()
	os.Stdout, os.Stderr = realOut, realErr
	var texts [2]string
	for i, f := range files {
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	return texts[0], texts[1]
}

func TestWhatIsSaidStandsUnderNoResult(t *testing.T) {
	defer func() { told, said, show, say = nil, nil, inCell, line }()
	t.Setenv("GONB_PIPE", "")
	_, stderr := capture(t, func() {
		Say("mended")
		Say("mended")
		Say("")
	})
	if stderr != "NOTICE: mended\n" {
		t.Errorf("stderr has %q", stderr)
	}
	var shown []string
	Show(func(text string) { shown = append(shown, text) })
	Say("mended, too")
	if got := fmt.Sprintf("%q %q", shown, Told()); got != `["mended, too"] []` {
		t.Error(got)
	}
}
