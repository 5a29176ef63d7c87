package device

import (
	"os"
	"testing"
)

func TestByCallersComputesWithItsOwnClient(t *testing.T) {
	c := plugin(t)
	t.Setenv(threadVariables[0], "3")
	d, err := load(c)
	if err != nil {
		t.Fatal(err)
	}
	backend, callers, err := d.ByCallers()
	if err != nil {
		t.Fatal(err)
	}
	if !c.pinned {
		if backend != d.Backend || callers != 1 {
			t.Errorf("without a pinned plugin there are %d callers", callers)
		}
		t.Skip("needs the pinned plugin")
	}
	if again, _, _ := d.ByCallers(); backend == d.Backend || again != backend || callers != 3 {
		t.Errorf("one client, made twice or shared, or %d callers of 3", callers)
	}
	if got := os.Getenv(threadVariables[0]); got != "3" {
		t.Errorf("%s is %q afterwards", threadVariables[0], got)
	}
	wantDot(t, &Device{Backend: backend})
}

func TestByCallersIsTheBackendWhereThereIsNoClient(t *testing.T) {
	d, err := load(pureGo("a test asks for it", ""))
	if err != nil {
		t.Fatal(err)
	}
	if backend, callers, err := d.ByCallers(); backend != d.Backend || callers != 1 || err != nil {
		t.Errorf("%d callers, %v", callers, err)
	}
}
