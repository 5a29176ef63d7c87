package backbone

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestEmbeddedIsReadOrMissedWithAdvice(t *testing.T) {
	b, err := os.ReadFile("../weights/testdata/keras3_weights.h5")
	if err != nil {
		t.Fatal(err)
	}
	s, err := mobileNetV2.readEmbedded(fstest.MapFS{"embedded/" + mobileNetV2.embeddedFile: {Data: b}})
	if err != nil || len(s.checkpoint.Layers) == 0 || s.name != "embedded" || s.notice == "" {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := mobileNetV2.readEmbedded(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "WEIGHTS_DIR") {
		t.Errorf("without the file: %v", err)
	}
}

// TestEmbeddedFitsItsLimit holds once the file is committed.
func TestEmbeddedFitsItsLimit(t *testing.T) {
	info, err := os.Stat("embedded/" + mobileNetV2.embeddedFile)
	if err != nil {
		t.Skip("needs embedded/" + mobileNetV2.embeddedFile + ", which the project's training makes")
	}
	if info.Size() > 2_500_000 {
		t.Errorf("it has %d bytes, more than 2.5 MB", info.Size())
	}
	if s, err := mobileNetV2.embedded(); err != nil || len(s.checkpoint.Layers) != 154 {
		t.Error("it should hold the 154 layers of MobileNetV2", err)
	}
}
