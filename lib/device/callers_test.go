package device

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute"
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

func TestSerialClientIsTriedAgain(t *testing.T) {
	tries := 0
	client := serialClient(func() (compute.Backend, error) {
		tries++
		switch tries {
		case 1:
			return nil, errors.New("no room")
		case 2:
			panic("no threads")
		}
		return struct{ compute.Backend }{}, nil
	})
	for _, says := range []string{"no room", "no threads"} {
		if _, err := client(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %s", err, says)
		}
	}
	for range 2 {
		if b, err := client(); b == nil || err != nil || tries != 3 {
			t.Errorf("%v, %v after %d tries", b, err, tries)
		}
	}
}
