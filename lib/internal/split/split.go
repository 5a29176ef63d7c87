// Package split divides the batches of a training among several devices.
package split

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/transfer-learning-go/defects/lib/device"
)

// Split divides the rows of batches evenly among devices, which all hold all variables. XLA's partitioner (Shardy, by
// GoMLX's AutoSharding) adds what the devices must exchange, so that the graph means the same as on one device: a mean over
// a batch, be it of a loss, of gradients or in batch normalization, is one over the whole batch, and so are random numbers.
// Sums are added up in another order, which changes results by rounding. Where rounding grows, as with the statistics of
// batches of a handful of values, histories part after some steps, as they do between two versions of XLA on one device.
//
// On one device nothing is divided: the graph is the plain one.
type Split struct {
	devices     int
	mesh        *distributed.DeviceMesh
	rows, whole *distributed.ShardingSpec
}

// New takes the most devices of those used that divide a batch of this size evenly.
func New(d *device.Device, batch int) (*Split, error) {
	s := &Split{devices: min(d.Used(), batch)}
	for batch%s.devices != 0 {
		s.devices--
	}
	if s.devices == 1 {
		return s, nil
	}
	const axis = "batch"
	var err error
	if s.mesh, err = distributed.NewDeviceMesh([]int{s.devices}, []string{axis}); err != nil {
		return nil, fmt.Errorf("dividing batches of %d among %d devices: %w", batch, s.devices, err)
	}
	s.whole = distributed.NewReplicatedShardingSpec(s.mesh)
	if s.rows, err = distributed.BuildSpec(s.mesh).S(axis).Done(); err != nil {
		return nil, fmt.Errorf("dividing batches of %d among %d devices: %w", batch, s.devices, err)
	}
	return s, nil
}

// Devices is how many there are.
func (s *Split) Devices() int { return s.devices }

// Exec is a graph with variables whose batches are divided. A batch that the devices do not divide evenly, such as the last
// of an epoch, is computed as a whole by each of them, so that no row is made up for it.
type Exec struct {
	split          *Split
	divided, whole *model.Exec // the same on one device
}

// Exec compiles a graph when it is called. Its first inputs, as many as batched, are divided by rows, the others are not;
// outputs have no rows. build gives a new executor of the graph: the two ways to compute a batch need one each.
func (s *Split) Exec(batched, others int, build func() (*model.Exec, error)) (*Exec, error) {
	e := &Exec{split: s}
	var err error
	if e.divided, err = build(); err != nil || s.devices == 1 {
		e.whole = e.divided
		return e, err
	}
	if e.whole, err = build(); err != nil {
		return nil, err
	}
	divided := append(slices.Repeat([]*distributed.ShardingSpec{s.rows}, batched),
		slices.Repeat([]*distributed.ShardingSpec{s.whole}, others)...)
	e.divided.AutoSharding(s.mesh).WithInputShardingSpecs(divided...).WithOutputShardingSpecs(s.whole)
	e.whole.AutoSharding(s.mesh).WithInputShardingSpecs(s.whole).WithOutputShardingSpecs(s.whole)
	return e, nil
}

// Call computes a batch: tensors of equally many rows. It and the outputs are the caller's to finalize.
func (e *Exec) Call(batch []*tensors.Tensor, others ...float32) (outputs []*tensors.Tensor, err error) {
	var args []any
	if e.split.devices == 1 {
		for _, t := range batch {
			args = append(args, t)
		}
		for _, other := range others {
			args = append(args, other)
		}
		return e.divided.Call(args...)
	}
	exec, spec := e.divided, e.split.rows
	if batch[0].Shape().Dimensions[0]%e.split.devices != 0 {
		exec, spec = e.whole, e.split.whole
	}
	defer func() {
		for _, placed := range args {
			err = errors.Join(err, placed.(*dtensor.Tensor).Finalize())
		}
	}()
	place := func(spec *distributed.ShardingSpec, t *tensors.Tensor) error {
		placed, err := dtensor.ShardTensor(spec, t)
		if err == nil {
			args = append(args, placed)
		}
		return err
	}
	for _, t := range batch {
		err = errors.Join(err, place(spec, t))
	}
	for _, other := range others {
		err = errors.Join(err, place(e.split.whole, tensors.FromScalar(other)))
	}
	if err != nil {
		return nil, fmt.Errorf("dividing a batch: %w", err)
	}
	all, err := exec.Call(args...)
	if err != nil {
		return nil, err
	}
	each := len(all) / e.split.devices // by devices; all have the same
	for _, t := range all[each:] {
		err = errors.Join(err, t.FinalizeAll())
	}
	return all[:each], err
}

// Finalize frees the compiled graphs.
func (e *Exec) Finalize() {
	e.divided.Finalize()
	if e.whole != e.divided {
		e.whole.Finalize()
	}
}
