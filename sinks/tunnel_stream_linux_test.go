package sinks_test

import (
	"crypto/sha256"
	"hash"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

// A course is how one end of a stream behaves: pieces of which sizes it writes or reads, and how often it rests between them.
type course struct {
	least, most int
	rests       int // one piece in so many is followed by a rest; 0 is never
	rest        time.Duration
}

// courses take a tunnel through all of its ways: small pieces that are read and written, large ones that are spliced, and
// readers that leave bytes waiting in a buffer, or in a pipe.
var courses = map[string]course{
	"trickle": {1, 700, 50, 100 * time.Microsecond},
	"steady":  {4 << 10, 64 << 10, 0, 0},
	"bulk":    {256 << 10, 1 << 20, 0, 0},
	"bursts":  {1, 1 << 20, 4, 300 * time.Microsecond},
	"uneven":  {1, 200 << 10, 10, time.Millisecond},
}

// run moves n bytes in pieces of the course.
func (c course) run(r *rand.Rand, n int64, move func(int) (int, error)) error {
	for n > 0 {
		size := min(int64(c.least+r.IntN(c.most-c.least+1)), n)
		m, err := move(int(size))
		if n -= int64(m); err != nil {
			return err
		}
		if c.rests > 0 && r.IntN(c.rests) == 0 {
			time.Sleep(c.rest)
		}
	}
	return nil
}

// send writes n random bytes and ends the stream.
func send(t *testing.T, c stream, seed uint64, n int64, k course) hash.Hash {
	sum, src, r := sha256.New(), rand.NewChaCha8([32]byte{byte(seed)}), rand.New(rand.NewPCG(seed, 1))
	buf := make([]byte, k.most)
	err := k.run(r, n, func(size int) (int, error) {
		_, _ = src.Read(buf[:size])
		sum.Write(buf[:size])
		return c.Write(buf[:size])
	})
	if err == nil {
		err = c.CloseWrite()
	}
	if err != nil {
		t.Error(err)
	}
	return sum
}

// receive reads n bytes and the end of the stream.
func receive(t *testing.T, c stream, seed uint64, n int64, k course) hash.Hash {
	sum, r := sha256.New(), rand.New(rand.NewPCG(seed, 2))
	buf := make([]byte, k.most)
	err := k.run(r, n, func(size int) (int, error) {
		m, err := c.Read(buf[:size])
		sum.Write(buf[:m])
		if m > 0 && err == io.EOF { // which comes again
			err = nil
		}
		return m, err
	})
	if err != nil {
		t.Error(err)
		return sum
	}
	if m, err := c.Read(buf); m != 0 || err != io.EOF {
		t.Errorf("behind the stream: %d bytes, %v", m, err)
	}
	return sum
}

// through sends streams both ways through one tunnel, and compares what comes out.
func through(t *testing.T, b *bore, ln backend, seed uint64, up, down int64, sender, receiver course) {
	t.Helper()
	between(t, b, b.dial(), ln.next(), seed, up, down, sender, receiver)
}

// between is through, with the two ends.
func between(t *testing.T, b *bore, c, s stream, seed uint64, up, down int64, sender, receiver course) {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(10 * time.Minute))
	_ = s.SetDeadline(time.Now().Add(10 * time.Minute))
	var sums [4]hash.Hash
	var wg sync.WaitGroup
	wg.Go(func() { sums[0] = send(t, c, seed, up, sender) })
	wg.Go(func() { sums[1] = receive(t, s, seed, up, receiver) })
	wg.Go(func() { sums[2] = send(t, s, seed+1, down, sender) })
	wg.Go(func() { sums[3] = receive(t, c, seed+1, down, receiver) })
	wg.Wait()
	for i := 0; i < 4; i += 2 {
		if string(sums[i].Sum(nil)) != string(sums[i+1].Sum(nil)) {
			t.Errorf("stream %d is not what was sent", i/2)
		}
	}
	r := b.record()
	equal(t, "reason", r.Reason, nil)
	equal(t, "sent", r.Sent, uint64(up))
	equal(t, "received", r.Received, uint64(down))
}

// Whatever the pieces in which streams come and are taken, and however small the buffers of the kernel, what comes out is what
// went in.
func TestStreamsComeOutAsTheyWentIn(t *testing.T) {
	ln := listening(t)
	seed := uint64(1)
	for name, opts := range map[string][]tcp.Option{
		"buffers of the kernel": nil,
		"small buffers":         {tcp.SendBuffer(8 << 10), tcp.ReceiveBuffer(8 << 10)},
	} {
		for pipes, n := range map[string]int{"with pipes": 64, "without pipes": 0} {
			t.Run(name+" "+pipes, func(t *testing.T) {
				b := boring(t, sinks.Fixed(ln.address()), patience, func(l *sinks.TunnelLimits) { l.Pipes = n }, opts...)
				for from, sender := range courses {
					for to, receiver := range courses {
						size := int64(4 << 20)
						if from == "trickle" || to == "trickle" {
							size = 64 << 10
						}
						t.Run(from+" to "+to, func(t *testing.T) {
							seed += 2
							through(t, b, ln, seed, size, size/2+int64(seed), sender, receiver)
						})
					}
				}
				if spliced := b.gauge("bytes spliced"); (spliced > 0) != (n > 0) {
					t.Errorf("%d bytes were spliced with %d pipes", spliced, n)
				}
				equal(t, "held at the end", b.gauge("bytes held"), 0)
				if n := b.gauge("pipes"); n > 8 {
					t.Errorf("%d pipes are kept", n)
				}
			})
		}
	}
}

// longStream is how many bytes the long stream has, in MiB. LEAT_STREAM_MIB=10240 is a soak.
func longStream(t *testing.T) int64 {
	n := int64(256)
	if v := os.Getenv("LEAT_STREAM_MIB"); v != "" {
		var err error
		if n, err = strconv.ParseInt(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return n << 20
}

func TestALongStreamIsByteExact(t *testing.T) {
	if testing.Short() {
		t.Skip("a long stream takes long")
	}
	ln := listening(t)
	b := boring(t, sinks.Fixed(ln.address()), patience, nil)
	n := longStream(t)
	through(t, b, ln, 99, n, n/64, courses["bursts"], courses["uneven"])
	if b.gauge("bytes spliced") < int(n/4) {
		t.Errorf("%d of %d bytes were spliced", b.gauge("bytes spliced"), n)
	}
}
