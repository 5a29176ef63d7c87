package inference

import (
	"context"
	"slices"
	"sync"
)

// slots are the places for micro-batches on the devices.
type slots struct {
	free  chan struct{} // as many as micro-batches may be under way
	mutex sync.Mutex
	busy  []int // of each device
}

// newSlots makes so many for each device.
func newSlots(devices, each int) *slots {
	return &slots{free: make(chan struct{}, devices*each), busy: make([]int, devices)}
}

// take waits for a place on the device that has the least to do.
func (s *slots) take(ctx context.Context) (device int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	select {
	case s.free <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	device = slices.Index(s.busy, slices.Min(s.busy))
	s.busy[device]++
	return device, nil
}

// give gives a place back.
func (s *slots) give(device int) {
	s.mutex.Lock()
	s.busy[device]--
	s.mutex.Unlock()
	<-s.free
}
