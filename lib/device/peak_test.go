package device

import (
	"os"
	"testing"
)

func TestPeakMemoryStaysAfterMemoryIsGone(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("needs Linux's /proc")
	}
	before, err := PeakMemory()
	if err != nil {
		t.Fatal(err)
	}
	const size = 256 << 20
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1 // a page that is never written is not in memory
	}
	block = nil
	ReleaseMemory()
	after, err := PeakMemory()
	if err != nil {
		t.Fatal(err)
	}
	if grown := after - before; before < 1<<20 || grown < size*3/4 || grown > size*2 {
		t.Errorf("%d bytes before, %d after %d more were used", before, after, size)
	}
}
