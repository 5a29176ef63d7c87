//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64))

package device

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/installer"
	"github.com/gomlx/go-xla/pjrt"
)

const haveXLA = true

func haveNVIDIA() bool { return installer.HasNvidiaGPU() }

// installedPlugins opens every plugin that it finds, so it may stumble over a damaged one.
func installedPlugins() (plugins map[string]string) {
	defer func() {
		if r := recover(); r != nil { // go-xla closes a library that it could not open
			plugins = nil
		}
	}()
	return pjrt.AvailablePlugins()
}

// installWithGoXLA installs "cpu" or "cuda". go-xla reports on stdout, which belongs to our callers' results.
func installWithGoXLA(plugin string) error {
	stdout := os.Stdout
	os.Stdout = os.Stderr
	defer func() { os.Stdout = stdout }()
	return installer.AutoInstallPlugin(plugin, "", true, installer.Normal)
}

func loadXLA(c Choice) (*Device, error) {
	_, config, _ := strings.Cut(c.Config, ":")
	config, count, err := cpuDevices(c, config)
	if err != nil {
		return nil, err
	}
	if c.pinned {
		count = max(1, count) // only this version is known to take options and flags unasked: others may refuse or abort
	}
	open := func(more pjrt.NamedValuesMap) (*xla.Backend, error) {
		options := pjrt.NamedValuesMap{}
		if count > 0 {
			options[cpuDeviceCount] = int64(count)
		}
		maps.Copy(options, more)
		if c.pinned {
			defer setFlags(cpuFlags)()
		}
		config, remove, err := neutralPath(c, config)
		if err != nil {
			return nil, err
		}
		defer remove()
		return xla.NewWithOptions(config, options)
	}
	backend, err := open(nil)
	if err != nil {
		return nil, err
	}
	plugin, err := pjrt.GetPlugin(backend.PluginName()) // the loaded one
	if err != nil {
		return nil, err
	}
	major, minor := plugin.Version()
	d := &Device{
		Backend:  backend,
		Kind:     c.Kind,
		Platform: "XLA on " + strings.ToUpper(strings.TrimPrefix(c.Kind, "xla:")),
		Plugin:   plugin.Path(),
		Version:  fmt.Sprintf("PJRT API v%d.%d", major, minor),
		Devices:  backend.NumDevices(),
	}
	if c.pinned {
		d.Version = pinned.version + ", " + d.Version
		d.serial = serialClient(func() (compute.Backend, error) { return open(pjrt.NamedValuesMap{"asynchronous": false}) })
	}
	if c.Plugin != "" {
		d.Plugin = c.Plugin
	}
	if c.Kind != "xla:cpu" && d.Devices > 0 {
		d.Platform += " (" + backend.DeviceDescription(0) + ")"
	}
	return d, nil
}

// neutralPath works around go-xla, which takes a CPU plugin for a CUDA plugin if its path holds "cuda" or "nvidia"
// anywhere, as in /home/nvidia/.cache, and then sets options that the plugin refuses; it also cuts paths at a comma.
// Such a plugin is loaded by a link that is removed afterwards.
func neutralPath(c Choice, config string) (neutral string, remove func(), err error) {
	folder := filepath.Dir(c.Plugin)
	trouble := pjrt.IsCUDAName(folder) || strings.Contains(folder, ",")
	if c.Kind != "xla:cpu" || !strings.HasPrefix(config, c.Plugin) || !trouble {
		return config, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "pjrt-")
	if err != nil {
		return "", nil, fmt.Errorf("linking the plugin: %w", err)
	}
	remove = func() { os.RemoveAll(dir) }
	link := filepath.Join(dir, filepath.Base(c.Plugin))
	if err := os.Symlink(c.Plugin, link); err != nil {
		remove()
		return "", nil, fmt.Errorf("linking the plugin: %w", err)
	}
	return link + strings.TrimPrefix(config, c.Plugin), remove, nil
}
