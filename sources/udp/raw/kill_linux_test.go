package raw_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/leat-io/leat/internal/vethtest"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/udp"
)

// serveAsChild echoes until it is killed: "packet ring,near,10.77.0.1:9000".
func serveAsChild(args string) {
	words := strings.Split(args, ",")
	s := udp.Listen(words[2], engines[words[0]](words[1]))
	p := pipeline.New("child")
	p.From(s).To("send", udp.Send())
	if err := s.Bind(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
}

// rules is how many programs there are on the ingress of the host's interface, and in its XDP.
func rules(t *testing.T, h *vethtest.Host) (tcx, xdp int) {
	t.Helper()
	h.Do(func() {
		q, err := link.QueryPrograms(link.QueryOptions{Target: h.Index, Attach: ebpf.AttachTCXIngress})
		if err != nil {
			t.Error(err)
			return
		}
		tcx = len(q.Programs)
	})
	return tcx, strings.Count(h.IP(t, "link show "+h.Iface), "prog/xdp")
}

func wantRules(t *testing.T, h *vethtest.Host, wantTCX, wantXDP int) {
	t.Helper()
	tcx, xdp := rules(t, h)
	for end := time.Now().Add(5 * time.Second); (tcx != wantTCX || xdp != wantXDP) && time.Now().Before(end); tcx, xdp = rules(t, h) {
		time.Sleep(10 * time.Millisecond)
	}
	if tcx != wantTCX || xdp != wantXDP {
		t.Errorf("%d rules and %d programs of XDP are on the interface, want %d and %d", tcx, xdp, wantTCX, wantXDP)
	}
}

// of is how many rules and programs of XDP an engine has.
var of = map[string][2]int{"packet ring": {1, 0}, "XDP": {0, 1}}

func TestAStopRemovesTheRule(t *testing.T) {
	each(t, func(t *testing.T, near, far *vethtest.Host, engine udp.Option) {
		wantRules(t, near, 0, 0)
		r := run(t, near, near.Addr4(port).String(), engine)
		name := engineName(r)
		wantRules(t, near, of[name][0], of[name][1])
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		wantRules(t, near, 0, 0)
		plain(t, near, far)
	})
}

// plain sees that a socket of the kernel has the address, and receives.
func plain(t *testing.T, near, far *vethtest.Host) {
	t.Helper()
	var c net.PacketConn
	var err error
	// A program that another test starts may have the descriptors of this process for a moment.
	for end := time.Now().Add(5 * time.Second); c == nil; time.Sleep(time.Millisecond) {
		near.Do(func() { c, err = net.ListenPacket("udp4", near.Addr4(port).String()) })
		if err != nil && time.Now().After(end) {
			t.Fatal(err)
		}
	}
	defer c.Close()
	if _, err := dial(t, far, near.Addr4(port)).Write([]byte("plain")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, _, err := c.ReadFrom(b); err != nil || string(b[:n]) != "plain" {
		t.Errorf("%q, %v", b[:n], err)
	}
}

func TestAProcessThatIsKilledLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := vethtest.Pair(t)
			far.FinishChecksums(t)
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), asChild+"="+strings.Join([]string{name, near.Iface, near.Addr4(port).String()}, ","))
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			near.Do(func() { err = cmd.Start() })
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Wait() }()
			defer cmd.Process.Kill()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("the child says %q, %v", line, err)
			}
			wantRules(t, near, of[name][0], of[name][1])
			exchange(t, dial(t, far, near.Addr4(port)), "word")
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			wantRules(t, near, 0, 0)
			plain(t, near, far)
		})
	}
}
