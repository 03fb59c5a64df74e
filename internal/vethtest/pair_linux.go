package vethtest

import (
	"os/exec"
	"testing"

	"github.com/leat-io/leat/internal/veth"
)

// A Host is one end of the cable. Whatever cannot be done fails the test.
type Host struct{ *veth.Host }

// Pair makes two hosts that vanish with the test. It skips the test where the machine does not let it.
func Pair(t testing.TB) (near, far *Host) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command")
	}
	a, b, err := veth.New()
	if err != nil {
		t.Skip("this system does not let the test make network namespaces: ", err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return &Host{a}, &Host{b}
}

// IP runs the program ip on the host and returns what it says.
func (h *Host) IP(t testing.TB, args string) string {
	t.Helper()
	return h.Run(t, "ip "+args)
}

// Run runs a program on the host and returns what it says.
func (h *Host) Run(t testing.TB, command string) string {
	t.Helper()
	said, err := h.Host.Run(command)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// FinishChecksums is that of the host.
func (h *Host) FinishChecksums(t testing.TB) {
	t.Helper()
	if err := h.Host.FinishChecksums(); err != nil {
		t.Fatal(err)
	}
}

// SetQueues is that of the host.
func (h *Host) SetQueues(t testing.TB, n uint32) {
	t.Helper()
	if err := h.Host.SetQueues(n); err != nil {
		t.Fatal(err)
	}
}
