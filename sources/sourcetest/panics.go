package sourcetest

import (
	"bytes"
	"fmt"
	"io"

	"github.com/leat-io/leat/codec/line"
)

// panics: one line in a thousand makes the work panic. Its client is closed after answers that are right as far as they go;
// the others get all of theirs, also those that share a batch or a lane with it.
func panics(s *suite) {
	const conns, lines = 20, 200
	for _, sh := range shapes[:4] {
		r := s.start(setup{joint: sh.joint, work: func(_ *rig, l *line.Line) {
			if bytes.HasPrefix(l.Text, []byte("boom")) {
				panic("as asked")
			}
		}})
		first := clients.Load() + 1
		r.all(conns, func(c *client) error {
			culprit := (c.id-first)%5 == 0
			for i := range lines / 10 {
				if culprit && i == lines/20 {
					c.conn.Write([]byte("boom\n"))
				}
				if err := c.send(10); err != nil && !culprit {
					return err
				}
			}
			if !culprit {
				return c.leave()
			}
			switch err := c.rest(); {
			case err != nil && err != io.EOF:
				return err
			case c.got > lines/2:
				return fmt.Errorf("client %d: %d answers, of which some belong behind the panic", c.id, c.got)
			}
			return c.conn.Close()
		})
		r.eventually("all connections are closed", func() bool { return r.gauge("open") == 0 })
		if n, p := r.gauge("closed: panic"), r.pipeline.Stats().Node("work").Panics; n != conns/5 || p != conns/5 {
			s.Errorf("%s: %d connections closed by %d panics, not %d\n%s", sh.name, n, p, conns/5, r.pipeline)
		}
		r.mustStop()
	}
}
