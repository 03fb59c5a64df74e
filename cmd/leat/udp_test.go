package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/pipeline"
)

func TestNetcatIsServedByUDP(t *testing.T) {
	if _, err := exec.LookPath("nc"); err != nil {
		t.Skip("there is no nc here; Debian has it in netcat-openbsd")
	}
	for _, source := range []string{"std", "mmsg", "gro"} {
		p := serveUDP(t, "--source", source, "--workers", "2")
		host, port, _ := net.SplitHostPort(p.address)
		c := exec.Command("nc", "-u", "-w1", host, port)
		c.Stdin = strings.NewReader("hello\n")
		if out, err := c.CombinedOutput(); err != nil || string(out) != "hello\n" {
			t.Errorf("%s: nc has %q, %v", source, out, err)
		}
		if s := p.end(syscall.SIGTERM); s != exitOK {
			t.Errorf("%s: exit status %d: %s", source, s, p.said())
		}
	}
}

// Everything that the source has received by the end has been sent back, or is counted as dropped.
func TestAUDPServerDrainsUnderLoad(t *testing.T) {
	p := serveUDP(t, "--workers", "2", "--lanes", "2", "--json")
	stop := make(chan struct{})
	defer close(stop)
	for range 2 {
		c, err := net.Dial("udp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() {
			b := make([]byte, 64)
			for {
				select {
				case <-stop:
					return
				default:
					c.Write(b)
				}
			}
		}()
	}
	time.Sleep(300 * time.Millisecond)
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Fatalf("exit status %d: %s", s, p.said())
	}
	var stats pipeline.Stats
	if err := json.Unmarshal(p.out.Bytes(), &stats); err != nil {
		t.Fatal(err)
	}
	received, joint, sent := stats.Node("udp").Out, stats.Node("by peer"), stats.Node("send").In
	if received == 0 || received != sent+joint.Dropped {
		t.Errorf("%d were received, %d sent and %d dropped", received, sent, joint.Dropped)
	}
	for _, name := range []string{"engine", "receive buffer", "dropped by the kernel", "truncated"} {
		if !slices.ContainsFunc(stats.Node("udp").Gauges, func(g pipeline.Gauge) bool { return g.Name == name }) {
			t.Errorf("the gauge %q is missing", name)
		}
	}
}

func TestSettingsOfAUDPServerAreChecked(t *testing.T) {
	out, _, status := leatIn(t, []string{"LEAT_UDP_MAX_DATAGRAM=64KiB"}, "udp", "--check", "--lanes", "3")
	if status != exitUsage || !strings.Contains(out, "LEAT_UDP_MAX_DATAGRAM") {
		t.Errorf("64 KiB, one byte more than there is: status %d, %s", status, out)
	}
	out, _, status = leatIn(t, []string{"LEAT_UDP_MAX_DATAGRAM=9000"}, "udp", "--check", "--lanes", "3")
	if status != exitOK || !strings.Contains(out, "udp.lanes") {
		t.Errorf("status %d, %s", status, out)
	}
	_, said, status := leat(t, "udp", "--when-full", "wait")
	if status != exitUsage || !strings.Contains(said, "choose drop-newest, drop-oldest, block") {
		t.Errorf("status %d, %s", status, said)
	}
}

// Whoever reads the standard output may go away: that is an error, which is said, and not the end by a signal.
func TestAReaderOfTheOutputThatGoesAwayIsAnError(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := made(t, "udp", "--app", "syslog")
	p.cmd.Stdout = w
	p.listen()
	w.Close()
	r.Close()
	c, err := net.Dial("udp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "<13>one message")
	if s := p.wait(); s <= exitOK || !strings.Contains(p.said(), "broken pipe") {
		t.Errorf("exit status %d; it said %s", s, p.said())
	}
}

func TestALoadOfDatagramsThatNobodyAnswersFails(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // it is there, and says nothing
	out, msg, status := leat(t, "load", "udp", "--address", c.LocalAddr().String(), "--requests", "10", "--timeout", "100ms")
	if status == exitOK || !strings.Contains(msg, "nothing came from "+c.LocalAddr().String()) || !strings.Contains(out, "lost") {
		t.Errorf("exit status %d, %s, %s", status, out, msg)
	}
}
