//go:build linux

package pool

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leat-io/leat/internal/reactor"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/stage"
)

// A model of a link is the requests on it, in order, with how much of all their bytes has been written.
type model struct {
	requests [][]byte
	sent     int // bytes
	flights  int
}

// flying is how many of the requests may be in flight.
func (m *model) flying() int { return min(len(m.requests), m.flights) }

// allowed is the bytes that may have been written.
func (m *model) allowed() []byte { return bytes.Join(m.requests[:m.flying()], nil) }

// What a link notes of its requests agrees with the model, whatever happens in which order.
func TestTheBooksOfALinkAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flights := rapid.IntRange(1, 5).Draw(t, "flights")
		large := rapid.IntRange(1, 3*keepBytes).Draw(t, "largest")
		p, err := New([]balance.Backend{{Name: "a", Address: "127.0.0.1:1"}}, balance.RoundRobin(), WithTraffic(Traffic{Mode: Pipelined(1, flights)}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.stop()
		epoll, err := reactor.NewEpoll()
		if err != nil {
			t.Fatal(err)
		}
		loop := reactor.New(epoll)
		defer loop.Discard()
		st := newStation(p.forwarding(), loop)
		d := st.desk(p.of(p.Members()[0]), 0)
		l := &link{desk: d, fd: -1, phase: phaseOpen, full: true} // nobody writes but the test
		l.Init(l, &st.terms)
		d.shared[0] = l
		m := &model{flights: flights}
		count := 0
		agree := func(t *rapid.T) {
			waiting := len(m.requests) - m.flying()
			if l.fifo.len() != len(m.requests) || l.flying != m.flying() || st.waiting != waiting || int(st.pending.Load()) != len(m.requests) || d.member().InFlight() != len(m.requests) {
				t.Fatalf("%d requests, %d in flight, %d waiting, %d pending, %d at the member; want %d, %d, %d", l.fifo.len(), l.flying, st.waiting, st.pending.Load(), d.member().InFlight(), len(m.requests), m.flying(), waiting)
			}
			if got, want := l.out[l.head:l.allowed], m.allowed(); !bytes.Equal(got, want) {
				t.Fatalf("%d bytes may be written, want %d", len(got), len(want))
			}
			if n := len(bytes.Join(m.requests, nil)); st.stored != n {
				t.Fatalf("%d bytes are counted, want %d", st.stored, n)
			}
			if l.sent-l.head != m.sent {
				t.Fatalf("%d bytes are written, want %d", l.sent-l.head, m.sent)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": agree,
			"add": func(t *rapid.T) {
				count++
				b := fmt.Appendf(nil, "request %d", count)
				b = append(b, make([]byte, rapid.IntRange(0, large).Draw(t, "bytes"))...)
				l.out = append(l.out, b...)
				l.add(&entry{n: len(b)})
				m.requests = append(m.requests, b)
			},
			"write": func(t *rapid.T) {
				n := rapid.IntRange(0, len(m.allowed())-m.sent).Draw(t, "bytes")
				l.sent += n
				m.sent += n
			},
			"answer": func(t *rapid.T) {
				if m.flying() == 0 || len(m.requests[0]) > m.sent {
					t.Skip("no request has been sent as a whole")
				}
				e := l.pop()
				if e.n != len(m.requests[0]) {
					t.Fatalf("the answer is to a request of %d bytes, want %d", e.n, len(m.requests[0]))
				}
				l.answered(&e)
				m.requests, m.sent = m.requests[1:], m.sent-e.n
			},
		})
		st.ended = true
		st.mu.Lock()
		st.now = time.Second
		l.lost(ReasonClosed, errStopped)
		st.mu.Unlock()
		if st.waiting != 0 || st.stored != 0 || st.pending.Load() != 0 || d.member().InFlight() != 0 {
			t.Fatalf("at the end %d wait, %d bytes are counted, %d are pending, %d in flight", st.waiting, st.stored, st.pending.Load(), d.member().InFlight())
		}
	})
}

// A line keeps bytes, requests and counts together, and does not grow while it is never empty.
func TestTheBooksOfALineAreInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := &station{lines: map[*stage.Conn]line{}}
		d := &desk{station: st, queued: map[*stage.Conn]int{}}
		var want [][]byte
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if d.queue.len() != len(want) || st.waiting != len(want) || int(st.pending.Load()) != len(want) {
					t.Fatalf("%d in line, %d waiting, %d pending, want %d", d.queue.len(), st.waiting, st.pending.Load(), len(want))
				}
				if n := len(bytes.Join(want, nil)); len(d.bytes)-d.gone != n || st.stored != n {
					t.Fatalf("%d bytes, %d of them gone, and %d counted, want %d", len(d.bytes), d.gone, st.stored, n)
				}
				if len(want) == 0 && len(st.lines)+len(d.queued) > 0 {
					t.Fatalf("nobody is in line, and %d are counted", len(st.lines)+len(d.queued))
				}
			},
			"join": func(t *rapid.T) {
				b := bytes.Repeat([]byte{byte(len(want))}, rapid.IntRange(1, keepBytes).Draw(t, "bytes"))
				to := target{desk: d}
				buf := to.buffer()
				if d.gone >= keepBytes && d.gone >= len(*buf)/2 {
					t.Fatalf("%d of %d bytes are gone, and kept", d.gone, len(*buf))
				}
				*buf = append(*buf, b...)
				to.add(&entry{n: len(b), lease: rapid.SampledFrom([]Lease{Shared, Once, Hold, Release, Tunnel}).Draw(t, "lease")})
				want = append(want, b)
			},
			"leave": func(t *rapid.T) {
				if len(want) == 0 {
					t.Skip("nobody is in line")
				}
				if got := d.dequeue(); !bytes.Equal(got, want[0]) {
					t.Fatal("the bytes are not those of the front")
				}
				want = want[1:]
			},
		})
	})
}
