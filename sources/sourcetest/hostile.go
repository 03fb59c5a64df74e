package sourcetest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// endlessLine: the lines before it are answered, then the peer is told why it is closed.
func endlessLine(s *suite) {
	for _, sh := range shapes[:3] {
		r := s.start(setup{joint: sh.joint})
		c := r.dial()
		if err := c.send(3); err != nil {
			s.Fatal(err)
		}
		r.aside.Go(func() {
			for x := bytes.Repeat([]byte{'x'}, 4096); ; {
				if _, err := c.conn.Write(x); err != nil {
					return
				}
			}
		})
		if err := c.answers(3); err != nil {
			s.Fatal(err)
		}
		rest, err := io.ReadAll(c.in)
		if want := fmt.Sprintf("error: line over the limit of %d bytes\n", maxLine); err != nil || string(rest) != want {
			s.Errorf("%s: the peer was told %q, %v", sh.name, rest, err)
		}
		c.conn.Close()
		r.eventually("the connection is closed as malformed", func() bool { return r.gauge("closed: malformed") == 1 })
		r.mustStop()
	}
}

// garbage talks frames, of which a length over the limit must be refused before its bytes are waited for.
func garbage(s *suite) {
	frames := frame.Length32(1 << 10)
	r := s.start(setup{assemble: func(f *pipeline.Flow[stage.Segment]) {
		f.Via("decode", codec.Decode(frames)).To("reply", sinks.Reply(frames))
	}})
	fine := r.dial()
	echo := func() {
		s.Helper()
		b := []byte("\x00\x00\x00\x04fine")
		got := make([]byte, len(b))
		fine.conn.Write(b)
		if _, err := io.ReadFull(fine.conn, got); err != nil || !bytes.Equal(got, b) {
			s.Fatalf("%q came back, %v", got, err)
		}
	}
	echo()
	seed := rand.NewChaCha8([32]byte{'g'})
	bad := 0
	for _, b := range [][]byte{
		{0xff, 0xff, 0xff, 0xff},
		{0, 0, 4, 1},
		[]byte("\x00\x00\x00\x00\x00\x00\x04\x01"), // an empty frame first
		append([]byte{0x7f}, random(seed, 5000)...),
		append([]byte{0x01}, random(seed, 100_000)...),
	} {
		c := r.dial()
		r.aside.Go(func() { c.conn.Write(b) })
		c.ended()
		c.conn.Close()
		bad++
		echo()
	}
	r.eventually("all of them are closed", func() bool { return r.gauge("open") == 1 })
	if n := r.gauge("closed: malformed"); n != bad {
		s.Errorf("%d connections count as malformed, not %d\n%s", n, bad, r.pipeline)
	}
	r.mustStop()
}

func random(r *rand.ChaCha8, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

// laneCost is about what one lane of a small pipeline holds, in bytes.
const laneCost = stage.SlabSize + 16<<10

// halfOpen connections have sent half a line. They hold no lane and little memory, and go when their time is over.
func halfOpen(s *suite) {
	conns := 2000
	limits := generous
	limits.FirstMessage = 6 * s.limit()
	before := heap()
	r := s.start(setup{Options: Options{Limits: limits}})
	if r.engine.Cost > 0 { // such connections take their time to make, and fewer show the same
		conns = 400
	}
	for range conns {
		conn, err := r.engine.Dial()
		if err != nil {
			s.Fatal(err)
		}
		r.dialed = append(r.dialed, conn)
		if _, err := conn.Write([]byte("half a li")); err != nil {
			s.Fatal(err)
		}
	}
	r.eventually("all of them have been read", func() bool {
		return r.pipeline.Stats().Node("decode").In >= uint64(conns)
	})
	// A lane costs its slab and its arenas, and there are as many as ever ran at once.
	lanes := r.pipeline.Stats().Node("decode").Lanes
	if each, most := (heap()-before-lanes*laneCost)/conns, cmp.Or(r.engine.Cost, 4<<10); each > most {
		s.Errorf("a connection with half a line costs %d bytes beside the %d lanes, more than %d, both ends together", each, lanes, most)
	}
	c := r.dial()
	c.ask()
	r.eventually("their time is over", func() bool { return r.gauge("closed: first message") == conns })
	c.ask()
	r.mustStop()
}
