package plainmux

import "time"

// push is called with the lock, for frames that go before data.
func (c *Conn) push(f Frame) {
	if c.err == nil {
		c.control = append(c.control, f)
		c.cond.Broadcast()
	}
}

// answer pushes what the other side has caused: more of that than it reads ends the connection.
func (c *Conn) answer(f Frame) error {
	if len(c.control) >= c.config.Limits.ControlBacklog {
		return fault(Limit, "%d frames of control wait to be written", len(c.control))
	}
	c.push(f)
	return nil
}

func (c *Conn) writeAll() {
	defer close(c.finished)
	defer c.framer.clock.stop()
	for {
		f, ok := c.next()
		if !ok {
			return
		}
		if err := c.framer.write(f); err != nil {
			c.mu.Lock()
			c.end(err, false)
			c.mu.Unlock()
			return
		}
	}
}

// next waits for a frame that may be sent: control, then credit, then the data of whose turn it is.
func (c *Conn) next() (Frame, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if len(c.control) > 0 {
			f := c.control[0]
			c.control = c.control[1:]
			c.sent = true
			c.cond.Broadcast()
			return f, true
		}
		if c.err != nil {
			if c.last == nil {
				return Frame{}, false
			}
			f := *c.last
			c.last = nil
			return f, true
		}
		f, ok := c.nextCredit()
		if !ok {
			f, ok = c.nextData()
		}
		if ok {
			c.sent = true
			c.cond.Broadcast()
			return f, true
		}
		c.cond.Wait()
	}
}

func (c *Conn) nextCredit() (Frame, bool) {
	if total, due := grant(c.received, c.granted, uint64(c.mine.ConnectionWindow)); due {
		c.granted = total
		return Frame{Type: CreditFrame, Payload: u64(total)}, true
	}
	for _, s := range c.streams {
		if s.remoteEnded || s.stopped {
			continue
		}
		if total, due := grant(s.read, s.granted, s.window); due {
			s.granted = total
			return Frame{Type: CreditFrame, Stream: s.number, Payload: u64(total)}, true
		}
	}
	return Frame{}, false
}

// grant returns the total that may be sent when so much of it is done with, and says whether it is worth a frame.
func grant(done, granted, window uint64) (total uint64, due bool) {
	total = done + window
	return total, total > granted && total-granted >= (window+1)/2
}

// nextData takes from the stream that has had the least of its share among those of the lowest class.
func (c *Conn) nextData() (Frame, bool) {
	var best *Stream
	for _, s := range c.streams {
		if s.sendable() && (best == nil || s.class < best.class || (s.class == best.class && s.time < best.time)) {
			best = s
		}
	}
	if best == nil {
		return Frame{}, false
	}
	return best.cut(), true
}

// keepAlive sends a PING whenever nothing else was sent for long. It looks twice in each third of the time of the other side.
func (c *Conn) keepAlive() {
	for {
		c.mu.Lock()
		period := time.Duration(c.theirs.Keepalive) * time.Millisecond / 6
		c.mu.Unlock()
		var tick <-chan time.Time
		if period > 0 {
			tick = time.After(period)
		}
		select {
		case <-c.closed:
			return
		case <-c.change:
			continue
		case <-tick:
		}
		c.mu.Lock()
		if !c.sent && len(c.control) == 0 {
			c.push(Frame{Type: Ping, Payload: u64(0)})
		}
		c.sent = false
		c.mu.Unlock()
	}
}
