package main

import (
	"fmt"
	"strconv"

	"github.com/transfer-learning-go/defects/lib/device"
)

// devices declares --devices.
func (c *call) devices() {
	c.flags.Func("devices", "compute on the first `N` devices of the backend, such as GPUs (default: all)", func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("give a number of devices from 1")
		}
		return device.Use(n)
	})
}
