package keras

import (
	"slices"
	"strings"
	"testing"
)

func TestNamesOfClassesInTheNameOfAModel(t *testing.T) {
	for _, classes := range [][]string{{"crazing", "rolled-in_scale"}, {"a b", "c.d", "größe", "x>y/z%20"}, {"classes", ".classes."}, {"\xff", "1"}} {
		name := withClasses("mobilenetv2", classes)
		own, got := cutClasses(name, len(classes))
		if own != "mobilenetv2" || !slices.Equal(got, classes) {
			t.Errorf("%q: %q and %q", name, own, got)
		}
		if bad := strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.->"); bad != "" {
			t.Errorf("%q has %q, which TensorFlow does not take", name, bad)
		}
		if own, got := cutClasses(name, len(classes)+1); own != name || got != nil {
			t.Errorf("for another number of outputs: %q and %q", own, got)
		}
	}
	for _, name := range []string{"network", "network.classes", "network.classes.", ".classes.a", "network.classes.>G0", "network.classes.>"} {
		if own, got := cutClasses(name, 1); own != name || got != nil {
			t.Errorf("%q: %q and %q", name, own, got)
		}
	}
	for _, classes := range [][]string{nil, {"a", ""}, slices.Repeat([]string{"a class of many"}, 1000)} {
		if name := withClasses("network", classes); name != "network" {
			t.Errorf("%d classes: %.40q", len(classes), name)
		}
	}
}
