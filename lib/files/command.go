package files

import (
	"os"
	"path/filepath"
	"strings"
)

// Defects is how the command line of this module is called here, with these arguments: from a clone, as a program that is
// installed, or else by go.
func Defects(args ...string) string {
	call := "go run github.com/transfer-learning-go/defects/scripts/defects@latest"
	switch name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe"); {
	case ModuleRoot() != "":
		call = "go run ./scripts/defects"
	case name == "defects":
		call = name
	}
	return strings.Join(append([]string{call}, args...), " ")
}
