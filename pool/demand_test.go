package pool

import (
	"bufio"
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

func TestMoreAreOpenAtOnceAndFewerAfterACalm(t *testing.T) {
	f := Demand{Interval: time.Second, Headroom: .25, Calm: 3}.follower()
	for i, c := range []struct{ most, target int }{
		{0, 0}, {8, 10}, {7, 10}, {2, 10}, {2, 10}, {7, 10}, // a dip is no reason
		{2, 10}, {4, 10}, {2, 5}, {2, 5}, {2, 5}, {2, 3},
	} {
		if f.add(c.most); f.target < c.target || f.target > c.target+2 { // the trend adds some
			t.Errorf("%d: %d in use, %d are to be open, not %d", i, c.most, f.target, c.target)
		}
	}
}

// A recorded series, of which the third day and those after it are prewarmed by what is known: seldom does an interval need
// more than are open when it begins, and not many more are open than it needs.
func TestARecordedDemandIsPrewarmed(t *testing.T) {
	file, err := os.Open("forecast/testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f := Demand{Interval: time.Minute, Period: 144, Headroom: .25, Calm: 6}.follower()
	var short, n, open, need int
	for s := bufio.NewScanner(file); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		v, err := strconv.Atoi(s.Text())
		if err != nil {
			t.Fatal(err)
		}
		if n++; n > 2*144 {
			open, need = open+f.target, need+v
			if f.target < v {
				short++
			}
		}
		f.add(v)
	}
	if short > 8 { // of 432; an outage ends among them
		t.Errorf("%d intervals needed more than were open", short)
	}
	if r := float64(open) / float64(need); r > 1.6 {
		t.Errorf("%v times as many were open as were needed", r)
	}
}

func TestTheNumberOfConnectionsFollowsTheDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := DefaultLimits
		l.IdleTimeout, l.MaxLifetime, l.MinIdle = time.Hour, 0, 1
		p, err := New([]balance.Backend{{Name: "a", Address: "a:1"}}, balance.RoundRobin(), WithLimits(l),
			Follow(Demand{Interval: time.Second, Period: 60, Headroom: .5, Calm: 5}),
			Dialer(func(context.Context, string, string) (net.Conn, error) {
				a, _ := net.Pipe()
				return a, nil
			}))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close(t.Context())
		time.Sleep(500 * time.Millisecond) // so that no use begins when an interval ends
		use := func(n int) {
			var all []*Conn
			for range n {
				c, err := p.Get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
			}
			time.Sleep(100 * time.Millisecond)
			p.PutN(all)
			time.Sleep(900 * time.Millisecond)
		}
		open := func() int {
			s := p.Stats().Backends[0]
			return s.Idle + s.InUse + s.Dialing
		}
		use(20)
		use(1)
		if n := open(); n < 30 {
			t.Errorf("%d are open after 20 were in use, not 30", n)
		}
		for range 30 {
			use(1)
		}
		if n := open(); n > 5 {
			t.Errorf("%d are open long after", n)
		}
		for range 28 {
			use(1)
		}
		use(20) // a minute after the first time: now the shape of a minute is known
		for range 59 {
			use(1)
		}
		before := p.Stats().Backends[0].Waits
		use(20)
		if n := p.Stats().Backends[0].Waits - before; n > 0 {
			t.Errorf("%d waited although it was to be foreseen", n)
		}
	})
}
