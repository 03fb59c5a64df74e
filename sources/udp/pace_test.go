package udp_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage/stagetest"
)

var (
	here  = netip.MustParseAddrPort("192.0.2.1:1")
	there = netip.MustParseAddrPort("192.0.2.2:1")
)

// A pacer drives the stage in virtual time.
type pacer struct {
	*testing.T
	*stagetest.Rig[udp.Packet, udp.Packet]
}

func paced(t *testing.T, p udp.Pacing, f func(pacer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := pacer{t, stagetest.NewRig(udp.Pace(p))}
		f(r)
		r.Flush()
		r.End()
	})
}

// push gives the stage n packets to a destination, and returns how many go at once.
func (r pacer) push(to netip.AddrPort, n int) int {
	r.Helper()
	var b []*udp.Packet
	for range n {
		p := r.New()
		p.Peer = to
		b = append(b, p)
	}
	out, err := r.Push(b...)
	if err != nil {
		r.Fatal(err)
	}
	n = len(out)
	r.End()
	return n
}

// tick lets time pass until something is due, and returns how many go then.
func (r pacer) tick() (n int) {
	_, next := r.Tick(time.Now().Add(-time.Hour))
	if next.IsZero() {
		return 0
	}
	time.Sleep(time.Until(next))
	out, _ := r.Tick(time.Now())
	n = len(out)
	r.End()
	return n
}

func TestPacketsFollowOneAnotherAtTheRate(t *testing.T) {
	paced(t, udp.Pacing{Rate: 100, Burst: 3}, func(r pacer) {
		began := time.Now()
		if n := r.push(here, 10); n != 3 {
			t.Errorf("%d went at once", n)
		}
		if n := r.push(there, 2); n != 2 {
			t.Errorf("of another destination %d went at once", n)
		}
		sent := 0
		for n := r.tick(); n > 0; n = r.tick() {
			if sent += n; n != 1 {
				t.Errorf("%d went together", n)
			}
		}
		if d := time.Since(began); sent != 7 || d != 70*time.Millisecond {
			t.Errorf("%d more went in %v", sent, d)
		}
	})
}

func TestADestinationThatWasQuietHasItsBurstAgain(t *testing.T) {
	paced(t, udp.Pacing{Rate: 1000, Burst: 2}, func(r pacer) {
		for range 3 {
			if n := r.push(here, 2); n != 2 {
				t.Errorf("%d went", n)
			}
			time.Sleep(2 * time.Millisecond)
		}
	})
}

func TestWhatIsHeldIsBounded(t *testing.T) {
	paced(t, udp.Pacing{Rate: 1, Held: 5}, func(r pacer) {
		r.push(here, 100)
		if n := len(r.Flush()); n != 5 {
			t.Errorf("%d were held", n)
		}
		r.End()
	})
}

func TestDestinationsAreBounded(t *testing.T) {
	paced(t, udp.Pacing{Rate: 1, Destinations: 2}, func(r pacer) {
		third := netip.MustParseAddrPort("192.0.2.3:1")
		if n := r.push(here, 1) + r.push(there, 1) + r.push(third, 1); n != 2 {
			t.Errorf("packets to %d destinations went", n)
		}
		time.Sleep(2 * time.Second) // the others are as new by then
		if n := r.push(third, 1); n != 1 {
			t.Error("a place that is not needed is kept")
		}
	})
}
