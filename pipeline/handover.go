package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"github.com/leat-io/leat/stage"
)

// release lets the stages that cannot hand over what they hold emit it, in flow order.
func (ln *lane) release() {
	for _, h := range ln.holders {
		if h.handover() == nil {
			ln.guarded(h.flush)
		}
	}
	ln.stage.End()
}

// handOut takes the state of some partitions from the stages of the lane, up to the first that panics.
func (ln *lane) handOut(moves []move) (out []*parcel, err error) {
	for _, h := range ln.holders {
		from := h.handover()
		if from == nil {
			continue
		}
		for _, m := range moves {
			err := ln.caught(h, "Export", m.part, func() {
				if state := from.Export(m.part); state != nil {
					out = append(out, &parcel{move: m, node: h.account().Node, state: state})
				}
			})
			if err != nil {
				return out, err
			}
		}
	}
	return out, nil
}

// takeIn gives state to the stages of the lane.
func (ln *lane) takeIn(parcels []*parcel) (err error) {
	for _, p := range parcels {
		h, to := ln.owner(p.node)
		if to == nil {
			err = errors.Join(err, fmt.Errorf("%s: no stage takes the state of partition %d", p.node, p.part))
			continue
		}
		e := ln.caught(h, "Import", p.part, func() {
			to.Import(p.part, p.state)
			p.there = true
		})
		err = errors.Join(err, e)
	}
	return err
}

// takeBack takes state that takeIn has given from the stages of the lane again.
func (ln *lane) takeBack(parcels []*parcel) (err error) {
	for _, p := range parcels {
		if h, from := ln.owner(p.node); from != nil {
			err = errors.Join(err, ln.caught(h, "Export", p.part, func() { p.state = from.Export(p.part) }))
		}
	}
	return err
}

func (ln *lane) owner(node string) (holder, stage.Handover) {
	i := slices.IndexFunc(ln.holders, func(h holder) bool { return h.account().Node == node })
	if i < 0 {
		return nil, nil
	}
	return ln.holders[i], ln.holders[i].handover()
}

// caught makes a panic of a stage an error that names the node.
func (ln *lane) caught(h holder, what string, part uint8, f func()) (err error) {
	c := h.account()
	defer func() {
		if r := recover(); r != nil {
			c.Panics++
			err = fmt.Errorf("%s: %w in the %s of partition %d: %v", c.Node, stage.ErrPanic, what, part, r)
		}
	}()
	ln.stage.Enter(c)
	f()
	return nil
}

// unpopped is how many messages of the lane are in queues that keep the order of each lane alone.
func (ln *lane) unpopped() (n int) {
	<-ln.stage.Call(func() {
		for _, e := range ln.exits {
			n += e.unpopped()
		}
	})
	return n
}
