package udp_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/udp"
	"github.com/leat-io/leat/stage"
)

// A link is two network namespaces with a wire between them: a server lives in one and clients in the other.
type link struct {
	t              *testing.T
	server, client string
}

const serverAddr, clientAddr = "10.99.0.1", "10.99.0.2"

func newLink(t *testing.T) *link {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("there is no permission to make network namespaces")
	}
	for _, program := range []string{"ip", "tc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("there is no program", program)
		}
	}
	id := fmt.Sprint(os.Getpid() % 100000)
	l := &link{t, "leat-udp-s" + id, "leat-udp-c" + id}
	l.command("ip", "netns", "add", l.server)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", l.server).Run() })
	l.command("ip", "netns", "add", l.client)
	t.Cleanup(func() { exec.Command("ip", "netns", "del", l.client).Run() })
	l.command("ip", "link", "add", "wire0", "netns", l.server, "type", "veth", "peer", "name", "wire1", "netns", l.client)
	for ns, end := range map[string][2]string{l.server: {"wire0", serverAddr}, l.client: {"wire1", clientAddr}} {
		l.command("ip", "-n", ns, "addr", "add", end[1]+"/24", "dev", end[0])
		l.command("ip", "-n", ns, "link", "set", end[0], "up")
	}
	return l
}

func (l *link) command(name string, args ...string) {
	l.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// in runs f in a namespace. Sockets that it makes stay there.
func (l *link) in(ns string, f func()) {
	l.t.Helper()
	var done sync.WaitGroup
	done.Go(func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/run/netns/"+ns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			unix.Close(fd)
		}
		if err != nil {
			l.t.Error(err)
			return
		}
		f()
	})
	done.Wait()
}

func (l *link) dial(s *udp.Source) (c net.Conn) {
	l.t.Helper()
	var err error
	l.in(l.client, func() { c, err = net.Dial("udp4", s.Addr().String()) })
	if err != nil || c == nil {
		l.t.Fatal("no client", err)
	}
	l.t.Cleanup(func() { c.Close() })
	return c
}

// echoed sends until an answer has come.
func echoed(t *testing.T, c net.Conn) {
	t.Helper()
	b := make([]byte, 100)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		c.Write([]byte("again"))
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if n, err := c.Read(b); err == nil && string(b[:n]) == "again" {
			return
		}
	}
	t.Fatal("nothing comes back")
}

func TestASourceOutlivesItsInterface(t *testing.T) {
	l := newLink(t)
	s := udp.Listen(serverAddr + ":0")
	var bound error
	l.in(l.server, func() { bound = s.Bind() })
	if bound != nil {
		t.Fatal(bound)
	}
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) { f.To("send", udp.Send()) })
	c := l.dial(s)
	echoed(t, c)
	l.command("ip", "-n", l.server, "link", "set", "wire0", "down")
	for range 10 {
		c.Write([]byte("lost"))
	}
	l.command("ip", "-n", l.server, "link", "set", "wire0", "up")
	echoed(t, c)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// badly makes of a way to send one that loses a tenth, doubles a tenth, and puts a quarter off until four others have gone.
func badly(send func([]byte)) func([]byte) {
	random, late, since := rand.New(rand.NewPCG(1, 2)), [][]byte(nil), 0
	return func(b []byte) {
		if since++; since > 4 {
			for _, b := range late {
				send(b)
			}
			late, since = nil, 0
		}
		switch random.IntN(20) {
		case 0, 1:
			return
		case 2, 3:
			send(b)
		case 4, 5, 6, 7, 8:
			late = append(late, slices.Clone(b))
			return
		}
		send(b)
	}
}

// What the network loses, doubles and shuffles is not the source's doing: each copy that comes is one packet, whole, and the
// source loses none of them.
func TestABadNetworkIsPassedOnAsItIs(t *testing.T) {
	l := newLink(t)
	network := exec.Command("tc", "-n", l.client, "qdisc", "add", "dev", "wire1", "root", "netem", "loss", "10%", "duplicate", "10%", "delay", "1ms", "reorder", "25%", "50%").Run()
	const packets = 2000
	s := udp.Listen(serverAddr + ":0")
	var bound error
	l.in(l.server, func() { bound = s.Bind() })
	if bound != nil {
		t.Fatal(bound)
	}
	var mu sync.Mutex
	seen := map[uint32]int{}
	total, late, bad, last := 0, 0, 0, uint32(0)
	_, stop := running(t, s, func(f *pipeline.Flow[udp.Packet]) {
		f.Shard("by peer", 2, udp.ByPeer, queue.Ring, queue.DropNewest, queue.Cap(4096)).Via("note", stage.Do(func(p *udp.Packet) {
			mu.Lock()
			defer mu.Unlock()
			if len(p.Data) != 100 {
				bad++
				return
			}
			seq := binary.LittleEndian.Uint32(p.Data)
			seen[seq]++
			total++
			if seq < last {
				late++
			}
			last = max(last, seq)
		})).To("send", udp.Send())
	})
	c := l.dial(s)
	write := func(b []byte) { c.Write(b) }
	if network != nil {
		t.Log("without netem the sender does it by itself")
		write = badly(write)
	}
	b := make([]byte, 100)
	for i := range uint32(packets) {
		binary.LittleEndian.PutUint32(b, i)
		write(b)
		if i%50 == 49 {
			time.Sleep(time.Millisecond)
		}
	}
	received := func() (n int) {
		l.in(l.server, func() {
			b, err := os.ReadFile("/proc/thread-self/net/snmp")
			if err != nil {
				t.Error(err)
				return
			}
			for line := range strings.Lines(string(b)) {
				if strings.HasPrefix(line, "Udp: ") && !strings.Contains(line, "InDatagrams") {
					fmt.Sscanf(line, "Udp: %d", &n)
				}
			}
		})
		return n
	}
	time.Sleep(50 * time.Millisecond)
	eventually(t, "all that came has been dealt with", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return total == received()
	})
	if err := stop(); err != nil {
		t.Error(err)
	}
	doubled := 0
	for _, n := range seen {
		if n > 1 {
			doubled++
		}
	}
	if bad != 0 || len(seen) == packets || len(seen) < packets*3/4 || doubled == 0 || late == 0 {
		t.Errorf("of %d packets %d came, %d of them doubled, %d late, %d of another size", packets, len(seen), doubled, late, bad)
	}
}
