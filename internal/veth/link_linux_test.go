package veth

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// linked makes two hosts that a link joins until the test ends. No packet may be lost.
func linked(t *testing.T, l Link) (near, far *Host) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip command")
	}
	near, far, err := NewTUN()
	if err != nil {
		t.Skip("this system does not let the test make network namespaces with TUN interfaces: ", err)
	}
	end, stop, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	carried := make(chan struct{})
	go func() {
		defer close(carried)
		if dropped, err := l.Carry(near.Wire, far.Wire, end); dropped > 0 || err != nil {
			t.Errorf("%d packets were dropped, %v", dropped, err)
		}
	}()
	t.Cleanup(func() {
		stop.Close()
		<-carried
		end.Close()
		for _, h := range []*Host{near, far} {
			if n, err := h.Lost(); n > 0 || err != nil {
				t.Errorf("the interface %s has lost %d packets, %v", h.Iface, n, err)
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return near, far
}

// connected makes a TCP connection between the hosts, and says how long that took the one that connects.
func connected(t *testing.T, from, to *Host, addr string) (client, server net.Conn, took time.Duration) {
	t.Helper()
	var l net.Listener
	var err error
	to.Do(func() { l, err = net.Listen("tcp", addr) })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	from.Do(func() {
		began := time.Now()
		client, err = net.Dial("tcp", l.Addr().String())
		took = time.Since(began)
	})
	if err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server, took
}

const linkSize = 32 << 20

func TestALinkTakesItsTime(t *testing.T) {
	const delay = 30 * time.Millisecond
	near, far := linked(t, Link{delay, linkSize})
	client, server, took := connected(t, near, far, far.Addr4(0).String())
	go func() { _, _ = io.Copy(server, server) }()
	least := took
	for range 5 { // of which some may find the processors busy
		if took < 2*delay {
			t.Errorf("there and back took %v", took)
		}
		least = min(least, took)
		began := time.Now()
		if _, err := client.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		took = time.Since(began)
	}
	if least > 2*delay+delay/2 {
		t.Errorf("there and back took %v at least", least)
	}
}

func TestALinkCarriesBulkBothWays(t *testing.T) {
	near, far := linked(t, Link{5 * time.Millisecond, linkSize})
	for _, addr := range []string{far.Addr4(0).String(), far.Addr6(0).String()} {
		client, server, _ := connected(t, near, far, addr)
		failed := make(chan error)
		for i, ends := range [][2]net.Conn{{client, server}, {server, client}} {
			want := make([]byte, 8<<20)
			rand.NewChaCha8([32]byte{byte(i)}).Read(want)
			go func() {
				_, err := ends[0].Write(want)
				failed <- err
			}()
			go func() {
				got := make([]byte, len(want))
				_, err := io.ReadFull(ends[1], got)
				if err == nil && !bytes.Equal(got, want) {
					err = errors.New("other bytes came")
				}
				failed <- err
			}()
		}
		for range 4 {
			if err := <-failed; err != nil {
				t.Error(addr, err)
			}
		}
	}
}

// wire is a pair of sockets that keep packets apart, of which one stands for an interface.
func wire(t *testing.T) (iface, wire *os.File) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	iface, wire = os.NewFile(uintptr(fds[0]), "interface"), os.NewFile(uintptr(fds[1]), "wire")
	t.Cleanup(func() { iface.Close(); wire.Close() })
	return iface, wire
}

func TestWhatDoesNotFitIsDropped(t *testing.T) {
	near, from := wire(t)
	far, to := wire(t)
	w := &way{from: from, to: to, fifo: newFifo(largest+100, packets)}
	for i := range byte(4) {
		if _, err := near.Write(bytes.Repeat([]byte{i}, 100)); err != nil {
			t.Fatal(err)
		}
		if err := w.take(0); err != nil {
			t.Fatal(err)
		}
	}
	if w.dropped != 2 {
		t.Errorf("%d of 4 packets were dropped", w.dropped)
	}
	if err := w.give(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 200)
	for i := range byte(2) {
		if n, err := far.Read(got); err != nil || !bytes.Equal(got[:n], bytes.Repeat([]byte{i}, 100)) {
			t.Errorf("packet %d: %d bytes, %v", i, n, err)
		}
	}
	if _, waits := w.wait(); waits {
		t.Error("something is left")
	}
}

func TestWhatIsNotDueStays(t *testing.T) {
	near, from := wire(t)
	_, to := wire(t)
	w := &way{from: from, to: to, fifo: newFifo(largest, packets)}
	if _, err := near.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.take(time.Hour), w.give()); err != nil {
		t.Fatal(err)
	}
	if left, waits := w.wait(); !waits || left <= 59*time.Minute || left > time.Hour {
		t.Errorf("it waits %v: %v", left, waits)
	}
}
