package device

import (
	"strings"
	"testing"
)

func TestUse(t *testing.T) {
	d := &Device{Platform: "XLA on CUDA", Devices: 4}
	defer Use(0)
	for n, want := range map[int]string{0: "4 devices", 1: "4 devices, of which 1 is used", 3: "4 devices, of which 3 are used",
		4: "4 devices"} {
		if err := Use(n); err != nil {
			t.Fatal(err)
		}
		if used := d.Used(); n > 0 && used != n || n == 0 && used != 4 {
			t.Errorf("of 4 devices, %d are used instead of %d", used, n)
		}
		if err := d.enough(); err != nil || d.String() != "XLA on CUDA, "+want || d.Maker() != "XLA on CUDA, 4 devices" {
			t.Errorf("%q, %q, %v; want %q", d, d.Maker(), err, want)
		}
	}
	Use(1)
	if err := Use(-1); err == nil || d.Used() != 1 {
		t.Errorf("-1 devices are used: %v", err)
	}
}

func TestMoreDevicesThanThereAreIsAnError(t *testing.T) {
	plugin(t)
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer Use(0)
	if err := Use(d.Devices + 1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(); err == nil || !strings.Contains(err.Error(), d.Maker()) || !strings.Contains(err.Error(), "are to be used") {
		t.Errorf("got %v", err)
	}
	Use(1)
	if again, err := Open(); err != nil || again != d {
		t.Errorf("got %v, %v", again, err)
	}
}

func TestCPUDevices(t *testing.T) {
	for _, test := range []struct {
		kind, config, rest string
		n                  int
		says               string
	}{
		{"xla:cpu", "/a/plugin.so", "/a/plugin.so", 0, ""},
		{"xla:cpu", "cpu,cpu_device_count=4", "cpu", 4, ""},
		{"xla:cpu", "cpu,noshared_buffers,cpu_device_count=2,tf32=false", "cpu,noshared_buffers,tf32=false", 2, ""},
		{"xla:cpu", "cpu,cpu_device_count=0", "", 0, "cpu_device_count=0: give a number of devices from 1"},
		{"xla:cpu", "cpu,cpu_device_count=two", "", 0, "cpu_device_count=two"},
		{"xla:cuda", "cuda,cpu_device_count=4", "cuda,cpu_device_count=4", 0, ""}, // go-xla refuses it
	} {
		rest, n, err := cpuDevices(Choice{Kind: test.kind}, test.config)
		if rest != test.rest || n != test.n || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s gives %q, %d, %v", test.config, rest, n, err)
		}
	}
}
