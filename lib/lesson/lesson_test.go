package lesson

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transfer-learning-go/defects/lib/classifier"
	"github.com/transfer-learning-go/defects/lib/figure"
	"github.com/transfer-learning-go/defects/lib/surfaces"
)

func TestQuickReadsTheEnvironment(t *testing.T) {
	for value, want := range map[string]string{
		"": "10 vit vit_model.h5", "0": "10 vit vit_model.h5",
		"1": "2 vit-quick vit_model-quick.h5", "yes": "2 vit-quick vit_model-quick.h5",
	} {
		t.Setenv("LESSON_QUICK", value)
		if got := fmt.Sprint(Quick(2, 10), " ", Run("vit"), " ", filepath.Base(File("vit_model.h5"))); got != want {
			t.Errorf("LESSON_QUICK=%q: %s, want %s", value, got, want)
		}
	}
}

func TestFilesLieBesideRuns(t *testing.T) {
	t.Setenv("LESSON_QUICK", "")
	here := File("model.h5")
	if want := filepath.Join(filepath.Dir(classifier.RunDir("any")), "model.h5"); here != want || !filepath.IsAbs(here) {
		t.Errorf("a file is %s, want %s", here, want)
	}
	for _, folder := range []string{"../../notebooks", ".."} {
		t.Chdir(folder)
		if got := File("model.h5"); got != here {
			t.Errorf("in %s a file is %s, want %s", folder, got, here)
		}
	}
	t.Chdir(t.TempDir())
	if got := File("model.h5"); got != filepath.Join("runs", "model.h5") {
		t.Errorf("outside the module a file is %s", got)
	}
}

// Nothing in a cell has to hand the notice on.
func TestFiguresOfDrawnImagesSaySo(t *testing.T) {
	folder := t.TempDir()
	if err := surfaces.Write(folder, 1, 9, 5); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NEU_DET_DIR", folder)
	for value, want := range map[string][2]int{"": {54, 30}, "1": {48, 24}} {
		t.Setenv("LESSON_QUICK", value)
		if d := Data(); d.Train.Len() != want[0] || d.Validation.Len() != want[1] {
			t.Errorf("LESSON_QUICK=%q: %d and %d images, want %v", value, d.Train.Len(), d.Validation.Len(), want)
		}
	}
	f, err := figure.Bars([]string{"a"}, []figure.BarGroup{figure.Counts("train", []int{1})}, figure.BarsOptions{})
	if err != nil || !strings.Contains(f.Alt, "synthetic images") {
		t.Error(f, err)
	}
}

func TestPickIsSeededAndBounded(t *testing.T) {
	all := Pick(100, 100, nil)
	if slices.IsSorted(all) || len(all) != 100 || !slices.Equal(all, Pick(100, 1000, nil)) {
		t.Errorf("picked %v", all)
	}
	even := func(i int) bool { return i%2 == 0 }
	some := Pick(100, 3, even)
	if len(some) != 3 || slices.ContainsFunc(some, func(i int) bool { return !even(i) }) {
		t.Errorf("picked %v", some)
	}
	if got := Pick(0, 5, nil); len(got) != 0 {
		t.Error(got)
	}
}
