package notice

import (
	"fmt"
	"io"
	"os"
	"testing"
)

func TestNoticesAreToldOnce(t *testing.T) {
	defer func() { told, show, say = nil, onStderr, sayOnStderr }()
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

// A cell that only prints does not import package notebook.
func TestACellShowsNoticesWithoutPackageNotebook(t *testing.T) {
	for pipe, want := range map[string]string{"": "", "/tmp/pipe": "NOTICE: synthetic\n"} {
		t.Setenv("GONB_PIPE", pipe)
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		real := os.Stderr
		os.Stderr = w
		Tell("synthetic")
		os.Stderr, told = real, nil
		w.Close()
		if got, err := io.ReadAll(r); err != nil || string(got) != want {
			t.Errorf("GONB_PIPE=%q: %q, %v", pipe, got, err)
		}
	}
}

func TestWhatIsSaidStandsUnderNoResult(t *testing.T) {
	defer func() { told, said, show, say = nil, nil, onStderr, sayOnStderr }()
	t.Setenv("GONB_PIPE", "")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	real := os.Stderr
	os.Stderr = w
	for range 2 {
		Say("mended")
	}
	Say("")
	os.Stderr = real
	w.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "NOTICE: mended\n" {
		t.Errorf("stderr has %q, %v", got, err)
	}
	var shown []string
	Show(func(text string) { shown = append(shown, text) })
	Say("mended, too")
	if got := fmt.Sprintf("%q %q", shown, Told()); got != `["mended, too"] []` {
		t.Error(got)
	}
}
