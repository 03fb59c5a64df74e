//go:build unix

package redistest_test

import (
	"bufio"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/leat-io/leat/internal/redistest"
)

// ask sends a command on a connection of its own and returns the first line of the reply.
func ask(t *testing.T, network, address, command string) string {
	t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(command + "\r\n")); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestAServerHasItsAddressAgainAndKeepsNothing(t *testing.T) {
	for network, start := range map[string]func(testing.TB, ...string) *redistest.Server{"unix": redistest.Unix, "tcp": redistest.TCP} {
		t.Run(network, func(t *testing.T) {
			s := start(t, "--databases", "3")
			address, pid := s.Address, s.Pid()
			for command, want := range map[string]string{"SET k v": "+OK\r\n", "SELECT 2": "+OK\r\n", "SELECT 3": "-ERR DB index is out of range\r\n"} {
				if got := ask(t, network, s.Address, command); got != want {
					t.Errorf("%s: got %q, want %q", command, got, want)
				}
			}
			s.Kill()
			if c, err := net.Dial(network, address); err == nil {
				c.Close()
				t.Error("a server that was killed accepts")
			}
			s.Restart()
			if s.Address != address || s.Pid() == pid {
				t.Errorf("it was at %s with process %d, and is at %s with %d", address, pid, s.Address, s.Pid())
			}
			if got := ask(t, network, address, "DBSIZE"); got != ":0\r\n" {
				t.Errorf("of what was set before there is %q", got)
			}
		})
	}
}

func TestAServerMayHaveAPassword(t *testing.T) {
	s := redistest.Unix(t, "--requirepass", "secret")
	if got := ask(t, "unix", s.Address, "AUTH secret"); got != "+OK\r\n" {
		t.Errorf("got %q", got)
	}
}

// Whatever has been done to it, a server ends with its test.
func TestAServerEndsWithItsTest(t *testing.T) {
	var pids []int
	var address string
	t.Run("test", func(t *testing.T) {
		s := redistest.Unix(t)
		address, pids = s.Address, append(pids, s.Pid())
		s.Restart()
		pids = append(pids, s.Pid())
		if err := syscall.Kill(s.Pid(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	})
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d: %v", pid, err)
		}
	}
	if _, err := os.Stat(address); pids != nil && !os.IsNotExist(err) {
		t.Errorf("%s: %v", address, err)
	}
}
