//go:build unix

package sockopt_test

import (
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/sockopt"
)

// listen opens a plain socket of TCP: one of Multipath TCP, which is the default, does not have all options.
func listen(t *testing.T) (net.Listener, syscall.RawConn) {
	t.Helper()
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	return ln, raw
}

// listening calls f with the descriptor of a socket that listens.
func listening(t *testing.T, f func(fd int)) {
	t.Helper()
	_, raw := listen(t)
	raw.Control(func(fd uintptr) { f(int(fd)) })
}

func TestWhatIsSetIsReadBack(t *testing.T) {
	for _, c := range []struct {
		option sockopt.Option
		want   string
	}{
		{sockopt.NoDelay(false), "off"},
		{sockopt.NoDelay(true), "on"},
		{sockopt.KeepAlive(0, 0, 0), "off"},
		{sockopt.ReceiveBuffer(40_000), "40000"},
		{sockopt.SendBuffer(50_000), "50000"},
		{sockopt.Linger(0), "0s"},
		{sockopt.Linger(3 * time.Second), "3s"},
		{sockopt.Linger(1500 * time.Millisecond), "2s, asked 1.5s"},
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

func TestAValueThatMeansNothingIsNotSet(t *testing.T) {
	for _, o := range []sockopt.Option{
		sockopt.KeepAlive(-time.Second, time.Second, 1), sockopt.KeepAlive(time.Second, 0, 1), sockopt.KeepAlive(time.Second, time.Second, 0),
		sockopt.UserTimeout(0), sockopt.ReceiveBuffer(0), sockopt.SendBuffer(-1), sockopt.Linger(-1),
		sockopt.DeferAccept(0), sockopt.Congestion(""), sockopt.Backlog(0),
	} {
		err := o.Set(-1) // nothing is asked of it
		if err == nil || !strings.Contains(err.Error(), `the option "`+o.Name+`" cannot be`) {
			t.Errorf("%s: %v", o.Name, err)
		}
	}
}

func TestARefusalNamesTheOptionTheValueAndTheReason(t *testing.T) {
	err := sockopt.ReceiveBuffer(1000).Set(-1)
	if want := `the option "receive buffer": the system refuses 1000: bad file descriptor`; err == nil || err.Error() != want {
		t.Errorf("%v, not %s", err, want)
	}
	if _, err := sockopt.ReceiveBuffer(1000).Get(-1); err == nil || !strings.Contains(err.Error(), "receive buffer") {
		t.Error(err)
	}
}

func TestAnOptionThatASystemDoesNotHaveIsAnError(t *testing.T) {
	if runtime.GOOS == "linux" {
		t.Skip("Linux has every option")
	}
	err := sockopt.UserTimeout(time.Second).Set(-1)
	if err == nil || !strings.Contains(err.Error(), `the option "user timeout" is not available on `+runtime.GOOS) {
		t.Error(err)
	}
}
