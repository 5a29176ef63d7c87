//go:build !(cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)))

package device

import (
	"errors"
	"runtime/debug"
)

// go-xla needs cgo and does not build here: only the pure-Go backend is left.
const haveXLA = false

var errNoXLA = errors.New("XLA is not part of this program")

func haveNVIDIA() bool                    { return false }
func installedPlugins() map[string]string { return nil }
func installWithGoXLA(string) error       { return errNoXLA }
func loadXLA(Choice) (*Device, error)     { return nil, errNoXLA }

// ReleaseMemory gives the memory that nobody uses back to the system.
func ReleaseMemory() { debug.FreeOSMemory() }
