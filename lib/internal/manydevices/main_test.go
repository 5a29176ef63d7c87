// Package manydevices tests that results do not depend on how many devices compute them, on four that XLA makes of one CPU.
package manydevices

import (
	"fmt"
	"os"
	"testing"

	"github.com/transfer-learning-go/defects/lib/device"
)

func TestMain(m *testing.M) {
	os.Setenv("GOMLX_BACKEND", "xla:cpu,cpu_device_count=4")
	os.Setenv("XLA_FLAGS", "--xla_backend_optimization_level=0") // what takes the time is to compile
	d, err := device.Open()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "skipped, four devices need XLA on the CPU:", err)
		os.Exit(0)
	case d.Devices != 4:
		fmt.Fprintf(os.Stderr, "four devices are asked for, there are %d\n", d.Devices)
		os.Exit(1)
	}
	cache, err := os.MkdirTemp("", "manydevices-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("DEFECTS_CACHE", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// on has the rest of a test computed by n devices.
func on(t *testing.T, n int) {
	t.Helper()
	if err := device.Use(n); err != nil {
		t.Fatal(err)
	}
	if d, err := device.Open(); err != nil || d.Used() != n {
		t.Fatalf("%v, %v", d, err)
	}
}
