package device

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // registers "go"

	"github.com/transfer-learning-go/defects/lib/files"
	"github.com/transfer-learning-go/defects/lib/record"
)

// Device is an open backend and what is known about it.
type Device struct {
	Backend  compute.Backend `json:"-"`
	Kind     string          `json:"kind"`     // "xla:cpu", "xla:cuda", "go"
	Platform string          `json:"platform"` // for people: "XLA on CPU"
	Plugin   string          `json:"plugin,omitempty"`
	Version  string          `json:"version,omitempty"` // of the plugin: "0.11.2, PJRT API v0.115"
	Devices  int             `json:"devices"`           // that the backend has; Used of them are used
	Notice   string          `json:"notice,omitempty"`  // to show with the results; empty on XLA

	serial func() (compute.Backend, error) // see ByCallers; nil where there is none
}

// Open starts the backend that Plan names, once per process, and prints one line about it on stderr (not in a cell of
// a notebook, which shows the Device itself, and has its notices on stdout). It installs XLA's CPU plugin if there is none.
// Later calls return the same Device or error.
//
// If GOMLX_BACKEND names a backend that cannot run, or the backend has fewer devices than Use has asked for, Open fails. If
// nobody asked and XLA cannot run, Device is the pure-Go backend and its Notice says why.
func Open() (*Device, error) {
	d, err := openOnce()
	if err == nil {
		err = d.enough()
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

var openOnce = sync.OnceValues(func() (*Device, error) {
	h := thisHost()
	d, err := h.open(context.Background(), h.log())
	if err == nil {
		record.Tell(record.Origin{Backend: d.String()})
	}
	return d, err
})

// log is stderr, in a cell stdout: the kernel reads the two apart, and a notice on stderr may come below what was printed
// after it.
func (h host) log() io.Writer {
	if h.getenv(inCell) != "" {
		return os.Stdout
	}
	return os.Stderr
}

func (h host) open(ctx context.Context, log io.Writer) (*Device, error) {
	c := h.choose()
	d, err := h.start(ctx, c, log)
	if err != nil && c.Asked == "" {
		fmt.Fprintln(log, err)
		why, _, _ := strings.Cut(err.Error(), "\n") // the rest is pip's output
		c = pureGo(strings.TrimPrefix(why, "device: "), "")
		d, err = h.load(c)
	}
	if err != nil {
		return nil, err
	}
	if d.Notice != "" {
		fmt.Fprintln(log, "device: NOTICE:", d.Notice)
	}
	if h.getenv(inCell) == "" {
		fmt.Fprintln(log, "device:", d)
	}
	return d, nil
}

// inCell is set in the cells of a GoNB notebook. Each cell is a process, and what runs need not be said in all of
// them: a notebook shows its Device once. Notices appear all the same.
const inCell = "GONB_PIPE"

// start installs what may be installed unasked, then loads.
func (h host) start(ctx context.Context, c Choice, log io.Writer) (*Device, error) {
	small := c.source == fromWheel || c.source == fromGoXLA
	if small && h.getenv("GOMLX_NO_AUTO_INSTALL") == "" {
		say := func(s string) { fmt.Fprintln(log, "device:", s) }
		if err := h.install(ctx, c, say); err != nil {
			return nil, err
		}
		asked := c.Asked
		c = h.choose()
		c.Asked = asked
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	d, err := h.load(c)
	if err != nil {
		return nil, c.explain(err)
	}
	return d, nil
}

// explain adds to the failure of a plugin what a user can do about it.
func (c Choice) explain(err error) error {
	what := c.Kind
	if c.Plugin != "" {
		what = "plugin " + c.Plugin
	}
	remedy := "remove it, so that scripts/lesson fetches another"
	switch {
	case c.Kind == "xla:cuda":
		remedy = "check with nvidia-smi that the driver is 580 or newer and the GPU is free; to fetch plugin and libraries again, " +
			"remove ~/.local/lib/go-xla/nvidia and run GOMLX_BACKEND=xla:cuda scripts/lesson; to run on the CPU, unset GOMLX_BACKEND"
	case c.Asked != "":
		remedy = "correct GOMLX_BACKEND=" + c.Asked + ", or unset it"
	}
	return fmt.Errorf("device: %s does not start: %w; %s", what, err, remedy)
}

// String is what Open prints: "XLA on CPU, plugin pjrt_c_api_cpu_plugin.so (0.11.2, PJRT API v0.115), 1 device", or
// "…, 4 devices, of which 2 are used".
func (d *Device) String() string {
	switch used := d.Used(); {
	case used == d.Devices:
		return d.Maker()
	case used == 1:
		return d.Maker() + ", of which 1 is used"
	default:
		return fmt.Sprintf("%s, of which %d are used", d.Maker(), used)
	}
}

// Maker is String but for how many devices are used, on which features do not depend.
func (d *Device) Maker() string {
	var b strings.Builder
	b.WriteString(d.Platform)
	if d.Plugin != "" {
		fmt.Fprintf(&b, ", plugin %s (%s)", filepath.Base(d.Plugin), d.Version)
	}
	fmt.Fprintf(&b, ", %d device", d.Devices)
	if d.Devices != 1 {
		b.WriteByte('s')
	}
	return b.String()
}

// load starts the backend of a choice in which nothing is missing.
func load(c Choice) (d *Device, err error) {
	defer func() { // GoMLX panics for a backend name that is not registered
		if r := recover(); r != nil {
			d, err = nil, fmt.Errorf("%v", r)
		}
	}()
	if strings.HasPrefix(c.Kind, "xla:") {
		return loadXLA(c)
	}
	backend, err := compute.NewWithConfig(c.Config)
	if err != nil {
		return nil, err
	}
	return &Device{
		Backend:  backend,
		Kind:     c.Kind,
		Platform: "pure Go on CPU",
		Devices:  backend.NumDevices(),
		Notice:   c.Notice,
	}, nil
}

func thisHost() host {
	cache, _ := files.CacheDir() // without one there is nothing to find or install there
	return host{
		goos:    runtime.GOOS,
		goarch:  runtime.GOARCH,
		xla:     haveXLA,
		cache:   cache,
		getenv:  os.Getenv,
		plugins: installedPlugins,
		nvidia:  haveNVIDIA,
		python:  findPip,
		load:    load,
		size: func(path string) int64 {
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() {
				return -1
			}
			return info.Size()
		},
	}
}
