package device

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// fakeHost is a machine made of paper. Its cache holds the pinned plugin if withPlugin is set.
func fakeHost(goos, goarch, asked string) host {
	h := host{
		goos: goos, goarch: goarch, xla: true, cache: "/cache",
		getenv: func(name string) string {
			if name == "GOMLX_BACKEND" {
				return asked
			}
			return ""
		},
		size:    func(string) int64 { return -1 },
		plugins: func() map[string]string { return nil },
		nvidia:  func() bool { return false },
		python:  func() ([]string, error) { return []string{"pip"}, nil },
	}
	h.load = func(c Choice) (*Device, error) { return &Device{Kind: c.Kind, Notice: c.Notice}, nil }
	return h
}

func TestChoice(t *testing.T) {
	cached := pinned.path("/cache")
	withCache := func(h *host) {
		h.size = func(path string) int64 {
			if path == cached {
				return pinned.librarySize
			}
			return -1
		}
	}
	plugins := func(names ...string) func(*host) {
		return func(h *host) {
			h.plugins = func() map[string]string {
				m := map[string]string{}
				for _, n := range names {
					m[n] = "/lib/" + n
				}
				return m
			}
		}
	}
	gpu := func(h *host) { h.nvidia = func() bool { return true } }
	noXLA := func(h *host) { h.xla = false }
	file := func(path string) func(*host) {
		return func(h *host) {
			h.size = func(p string) int64 {
				if p == path {
					return 1
				}
				return -1
			}
		}
	}
	type setup = []func(*host)
	own, err := filepath.Abs("/plugins/pjrt_c_api_cpu_plugin.so")
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, platform, asked string
		setup                 setup
		kind, config          string
		source                source
		missing               string // part of it
	}{
		{"installed plugin comes before ours", "linux/amd64", "", setup{withCache, plugins("cpu")}, "xla:cpu", "xla:cpu", nowhere, ""},
		{"newest versioned plugin", "linux/amd64", "", setup{plugins("cpu_v0.98.0", "cpu_v0.114.0")}, "xla:cpu", "xla:cpu_v0.114.0", nowhere, ""},
		{"plugin in the cache", "linux/amd64", "", setup{withCache}, "xla:cpu", "xla:" + cached, nowhere, ""},
		{"damaged plugin in the cache", "linux/amd64", "", setup{file(cached)}, "xla:cpu", "", fromWheel, "damaged"},
		{"wheel on linux/amd64", "linux/amd64", "", nil, "xla:cpu", "", fromWheel, "not installed"},
		{"no cache folder", "linux/amd64", "", setup{func(h *host) { h.cache = "" }}, "go", goBackend, nowhere, ""},
		{"go-xla's installer on macOS", "darwin/arm64", "", nil, "xla:cpu", "", fromGoXLA, "not installed"},
		{"go-xla's installer on Windows", "windows/amd64", "", nil, "xla:cpu", "", fromGoXLA, "not installed"},
		{"go-xla's installer on linux/arm64", "linux/arm64", "", setup{withCache}, "xla:cpu", "", fromGoXLA, "not installed"},
		{"pure Go without XLA", "freebsd/amd64", "", setup{noXLA}, "go", goBackend, nowhere, ""},
		{"a GPU alone changes nothing", "linux/amd64", "", setup{gpu, withCache, plugins("cuda")}, "xla:cpu", "xla:" + cached, nowhere, ""},

		{"asked for cpu", "linux/amd64", "xla:cpu", setup{withCache}, "xla:cpu", "xla:" + cached, nowhere, ""},
		{"options are kept", "linux/amd64", "xla:cpu,noshared_buffers", setup{withCache}, "xla:cpu", "xla:" + cached + ",noshared_buffers", nowhere, ""},
		{"several devices of one CPU", "linux/amd64", "xla:cpu,cpu_device_count=4", setup{withCache}, "xla:cpu", "xla:" + cached + ",cpu_device_count=4", nowhere, ""},
		{"asked for XLA that is not built in", "linux/amd64", "xla:cpu", setup{noXLA}, "xla:cpu", "", nowhere, "without XLA"},
		{"asked for a path", "linux/amd64", "xla:" + own, setup{file(own)}, "xla:cpu", "xla:" + own, nowhere, ""},
		{"asked for a path that is not there", "linux/amd64", "xla:" + own, nil, "xla:cpu", "", nowhere, own},
		{"alias", "linux/amd64", "stablehlo:cpu", setup{withCache}, "xla:cpu", "xla:" + cached, nowhere, ""},
		{"plain xla prefers CUDA as GoMLX does", "linux/amd64", "xla", setup{gpu, plugins("cpu", "cuda")}, "xla:cuda", "xla:cuda", nowhere, ""},
		{"plain xla without CUDA", "linux/amd64", "xla", setup{withCache}, "xla:cpu", "xla:" + cached, nowhere, ""},
		{"unknown plugin", "linux/amd64", "xla:tpu", setup{withCache}, "xla:tpu", "", nowhere, `"tpu"`},
		{"go gets the safe options", "linux/amd64", "go", nil, "go", goBackend, nowhere, ""},
		{"go with options of the user's own", "linux/amd64", "go:ops_parallel", nil, "go", "go:ops_parallel", nowhere, ""},
		{"unknown backend", "linux/amd64", "tensorflow", nil, "tensorflow", "", nowhere, `"tensorflow"`},

		{"CUDA installed", "linux/amd64", "xla:cuda,tf32=false", setup{gpu, plugins("cuda")}, "xla:cuda", "xla:cuda,tf32=false", nowhere, ""},
		{"one of the GPUs", "linux/amd64", "xla:cuda,visible_devices=1", setup{gpu, plugins("cuda")}, "xla:cuda", "xla:cuda,visible_devices=1", nowhere, ""},
		{"CUDA to install", "linux/amd64", "xla:cuda", setup{gpu, withCache}, "xla:cuda", "", fromNVIDIA, "not installed"},
		{"CUDA without a GPU", "linux/amd64", "xla:cuda", setup{withCache, plugins("cuda")}, "xla:cuda", "", nowhere, "no NVIDIA GPU"},
		{"CUDA on macOS", "darwin/arm64", "xla:cuda", setup{gpu}, "xla:cuda", "", nowhere, "linux/amd64 only"},
	} {
		t.Run(test.name, func(t *testing.T) {
			goos, goarch, _ := strings.Cut(test.platform, "/")
			h := fakeHost(goos, goarch, test.asked)
			for _, change := range test.setup {
				change(&h)
			}
			c := h.choose()
			if c.Kind != test.kind || c.Config != test.config || c.source != test.source || c.Asked != test.asked {
				t.Errorf("got kind %q, config %q, source %d, asked %q; want %q, %q, %d, %q",
					c.Kind, c.Config, c.source, c.Asked, test.kind, test.config, test.source, test.asked)
			}
			if (c.Missing == "") != (test.missing == "") || !strings.Contains(c.Missing, test.missing) {
				t.Errorf("missing is %q, want %q in it", c.Missing, test.missing)
			}
			if c.Missing != "" && c.Remedy == "" {
				t.Errorf("nothing says how to get what is missing: %s", c.Missing)
			}
			if c.Missing == "" && c.Config == "" {
				t.Error("nothing is missing, yet there is no configuration")
			}
			if c.Kind == "go" && c.Asked == "" && c.Notice == "" {
				t.Error("the pure-Go backend was chosen without a notice")
			}
			if !strings.Contains(c.String(), c.Missing) || !strings.Contains(c.String(), test.kind) {
				t.Errorf("String() leaves something out:\n%s", c)
			}
		})
	}
}

func TestPlanTellsHowToGetPip(t *testing.T) {
	h := fakeHost("linux", "amd64", "")
	h.python = func() ([]string, error) { return nil, errors.New("pip is not installed; install it") }
	if c := h.choose(); !strings.Contains(c.Remedy, "pip is not installed") {
		t.Errorf("remedy is %q", c.Remedy)
	}
}

func TestRequestedBackendIsNeverSwapped(t *testing.T) {
	broken := errors.New("libcudnn.so.9: cannot open shared object file")
	for _, asked := range []string{"xla:cuda", "xla:tpu", "xla:/no/such/plugin.so", "nonsense"} {
		h := fakeHost("linux", "amd64", asked)
		d, err := h.open(context.Background(), io.Discard)
		if err == nil {
			t.Errorf("GOMLX_BACKEND=%s: opened %s instead", asked, d.Kind)
		} else if !strings.Contains(err.Error(), asked) {
			t.Errorf("the error does not name GOMLX_BACKEND=%s: %v", asked, err)
		}
	}
	h := fakeHost("linux", "amd64", "xla:cuda")
	h.nvidia = func() bool { return true }
	h.plugins = func() map[string]string { return map[string]string{"cuda": "/lib/cuda"} }
	h.load = func(Choice) (*Device, error) { return nil, broken }
	_, err := h.open(context.Background(), io.Discard)
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "nvidia-smi") {
		t.Errorf("a CUDA plugin that does not start gives: %v", err)
	}
}

func TestPureGoIsTheLastResortWithReason(t *testing.T) {
	h := fakeHost("linux", "amd64", "")
	h.plugins = func() map[string]string { return map[string]string{"cpu": "/lib/cpu"} }
	h.load = func(c Choice) (*Device, error) {
		if c.Kind != "go" {
			return nil, errors.New("version GLIBC_2.27 not found")
		}
		return &Device{Kind: c.Kind, Notice: c.Notice}, nil
	}
	var log strings.Builder
	d, err := h.open(context.Background(), &log)
	if err != nil {
		t.Fatal(err)
	}
	if d.Kind != "go" || !strings.Contains(d.Notice, "GLIBC_2.27") || !strings.Contains(log.String(), "GLIBC_2.27") {
		t.Errorf("got %+v, log %q", d, log.String())
	}
}

func TestOpenInstallsNothingWhenForbidden(t *testing.T) {
	h := fakeHost("linux", "amd64", "")
	getenv := h.getenv
	h.getenv = func(name string) string {
		if name == "GOMLX_NO_AUTO_INSTALL" {
			return "1"
		}
		return getenv(name)
	}
	h.cache = t.TempDir()
	h.python = func() ([]string, error) { t.Log("pip asked for"); return []string{"/no/such/pip"}, nil }
	d, err := h.open(context.Background(), io.Discard)
	if err != nil || d.Kind != "go" || !strings.Contains(d.Notice, "not installed") {
		t.Errorf("got %+v, %v", d, err)
	}
}
