package sockopt_test

import (
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
)

func TestWhatIsSetOnLinuxIsReadBack(t *testing.T) {
	for _, c := range []struct {
		option sockopt.Option
		want   string
	}{
		{sockopt.KeepAlive(20*time.Second, 5*time.Second, 3), "after 20s each 5s, 3 times"},
		{sockopt.KeepAlive(time.Millisecond, time.Second, 3), "after 1s each 1s, 3 times, asked after 1ms each 1s, 3 times"},
		{sockopt.UserTimeout(1500 * time.Millisecond), "1.5s"},
		{sockopt.DeferAccept(5 * time.Second), "7s, asked 5s"}, // after the third segment of the handshake: 1 + 2 + 4
		{sockopt.QuickAck(true), "on"},
		{sockopt.QuickAck(false), "off"},
		{sockopt.Congestion("reno"), "reno"},
		{sockopt.Backlog(7), "7"},
	} {
		listening(t, func(fd int) {
			if err := c.option.Set(fd); err != nil {
				t.Error(err)
			}
			if got, err := c.option.Get(fd); got != c.want || err != nil {
				t.Errorf("%s: %q, %v, not %q", c.option.Name, got, err, c.want)
			}
		})
	}
}

// What the kernel takes less of than it was asked for is shown with both figures.
func TestACapIsShown(t *testing.T) {
	for _, o := range []sockopt.Option{sockopt.ReceiveBuffer(math.MaxInt32 / 2), sockopt.Backlog(math.MaxInt32)} {
		listening(t, func(fd int) {
			if err := o.Set(fd); err != nil {
				t.Error(err)
			}
			if got, err := o.Get(fd); err != nil || !strings.HasSuffix(got, ", asked "+o.Asked) {
				t.Errorf("%s: %q, %v", o.Name, got, err)
			}
		})
	}
}

func TestAnUnknownCongestionControlIsToldWhichThereAre(t *testing.T) {
	listening(t, func(fd int) {
		err := sockopt.Congestion("nosuch").Set(fd)
		if err == nil || !strings.Contains(err.Error(), "the system refuses nosuch: there are ") || !strings.Contains(err.Error(), "reno") {
			t.Error(err)
		}
	})
}

func TestTheQueueOfAListenerIsCounted(t *testing.T) {
	ln, raw := listen(t)
	look := func() (waiting, most int, ok bool) {
		raw.Control(func(fd uintptr) { waiting, most, ok = sockopt.Queue(int(fd)) })
		return
	}
	for n := range 4 {
		if waiting, most, ok := look(); waiting != n || most != sockopt.MaxBacklog() || !ok {
			t.Errorf("%d of %d wait, %v, not %d of %d", waiting, most, ok, n, sockopt.MaxBacklog())
		}
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if raw, err := c.(*net.TCPConn).SyscallConn(); err == nil {
			raw.Control(func(fd uintptr) {
				if _, _, ok := sockopt.Queue(int(fd)); ok {
					t.Error("a connection has a queue")
				}
			})
		}
	}
}
