package veth

import (
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func pair(t *testing.T) (near, far *Host) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command")
	}
	near, far, err := New()
	if err != nil {
		t.Skip("this system does not let the test make network namespaces: ", err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

func TestTheHostsReachEachOtherAndNobodyElse(t *testing.T) {
	near, far := pair(t)
	var l net.PacketConn
	var c net.Conn
	var err error
	near.Do(func() { l, err = net.ListenPacket("udp", near.Addr4(7).String()) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far.Do(func() { c, err = net.Dial("udp", near.Addr4(7).String()) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	l.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, from, err := l.ReadFrom(b); err != nil || string(b[:n]) != "hello" || from.String() != c.LocalAddr().String() {
		t.Errorf("%q from %v, %v", b[:n], from, err)
	}
	routes, err := near.Run("ip -4 route show")
	if err != nil || strings.Contains(routes, "default") || !strings.Contains(routes, "10.77.0.0/24") {
		t.Errorf("%q, %v", routes, err)
	}
	if _, err := net.InterfaceByName("near"); err == nil {
		t.Error("the machine itself has the interface")
	}
}

func TestWhatIsAskedOfAnInterfaceIsDone(t *testing.T) {
	near, _ := pair(t)
	for _, err := range []error{near.FinishChecksums(), near.SetQueues(2), near.SpreadReceiving("3")} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := near.script("mount -t sysfs sysfs /sys && grep -q 3 /sys/class/net/near/queues/rx-0/rps_cpus && test -d /sys/class/net/near/queues/rx-1"); err != nil {
		t.Error(err)
	}
	if _, err := near.Run("ip link set nowhere up"); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a command that fails: %v", err)
	}
}
