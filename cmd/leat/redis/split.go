package redis

import (
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// splitter makes several requests of those that have a plan. Others pass as they are, in their order, and cost nothing.
func splitter(l *stage.Lane) stage.Stage[Request, Request] {
	return &split{inner: stage.Split(divide)(l)}
}

type split struct {
	inner stage.Stage[Request, Request]
}

// Process implements stage.Stage.
func (s *split) Process(dst, src []*Request) ([]*Request, error) {
	for _, c := range src {
		if c.plan != nil {
			return s.inner.Process(dst, src)
		}
	}
	return src, nil
}

func divide(c *Request, emit func() *Request) {
	if c.plan == nil {
		c.copyTo(emit())
		return
	}
	for i := range c.plan.parts {
		p := &c.plan.parts[i]
		k := emit()
		c.copyTo(k)
		k.plan, k.part, k.to, k.lease = nil, p, p.to, p.lease
	}
}

// copyTo gives k all that c says, and leaves it its own Head.
func (c *Request) copyTo(k *Request) {
	head := k.Head
	*k = *c
	k.Head = head
}

// everywhere has a request served by all shards.
func (d *doorman) everywhere(c *Request, h how) {
	if d.routing.single() {
		c.send(d.routing.first())
		return
	}
	j := d.join(c, h, len(d.routing.shards))
	for i := range j.parts {
		j.parts[i].to = d.routing.shards[i].id
	}
	c.plan = j
}

func (d *doorman) join(c *Request, h how, parts int) *join {
	j := &join{how: h, parts: make([]part, parts), of: c.reader.session.holding}
	for i := range j.parts {
		j.parts[i].join = j
	}
	return j
}

// A scatter finds out which shard has which key of a request. It belongs to a lane.
type scatter struct {
	shards []uint16 // of each key
	counts []int    // keys of each shard
	bytes  []int    // of its keys, and of the values behind them
	used   []int    // shards that have any
}

// keysOf looks at all keys of a request, each with what else belongs to it: one argument or, for MSET, two.
func (s *scatter) keysOf(c *Request, r *Routing, step int) {
	n := len(r.shards)
	if len(s.counts) < n {
		s.counts, s.bytes = make([]int, n), make([]int, n)
	}
	for _, i := range s.used {
		s.counts[i], s.bytes[i] = 0, 0
	}
	s.shards, s.used = s.shards[:0], s.used[:0]
	for i := 1; i+step <= c.Len(); i += step {
		at := r.of(c.Arg(i)).index
		if s.counts[at] == 0 {
			s.used = append(s.used, at)
		}
		s.counts[at]++
		for k := range step {
			s.bytes[at] += room(len(c.Arg(i + k)))
		}
		s.shards = append(s.shards, uint16(at))
	}
}

// room is more than the wire form of n bytes takes.
func room(n int) int { return n + len("$2147483647\r\n\r\n") }

// byKey splits a request by its keys, unless all of them are on one shard. The parts are encoded here, in one walk over the
// arguments, so that no part has to look for its own.
func (d *doorman) byKey(c *Request, h how, step int) {
	r, s := d.routing, &d.scatter
	if r.single() {
		c.send(r.first())
		return
	}
	s.keysOf(c, r, step)
	if len(s.used) == 1 {
		c.send(&r.shards[s.used[0]])
		return
	}
	j := d.join(c, h, len(s.used))
	name := c.Arg(0)
	total := 0
	for _, at := range s.used {
		total += room(0) + room(len(name)) + s.bytes[at]
	}
	memory := make([]byte, 0, total)
	for i, at := range s.used {
		p := &j.parts[i]
		p.to = r.shards[at].id
		from := len(memory)
		end := from + room(0) + room(len(name)) + s.bytes[at]
		memory = memory[:end]
		p.wire = resp.AppendBulk(resp.AppendArray(memory[from:from:end], 1+step*s.counts[at]), name)
		s.bytes[at] = i // from now on: which part it is
	}
	if h == inOrder {
		j.order = make([]uint16, len(s.shards))
	}
	for k, at := range s.shards {
		i := s.bytes[at]
		p := &j.parts[i]
		for a := range step {
			p.wire = resp.AppendBulk(p.wire, c.Arg(1+k*step+a))
		}
		if h == inOrder {
			j.order[k] = uint16(i)
		}
	}
	c.plan = j
}
