package device

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"

	"github.com/gomlx/compute"
)

// ByCallers is a backend for many small computations at once, and how many of them keep the machine busy.
//
// On a CPU it is a second client of XLA, in which each call computes alone, in the thread of its caller. That wastes
// nothing on dividing an operation among threads and waiting for the last of them: two callers on two cores compute
// MobileNetV2 1.0 to 1.2 times (α=0.35) and 1.3 to 1.6 times (α=1.0) as fast as Backend, which spreads each operation over
// all threads (BenchmarkCallers of lib/inference). A single computation is slower on it. Its tensors and graphs are its
// own.
//
// It is for networks of depthwise convolutions: the large products of others, and XLA's own convolutions, all wait for the
// one thread of that client, and take twice as long on two cores.
//
// Where there is no such client, it is Backend with one caller.
func (d *Device) ByCallers() (backend compute.Backend, callers int, err error) {
	if d.serial == nil || d.Devices > 1 {
		return d.Backend, 1, nil
	}
	backend, err = d.serial()
	if err != nil {
		return nil, 0, fmt.Errorf("device: a client for calls in their callers' threads: %w", err)
	}
	return backend, Threads(), nil
}

// threadVariables say how many threads the plugin starts, the first before the second.
var threadVariables = []string{"PJRT_NPROC", "NPROC"}

// Threads is how many threads XLA computes with on a CPU.
func Threads() int {
	for _, name := range threadVariables {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
			return n
		}
	}
	return min(runtime.NumCPU(), runtime.GOMAXPROCS(0)) // a container's share, where it has one
}

// serialClient makes the client of ByCallers once; after an error the next call tries again. open makes one with the plugin's
// option "asynchronous" off: a call then computes in its caller's thread. It starts while the environment asks for one
// thread.
func serialClient(open func() (compute.Backend, error)) func() (compute.Backend, error) {
	var mutex sync.Mutex
	var made compute.Backend
	return func() (_ compute.Backend, err error) {
		mutex.Lock()
		defer mutex.Unlock()
		if made != nil {
			return made, nil
		}
		defer setVariable(threadVariables[0], "1")()
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("%v", r)
			}
		}()
		client, err := open()
		if err == nil {
			made = client
		}
		return made, err
	}
}
