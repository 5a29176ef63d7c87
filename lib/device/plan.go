package device

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"

	"github.com/transfer-learning-go/defects/lib/files"
)

// goBackend is the pure-Go backend as we start it. Its default runs independent operations in parallel, which can
// deadlock on machines with two cores; the operations themselves stay parallel with ops_sequential.
const goBackend = "go:ops_sequential"

// Choice is the backend that Open will use, or would use if nothing were missing.
type Choice struct {
	Asked   string `json:"asked,omitempty"`   // value of GOMLX_BACKEND
	Kind    string `json:"kind"`              // "xla:cpu", "xla:cuda", "xla:<other plugin>" or "go"
	Config  string `json:"config,omitempty"`  // GoMLX's backend configuration; empty until a plugin is installed
	Plugin  string `json:"plugin,omitempty"`  // file of the PJRT plugin
	Missing string `json:"missing,omitempty"` // what is missing; empty if the backend can start
	Remedy  string `json:"remedy,omitempty"`  // how to get what is missing, or something faster
	Notice  string `json:"notice,omitempty"`  // what a reader of the results should know

	source source
	pinned bool // Plugin is the pinned one, by its size
}

// source says where Install gets a plugin from.
type source int

const (
	nowhere    source = iota
	fromWheel         // pinned wheel, by pip
	fromGoXLA         // go-xla's installer for CPU plugins
	fromNVIDIA        // go-xla's installer for CUDA
)

// host is what the choice depends on.
type host struct {
	goos, goarch string
	xla          bool   // XLA is compiled in
	cache        string // the cache folder; empty if there is none
	getenv       func(string) string
	size         func(path string) int64  // -1 if there is no such file
	plugins      func() map[string]string // installed plugins, path by name, as go-xla finds them
	nvidia       func() bool              // an NVIDIA GPU is there
	python       func() ([]string, error) // command that runs pip
	load         func(Choice) (*Device, error)
}

// Plan says which backend Open will use, what is missing, and how to get it. It installs and starts nothing.
func Plan() Choice { return thisHost().choose() }

func (h host) choose() Choice {
	asked := h.getenv(compute.ConfigEnvVar)
	if asked == "" {
		return h.chooseDefault()
	}
	backend, config, _ := strings.Cut(asked, ":")
	switch backend {
	case "go":
		c := Choice{Asked: asked, Kind: "go", Config: asked}
		if config == "" {
			c.Config = goBackend
		}
		return c
	case "xla", "stablehlo", "hlo", "shlo": // the names that go-xla registers
		c := h.chooseXLA(config)
		c.Asked = asked
		return c
	}
	return Choice{
		Asked:   asked,
		Kind:    backend,
		Missing: fmt.Sprintf("there is no backend %q", backend),
		Remedy:  "set GOMLX_BACKEND to xla:cpu, xla:cuda, xla:/path/to/plugin.so or " + goBackend + ", or unset it",
	}
}

func (h host) chooseDefault() Choice {
	c := h.chooseCPU("")
	if c.Missing != "" && c.source == nowhere {
		return pureGo(c.Missing, c.Remedy)
	}
	return c
}

// pureGo is the last resort.
func pureGo(why, remedy string) Choice {
	return Choice{
		Kind:   "go",
		Config: goBackend,
		Notice: "Running on the pure-Go backend, many times slower than XLA: " + why + ".",
		Remedy: remedy,
	}
}

// chooseXLA takes what follows "xla:": a plugin's name or path, and options after a comma.
func (h host) chooseXLA(config string) Choice {
	name, options, found := strings.Cut(config, ",")
	if found {
		options = "," + options
	}
	switch {
	case !h.xla:
		return Choice{Kind: "xla:" + name, Missing: h.noXLA(), Remedy: h.noXLARemedy()}
	case filepath.IsAbs(name):
		size := h.size(name)
		c := Choice{Kind: kindOfPlugin(name), Config: "xla:" + config, Plugin: name, pinned: size == pinned.librarySize}
		if size < 0 {
			c.Config, c.Missing, c.Remedy = "", "there is no plugin file "+name, "correct the path in GOMLX_BACKEND"
		}
		return c
	case name == "cpu":
		return h.chooseCPU(options)
	case name == "cuda":
		return h.chooseCUDA(options)
	case name == "":
		// GoMLX's own order for a plain "xla".
		for _, name := range []string{"cuda", "rocm"} {
			if c, ok := h.installed(name, options); ok {
				return c
			}
		}
		return h.chooseCPU(options)
	}
	if c, ok := h.installed(name, options); ok {
		return c
	}
	return Choice{
		Kind:    "xla:" + name,
		Missing: fmt.Sprintf("there is no XLA plugin named %q", name),
		Remedy:  "install pjrt_c_api_" + name + "_plugin.so in ~/.local/lib/go-xla, or give its path: GOMLX_BACKEND=xla:/path/to/plugin.so",
	}
}

func (h host) chooseCPU(options string) Choice {
	c := Choice{Kind: "xla:cpu"}
	if !h.xla {
		c.Missing, c.Remedy = h.noXLA(), h.noXLARemedy()
		return c
	}
	if c, ok := h.installed("cpu", options); ok {
		return c
	}
	platform := h.goos + "/" + h.goarch
	if platform != pinned.platform {
		c.source = fromGoXLA
		c.Missing = "XLA's CPU plugin is not installed"
		c.Remedy = fetches() + " with go-xla's installer, into ~/.local/lib/go-xla or its like"
		return c
	}
	if h.cache == "" {
		c.Missing = "there is no cache folder to install XLA's CPU plugin in"
		c.Remedy = "set DEFECTS_CACHE to a folder that you can write to"
		return c
	}
	path := pinned.path(h.cache)
	switch size := h.size(path); {
	case size == pinned.librarySize:
		c.Config, c.Plugin, c.pinned = "xla:"+path+options, path, true
		return c
	case size >= 0:
		c.Missing = fmt.Sprintf("XLA's CPU plugin %s is damaged: %d bytes instead of %d", path, size, pinned.librarySize)
	default:
		c.Missing = "XLA's CPU plugin is not installed"
	}
	c.source = fromWheel
	c.Remedy = fmt.Sprintf("%s with pip: %s to download, %s on disk", fetches(), megabytes(pinned.size), megabytes(pinned.librarySize))
	if _, err := h.python(); err != nil {
		c.Remedy = err.Error()
	}
	return c
}

func (h host) chooseCUDA(options string) Choice {
	c := Choice{Kind: "xla:cuda"}
	switch {
	case h.goos != "linux" || h.goarch != "amd64":
		c.Missing = fmt.Sprintf("XLA's CUDA plugin exists for linux/amd64 only, this is %s/%s", h.goos, h.goarch)
		c.Remedy = "unset GOMLX_BACKEND to run on the CPU"
	case !h.nvidia():
		// go-xla skips an installed CUDA plugin too if it sees no GPU.
		c.Missing = "no NVIDIA GPU was found: there is no /dev/nvidia*, and nvidia-smi lists none"
		c.Remedy = "install NVIDIA's driver, 580 or newer (in a container: start it with access to the GPU), or unset GOMLX_BACKEND to run on the CPU"
	default:
		if c, ok := h.installed("cuda", options); ok {
			return c
		}
		c.source = fromNVIDIA
		c.Missing = "XLA's CUDA plugin is not installed"
		c.Remedy = "GOMLX_BACKEND=xla:cuda scripts/lesson fetches it with NVIDIA's libraries, a download of gigabytes, into ~/.local/lib/go-xla/nvidia"
	}
	return c
}

// cpuDeviceCount is the option of XLA's CPU plugin that says how many devices it makes of one machine.
const cpuDeviceCount = "cpu_device_count"

// cpuDevices takes cpu_device_count=N, which go-xla does not know, out of the configuration of a CPU plugin; n is 0 if it
// does not have it.
func cpuDevices(c Choice, config string) (rest string, n int, err error) {
	parts := strings.Split(config, ",")
	at := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, cpuDeviceCount+"=") })
	if c.Kind != "xla:cpu" || at < 0 {
		return config, 0, nil
	}
	if n, err = strconv.Atoi(parts[at][len(cpuDeviceCount)+1:]); err != nil || n < 1 {
		return "", 0, fmt.Errorf("%s: give a number of devices from 1", parts[at])
	}
	return strings.Join(slices.Delete(parts, at, at+1), ","), n, nil
}

// installed looks for a plugin by its name, "cpu", or by name and version, "cpu_v0.114.0", the newest first.
func (h host) installed(name, options string) (Choice, bool) {
	plugins := h.plugins()
	found := name
	if plugins[name] == "" {
		found = ""
		for n := range plugins {
			if strings.HasPrefix(n, name+"_v") && (found == "" || newer(n, found)) {
				found = n
			}
		}
	}
	if found == "" {
		return Choice{}, false
	}
	return Choice{Kind: "xla:" + name, Config: "xla:" + found + options, Plugin: plugins[found]}, true
}

// newer compares names that end in versions: "cpu_v0.114.0" is newer than "cpu_v0.98.0".
func newer(a, b string) bool {
	numbers := func(s string) (n []int) {
		for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
			v := 0
			fmt.Sscan(part, &v)
			n = append(n, v)
		}
		return n
	}
	return slices.Compare(numbers(a), numbers(b)) > 0
}

// kindOfPlugin reads the kind off a file name: pjrt_c_api_cpu_plugin.so is "xla:cpu".
func kindOfPlugin(path string) string {
	name := filepath.Base(path)
	for _, kind := range []string{"cpu", "cuda", "rocm", "tpu"} {
		if strings.Contains(strings.ToLower(name), kind) {
			return "xla:" + kind
		}
	}
	return "xla:" + name
}

func (h host) noXLA() string {
	return fmt.Sprintf("this program was built without XLA (%s/%s)", h.goos, h.goarch)
}

func (h host) noXLARemedy() string {
	return "install gcc (or clang) and build with CGO_ENABLED=1 on Linux (amd64, arm64), macOS (arm64) or Windows (amd64)"
}

// String is a short report, one fact per line, for people.
func (c Choice) String() string {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s%s\n", name, value)
		}
	}
	why := "GOMLX_BACKEND is not set"
	if c.Asked != "" {
		why = "GOMLX_BACKEND=" + c.Asked
	}
	line("backend", c.Kind+" ("+why+")")
	line("plugin", c.Plugin)
	line("notice", c.Notice)
	line("missing", c.Missing)
	line("remedy", c.Remedy)
	return strings.TrimSuffix(b.String(), "\n")
}

// err says what is missing and how to get it, nil if nothing is.
func (c Choice) err() error {
	if c.Missing == "" {
		return nil
	}
	if c.Asked != "" {
		return fmt.Errorf("device: GOMLX_BACKEND=%s cannot run: %s; %s", c.Asked, c.Missing, c.Remedy)
	}
	return fmt.Errorf("device: %s; %s", c.Missing, c.Remedy)
}

// fetches says what installs a plugin that Open also installs by itself.
func fetches() string {
	if files.ModuleRoot() == "" {
		return "the first command that computes something fetches it"
	}
	return "scripts/lesson fetches it"
}
