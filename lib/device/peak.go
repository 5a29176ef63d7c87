package device

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PeakMemory is the most memory, in bytes, that this process has held at one time since it began: code, data and what XLA
// uses outside of Go's memory, as far as it was in RAM (VmHWM in /proc/self/status, the peak of the resident set).
// getrusage's ru_maxrss is another number: it starts from that of the program that has started this one. It is an error
// where there is no such file: it is Linux's.
func PeakMemory() (int64, error) {
	const path = "/proc/self/status"
	status, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("peak memory is known on Linux only: %w", err)
	}
	_, after, _ := strings.Cut(string(status), "\nVmHWM:") // "\t  123456 kB"
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0, fmt.Errorf("peak memory: no VmHWM in %s", path)
	}
	kB, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("peak memory: VmHWM in %s: %w", path, err)
	}
	return kB * 1024, nil
}
