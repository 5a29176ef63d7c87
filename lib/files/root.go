package files

import (
	"bytes"
	"os"
	"path/filepath"
)

// ModuleRoot is the folder of this module's sources if the working folder lies inside it, else "". Data and runs of
// the lesson are kept there, beside its notebooks.
func ModuleRoot() string {
	folder, err := os.Getwd()
	if err != nil {
		return ""
	}
	for {
		mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err == nil && bytes.Contains(mod, []byte("module github.com/transfer-learning-go/defects\n")) {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return ""
		}
		folder = parent
	}
}
