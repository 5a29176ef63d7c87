package keras

import (
	"fmt"
	"net/url"
	"strings"
)

// Keras drops what it does not know when it saves a model again, but keeps the model's name. So the names of classes are a
// part of it: "mobilenetv2.classes.crazing.rolled-in_scale". What TensorFlow does not take in names is written as >20.

const (
	classMark = ".classes."
	// longestNames bounds what is added to a name, in bytes. Longer lists are in files of ours alone.
	longestNames = 2000
)

// withClasses is the name of a model that tells the names of its classes.
func withClasses(name string, classes []string) string {
	if len(classes) == 0 {
		return name
	}
	escaped := make([]string, len(classes))
	for i, class := range classes {
		if class == "" {
			return name
		}
		var b strings.Builder
		for _, c := range []byte(class) {
			if c == '_' || c == '-' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, ">%02X", c)
			}
		}
		escaped[i] = b.String()
	}
	if list := strings.Join(escaped, "."); len(list) <= longestNames {
		return name + classMark + list
	}
	return name
}

// cutClasses is the opposite of withClasses, for a model with this many outputs.
func cutClasses(name string, outputs int) (string, []string) {
	own, list, found := strings.Cut(name, classMark)
	classes := strings.Split(list, ".")
	if !found || own == "" || len(classes) != outputs {
		return name, nil
	}
	for i, class := range classes {
		class, err := url.PathUnescape(strings.ReplaceAll(class, ">", "%"))
		if err != nil || class == "" {
			return name, nil
		}
		classes[i] = class
	}
	return own, classes
}
