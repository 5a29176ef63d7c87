package device

import (
	"fmt"
	"sync/atomic"
)

// allowed is how many devices may be used; 0 is all.
var allowed atomic.Int64

// Use restrains what is made from now on, such as a predictor or a training, to the first n devices of the backend. 0, the
// default, is all of them. Where the backend has fewer than n, Open is an error.
func Use(n int) error {
	if n < 0 {
		return fmt.Errorf("device: %d devices cannot be used: give a number from 1, or 0 for all", n)
	}
	allowed.Store(int64(n))
	return nil
}

// Used is how many devices are used: the first ones, by data parallelism. Whatever their number, results are the same:
// features and predictions bit by bit, trainings up to rounding.
func (d *Device) Used() int {
	if n := int(allowed.Load()); n > 0 {
		return min(n, d.Devices)
	}
	return d.Devices
}

// enough reports that more devices are asked for than there are.
func (d *Device) enough() error {
	if n := int(allowed.Load()); n > d.Devices {
		return fmt.Errorf("device: %d devices are to be used, and this has fewer: %s; ask for at most as many", n, d.Maker())
	}
	return nil
}
