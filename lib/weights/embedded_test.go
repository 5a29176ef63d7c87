package weights

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEmbeddedIsReadOrMissedWithAdvice(t *testing.T) {
	b, err := os.ReadFile("testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	c, source, err := readEmbedded(fstest.MapFS{"embedded/" + embeddedFile: {Data: b}})
	if err != nil || len(c.Layers) == 0 || source.Name != "embedded" || source.Notice == "" || source.Alpha != 0.35 {
		t.Errorf("got %+v, %v", source, err)
	}
	if _, _, err := readEmbedded(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "WEIGHTS_DIR") {
		t.Errorf("without the file: %v", err)
	}
}

// TestEmbeddedFitsItsLimit holds once the file is committed.
func TestEmbeddedFitsItsLimit(t *testing.T) {
	info, err := os.Stat("embedded/" + embeddedFile)
	if err != nil {
		t.Skip("needs embedded/" + embeddedFile + ", which the project's training makes")
	}
	if info.Size() > 2_500_000 {
		t.Errorf("it has %d bytes, more than 2.5 MB", info.Size())
	}
	if c, _, err := Embedded(); err != nil || len(c.Layers) != 154 {
		t.Error("it should hold the 154 layers of MobileNetV2", err)
	}
}
