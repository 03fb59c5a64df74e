package load

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestClosedLoopAnswersEveryRequestOverAnyProtocol(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		const n = 200
		servers := map[Reply]string{Echo: listen(t, echo), Upper: listen(t, upper)}
		for reply, addr := range servers {
			for _, protocol := range []Protocol{Raw, Frame, Line} {
				for _, shape := range []Config{
					{Conns: 1, Depth: 1, Message: 1},
					{Conns: 3, Depth: 1, Message: 64},
					{Conns: 3, Depth: 16, Message: 30},
					{Conns: 2, Depth: 100, Message: 1000}, // more than directBytes in flight: written by a goroutine
					{Conns: 1, Depth: 2, Message: 200_000},
				} {
					name := fmt.Sprintf("%s %s %d x %d x %d bytes", reply, protocol, shape.Conns, shape.Depth, shape.Message)
					t.Run(name, func(t *testing.T) {
						cfg := shape
						cfg.Driver, cfg.Address, cfg.Protocol, cfg.Reply, cfg.Requests = d, addr, protocol, reply, n
						res := mustRun(t, cfg)
						bytes := n * int64(wireSize(protocol, cfg.Message))
						if res.OK != n || res.Requests != n || res.Success != 1 || len(res.Errors) != 0 || res.ConnsLost != 0 {
							t.Errorf("got %+v", res)
						}
						if res.BytesSent != bytes || res.BytesReceived != bytes {
							t.Errorf("%d bytes out and %d in, want %d", res.BytesSent, res.BytesReceived, bytes)
						}
						if l := res.Latency; l.P50 <= 0 || l.P50 > l.P99 || l.P99 > l.Max || l.Max > res.Elapsed {
							t.Errorf("latency %+v within %v", l, res.Elapsed)
						}
						if rps := n / res.Elapsed.Seconds(); res.RPS != rps {
							t.Errorf("rps is %v, want %v", res.RPS, rps)
						}
					})
				}
			}
		}
	})
}

func TestClosedLoopEndsAfterItsDuration(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		res := mustRun(t, Config{Driver: d, Address: listen(t, echo), Conns: 4, Depth: 4, Duration: 200 * time.Millisecond})
		if res.OK == 0 || res.Success != 1 {
			t.Errorf("%d right replies, success %v", res.OK, res.Success)
		}
		if res.Elapsed < 200*time.Millisecond {
			t.Errorf("measured %v", res.Elapsed)
		}
	})
}

func TestMoreConnectionsThanRequestsIsFine(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		if res := mustRun(t, Config{Driver: d, Address: listen(t, echo), Conns: 50, Depth: 3, Requests: 7}); res.OK != 7 {
			t.Errorf("%d right replies", res.OK)
		}
	})
}

func TestSwappedRepliesAreMismatchesAndTheConnectionGoesOn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, func(c net.Conn) {
			r := bufio.NewReader(c)
			for {
				first, err := readFrame(r)
				if err != nil {
					return
				}
				second, err := readFrame(r)
				if err != nil {
					return
				}
				if _, err := c.Write(append(second, first...)); err != nil {
					return
				}
			}
		})
		res := mustRun(t, Config{Driver: d, Address: addr, Depth: 2, Requests: 20})
		if res.Mismatched != 20 || res.OK != 0 || res.ConnsLost != 0 || errorsOf(res, Mismatch).Count != 20 {
			t.Errorf("got %+v", res)
		}
		if e := errorsOf(res, Mismatch).Example; !strings.HasPrefix(e, "connection 0, reply to request 0: byte 0 of 64 is wrong") {
			t.Errorf("the example is %q", e)
		}
	})
}

func TestAReplyOfAnotherConnectionIsAMismatch(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		type parcel struct {
			frame []byte
			to    chan []byte
		}
		inbox := make(chan parcel)
		addr := listen(t, func(c net.Conn) {
			r, mine := bufio.NewReader(c), make(chan []byte)
			for {
				frame, err := readFrame(r)
				if err != nil {
					return
				}
				// The first of two connections waits for the other and they exchange their frames.
				var answer []byte
				select {
				case inbox <- parcel{frame, mine}:
					answer = <-mine
				case other := <-inbox:
					answer = other.frame
					other.to <- frame
				}
				if _, err := c.Write(answer); err != nil {
					return
				}
			}
		})
		// Both connections send their request 0, so only the connection's number tells the replies apart.
		res := mustRun(t, Config{Driver: d, Address: addr, Conns: 2, Requests: 2, Message: 2})
		if res.Mismatched != 2 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestAnErrorReplyOfAnotherLengthIsAMismatchAndTheConnectionGoesOn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, framed(func(i int, frame []byte) []byte {
			if i%2 == 1 {
				return []byte("\x00\x00\x00\x03ERR")
			}
			return frame
		}))
		res := mustRun(t, Config{Driver: d, Address: addr, Requests: 10})
		if res.OK != 5 || res.Mismatched != 5 || res.ConnsLost != 0 || res.Success != .5 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestARepeatedReplyIsNoticed(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		addr := listen(t, framed(func(_ int, frame []byte) []byte { return append(frame, frame...) }))
		res := mustRun(t, Config{Driver: d, Address: addr, Requests: 10})
		e := errorsOf(res, Mismatch)
		if e.Count == 0 || res.OK != 1 {
			t.Errorf("got %+v", res)
		}
	})
}

func TestWarmupIsDrivenAndNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		handle := framed(func(_ int, frame []byte) []byte {
			time.Sleep(time.Millisecond)
			seen++
			return frame
		})
		res := mustRun(t, Config{Address: "pipe", Dial: pipes(handle), Warmup: 100 * time.Millisecond, Requests: 10})
		if res.OK != 10 || res.Requests != 10 || seen != 110 {
			t.Errorf("%d right replies of %d, and the server saw %d requests", res.OK, res.Requests, seen)
		}
	})
}
