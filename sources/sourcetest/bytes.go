package sourcetest

import "sync"

// all runs f for n clients at once and reports their errors.
func (r *rig) all(n int, f func(c *client) error) {
	r.Helper()
	var wg sync.WaitGroup
	for range n {
		c := r.dial()
		wg.Go(func() {
			if err := f(c); err != nil {
				r.Error(err)
			}
		})
	}
	wg.Wait()
}

func everyByte(s *suite) {
	const conns, lines = 8, 400
	for _, sh := range shapes {
		r := s.start(setup{joint: sh.joint})
		r.all(conns, func(c *client) error {
			c.size = func(i int) int { return (i*i + int(c.id)) % 1500 }
			writing := make(chan error, 1)
			go func() {
				for n := range lines {
					if err := c.sendOne(n); err != nil {
						writing <- err
						return
					}
				}
				writing <- nil
			}()
			if err := c.answers(lines); err != nil {
				c.conn.Close() // so that the writer does not wait for ever
				<-writing
				return err
			}
			if err := <-writing; err != nil {
				return err
			}
			c.sent = lines
			return c.leave()
		})
		if n := r.entered.Load(); n != conns*lines {
			s.Errorf("%s: %d messages came in, not %d", sh.name, n, conns*lines)
		}
		r.mustStop()
		if s.Failed() {
			s.Fatalf("with %s\n%s", sh.name, r.pipeline)
		}
	}
}

// sendOne writes line n, for a client whose answers are read by another goroutine meanwhile.
func (c *client) sendOne(n int) error {
	_, err := c.conn.Write(c.line(n))
	return err
}

// tornMessages cuts the same bytes at many places: in the middle of lines, of line ends, and of lines longer than a read.
func tornMessages(s *suite) {
	for _, sh := range shapes[:2] {
		r := s.start(setup{joint: sh.joint})
		r.all(6, func(c *client) error {
			const lines = 60
			c.size = func(i int) int {
				if i%20 == 19 {
					return maxLine / 2
				}
				return i % 40
			}
			var b []byte
			for i := range lines {
				b = append(b, c.line(i)...)
			}
			c.sent = lines
			written := make(chan error, 1)
			go func() {
				for at, step := 0, int(c.id)%7; at < len(b); step++ {
					n := min([...]int{1, 2, 3, 41, 700, 16 << 10, 16<<10 + 1}[step%7], len(b)-at)
					if _, err := c.conn.Write(b[at : at+n]); err != nil {
						written <- err
						return
					}
					at += n
				}
				written <- nil
			}()
			if err := c.answers(lines); err != nil {
				c.conn.Close()
				<-written
				return err
			}
			if err := <-written; err != nil {
				return err
			}
			return c.leave()
		})
		r.mustStop()
	}
}

// halfClose: the end of the input comes in the same breath as the last lines, of which one has no end.
func halfClose(s *suite) {
	for _, sh := range shapes {
		r := s.start(setup{joint: sh.joint})
		r.all(4, func(c *client) error {
			if err := c.send(100); err != nil {
				return err
			}
			if _, err := c.conn.Write([]byte("half a line")); err != nil {
				return err
			}
			return c.leave()
		})
		r.eventually("all connections are closed", func() bool { return r.gauge("open") == 0 })
		if n := r.gauge("closed: done"); n != 4 {
			s.Errorf("%s: %d of 4 connections count as done\n%s", sh.name, n, r.pipeline)
		}
		r.mustStop()
	}
}

// reset: half of the clients go away in the middle, with answers on their way.
func reset(s *suite) {
	for _, sh := range shapes[:3] {
		r := s.start(setup{joint: sh.joint})
		r.all(12, func(c *client) error {
			for i := range 50 {
				if err := c.send(20); err != nil {
					return err
				}
				if c.id%2 == 0 && i == 25 {
					return c.conn.Close()
				}
				if err := c.answers(10); err != nil {
					return err
				}
			}
			return c.leave()
		})
		r.eventually("six connections are found reset", func() bool {
			if r.engine.NoReset {
				return r.gauge("closed: reset")+r.gauge("closed: done") == 12
			}
			return r.gauge("closed: reset") == 6
		})
		r.mustStop()
	}
}
