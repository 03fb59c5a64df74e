package tcp_test

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"

	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// kept is what a keeper has taken, once it has.
func (k *keeper) kept(t *testing.T) stage.Accepted {
	t.Helper()
	until(t, "it is taken", func() bool { return k.len() > 0 })
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen[len(k.seen)-1]
}

// heading runs an Acceptor whose connections a keeper takes.
func heading(t *testing.T, opts ...tcp.Option) (k *keeper, addr string, gauge func(string) string, stop func() error) {
	t.Helper()
	k = &keeper{}
	addr, gauge, stop = offering(t, 10*time.Second, func(f *pipeline.Flow[stage.Accepted]) { f.To("keep", k.make) }, opts...)
	t.Cleanup(func() { k.letGo(nil) })
	return k, addr, gauge, stop
}

// drip sends b in pieces.
func drip(t *testing.T, c net.Conn, b []byte, size int) {
	t.Helper()
	for piece := range slices.Chunk(b, size) {
		if _, err := c.Write(piece); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Microsecond) // so that some of the pieces are read apart
	}
}

// helloOf is the ClientHello of crypto/tls.
func helloOf(t *testing.T, name string, protocols ...string) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer b.Close()
	go func() {
		_ = tls.Client(a, &tls.Config{ServerName: name, NextProtos: protocols, InsecureSkipVerify: true}).Handshake()
		a.Close()
	}()
	header := make([]byte, 5)
	if _, err := io.ReadFull(b, header); err != nil {
		t.Fatal(err)
	}
	record := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(b, record); err != nil {
		t.Fatal(err)
	}
	return append(header, record...)
}

const (
	clientV1 = "PROXY TCP4 192.0.2.1 198.51.100.7 4711 443\r\n"
	signedV2 = "0d0a0d0a000d0a515549540a"
)

func unhex(t *testing.T, text string) string {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAPROXYHeaderSaysWhoTheClientIs(t *testing.T) {
	const socket = "" // the addresses of the socket count
	for name, c := range map[string]struct{ header, client, server string }{
		"version 1":      {clientV1, "192.0.2.1:4711", "198.51.100.7:443"},
		"version 1, v6":  {"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "[2001:db8::1]:1", "[2001:db8::2]:2"},
		"UNKNOWN":        {"PROXY UNKNOWN\r\n", socket, socket},
		"version 2":      {unhex(t, signedV2+"2111000c"+"c0000201c6336407"+"126701bb"), "192.0.2.1:4711", "198.51.100.7:443"},
		"LOCAL":          {unhex(t, signedV2+"20000000"), socket, socket},
		"version 2, TLV": {unhex(t, signedV2+"21110011"+"c0000201c6336407"+"126701bb"+"0200026162"), "192.0.2.1:4711", "198.51.100.7:443"},
	} {
		for _, behind := range []string{"", "request"} {
			for _, size := range []int{1, 7, 1000} {
				t.Run(fmt.Sprintf("%s, %q, by %d", name, behind, size), func(t *testing.T) {
					k, addr, gauge, stop := heading(t, tcp.ProxyProtocol("10.0.0.0/8, 127.0.0.1"), tcp.Reactor(2))
					conn := connect(t, addr)
					drip(t, conn, []byte(c.header+behind), size)
					a := k.kept(t)
					client, server := conn.LocalAddr().String(), addr
					if c.client != socket {
						client, server = c.client, c.server
					}
					if a.Client.String() != client || a.Server.String() != server {
						t.Errorf("from %v to %v, not from %s to %s", a.Client, a.Server, client, server)
					}
					if got := string(a.First) + rest(t, k, len(behind)-len(a.First)); got != behind || size == 1000 && string(a.First) != behind {
						t.Errorf("behind the header came %q, of that %q first, not %q", got, a.First, behind)
					}
					if n, w := gauge("PROXY headers"), gauge("waiting for what comes first"); n != "1" || w != "0" {
						t.Errorf("%s headers were read, and %s wait", n, w)
					}
					k.letGo(nil)
					if err := stop(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// rest reads so many bytes from the descriptor that a keeper has.
func rest(t *testing.T, k *keeper, n int) string {
	t.Helper()
	b := make([]byte, max(n, 0))
	have := 0
	until(t, "the rest has come", func() bool {
		if have == len(b) {
			return true
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		if got, err := syscall.Read(k.fds[0], b[have:]); err == nil {
			have += got
		}
		return have == len(b)
	})
	return string(b)
}

// A header from a network that is not listed is what the client says: it changes nothing and is passed on, and nobody waits for more.
func TestASpoofedHeaderIsData(t *testing.T) {
	k, addr, gauge, _ := heading(t, tcp.ProxyProtocol("10.0.0.0/8, unix, 127.0.0.2"), tcp.MaxConnsPerAddress(1))
	c := connect(t, addr)
	if _, err := c.Write([]byte(clientV1)); err != nil {
		t.Fatal(err)
	}
	a := k.kept(t)
	if a.Client.String() != c.LocalAddr().String() || a.Server.String() != addr {
		t.Errorf("from %v to %v", a.Client, a.Server)
	}
	if got := string(a.First) + rest(t, k, len(clientV1)-len(a.First)); got != clientV1 {
		t.Errorf("%q was passed on", got)
	}
	ends(t, connect(t, addr)) // it counts as its socket's
	if n := gauge("PROXY headers"); n != "0" {
		t.Errorf("%s headers were believed", n)
	}
}

func TestAListedPeerMustSendAHeader(t *testing.T) {
	for _, text := range []string{"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 x\r\n", "PROXY " + strings.Repeat("x", 200), "\r\n\r\n\x00\r\nQUIT\nx"} {
		k, addr, gauge, _ := heading(t, tcp.ProxyProtocol("127.0.0.1"))
		c := connect(t, addr)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		ends(t, c)
		until(t, "it is counted", func() bool { return gauge("closed: PROXY header") == "1" })
		if k.len() != 0 {
			t.Errorf("%q: %d were taken", text, k.len())
		}
	}
}

func TestAPeerOfAUnixSocketIsListedByAWord(t *testing.T) {
	for _, list := range []string{"unix", "127.0.0.1"} {
		k := &keeper{}
		a := tcp.Accept("unix:"+filepath.Join(t.TempDir(), "s"), tcp.ProxyProtocol(list))
		p := pipeline.New("unix")
		p.From(a).To("keep", k.make)
		if err := a.Bind(); err != nil {
			t.Fatal(err)
		}
		stop := start(t, p)
		c, err := net.Dial("unix", a.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, clientV1); err != nil {
			t.Fatal(err)
		}
		if got := k.kept(t).Client; got.IsValid() != (list == "unix") {
			t.Errorf("%s: the client is %v", list, got)
		}
		k.letGo(nil)
		c.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestAClientHelloSaysWhichNameIsWanted(t *testing.T) {
	plain, bare := helloOf(t, "api.example.org", "h2", "http/1.1"), helloOf(t, "127.0.0.1")
	long := helloOf(t, "long.example.org", slices.Repeat([]string{strings.Repeat("p", 200)}, 60)...)
	for _, c := range []struct {
		what, before string
		hello        []byte
		want         stage.Hello
	}{
		{"a name", "", plain, stage.Hello{ServerName: "api.example.org", Protocols: []string{"h2", "http/1.1"}}},
		{"no name", "", bare, stage.Hello{}},
		{"a long one", "", long, stage.Hello{ServerName: "long.example.org", Protocols: slices.Repeat([]string{strings.Repeat("p", 200)}, 60)}},
		{"behind a header", clientV1, plain, stage.Hello{ServerName: "api.example.org", Protocols: []string{"h2", "http/1.1"}}},
	} {
		for _, size := range []int{13, 1000, 1 << 20} {
			t.Run(fmt.Sprintf("%s by %d", c.what, size), func(t *testing.T) {
				opts := []tcp.Option{tcp.ServerNames()}
				if c.before != "" {
					opts = append(opts, tcp.ProxyProtocol("127.0.0.1"))
				}
				k, addr, gauge, _ := heading(t, opts...)
				conn := connect(t, addr)
				drip(t, conn, slices.Concat([]byte(c.before), c.hello), size)
				a := k.kept(t)
				if a.Hello == nil || a.Hello.ServerName != c.want.ServerName || !slices.Equal(a.Hello.Protocols, c.want.Protocols) {
					t.Errorf("the hello is %+v, not %+v", a.Hello, c.want)
				}
				if !bytes.Equal(a.First, c.hello) {
					t.Errorf("%d bytes came first, not the %d of the hello", len(a.First), len(c.hello))
				}
				if want := "192.0.2.1:4711"; c.before != "" && a.Client.String() != want {
					t.Errorf("the client is %v, not %s", a.Client, want)
				}
				if n := gauge("without a ClientHello"); n != "0" {
					t.Errorf("%s had no hello", n)
				}
			})
		}
	}
}

func TestWhatIsNoTLSGoesOnWithoutAHello(t *testing.T) {
	k, addr, gauge, _ := heading(t, tcp.ServerNames())
	for i, text := range []string{"S", "GET / HTTP/1.1\r\n\r\n", "\x16\x02\x00", "\x16\x03\x01\x00\x05\x02", clientV1} {
		c := connect(t, addr)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		until(t, "it is taken", func() bool { return k.len() == i+1 })
		if a := k.kept(t); a.Hello != nil || string(a.First) != text {
			t.Errorf("%q goes on as %q with %+v", text, a.First, a.Hello)
		}
		if got := gauge("without a ClientHello"); got != fmt.Sprint(i+1) {
			t.Errorf("%s had no hello, not %d", got, i+1)
		}
	}
}

func TestABrokenClientHelloIsClosed(t *testing.T) {
	broken := helloOf(t, "api.example.org")
	at := bytes.Index(broken, []byte("api.example.org"))
	broken[at] = ' '
	k, addr, gauge, _ := heading(t, tcp.ServerNames())
	c := connect(t, addr)
	if _, err := c.Write(broken); err != nil {
		t.Fatal(err)
	}
	ends(t, c)
	until(t, "it is counted", func() bool { return gauge("closed: ClientHello") == "1" })
	if k.len() != 0 {
		t.Errorf("%d were taken", k.len())
	}
}

// Where the server speaks first, its clients say nothing.
func TestNobodyWaitsForWhatNeedNotCome(t *testing.T) {
	for name, opts := range map[string][]tcp.Option{"none": nil, "not listed": {tcp.ProxyProtocol("10.0.0.0/8")}, "the header is all": {tcp.ProxyProtocol("127.0.0.1")}} {
		k, addr, _, _ := heading(t, opts...)
		c := connect(t, addr)
		if name == "the header is all" {
			if _, err := io.WriteString(c, clientV1); err != nil {
				t.Fatal(err)
			}
		}
		k.kept(t)
	}
}

func TestWhoLeavesEarlyIsClosedAndCounted(t *testing.T) {
	k, addr, gauge, stop := heading(t, tcp.ProxyProtocol("127.0.0.1"), tcp.ServerNames())
	for _, text := range []string{"", "PROXY TC", clientV1, clientV1 + "\x16\x03\x01"} {
		c := connect(t, addr).(*net.TCPConn)
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		ends(t, c)
	}
	c := connect(t, addr).(*net.TCPConn)
	until(t, "it waits", func() bool { return gauge("waiting for what comes first") == "1" })
	_ = c.SetLinger(0)
	c.Close()
	until(t, "the reset is seen", func() bool { return gauge("closed: reset") == "1" })
	if n, w := gauge("closed: left early"), gauge("waiting for what comes first"); n != "4" || w != "0" || k.len() != 0 {
		t.Errorf("%s left early, %s wait, %d were taken", n, w, k.len())
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// The client that the header names is counted, and not the proxy.
func TestTheLimitsOfAnAddressCountTheClientOfTheHeader(t *testing.T) {
	k, addr, gauge, _ := heading(t, tcp.ProxyProtocol("127.0.0.1"), tcp.MaxConnsPerAddress(2), tcp.AcceptRatePerAddress(1e-3, 3))
	say := func(client string) net.Conn {
		c := connect(t, addr)
		if _, err := fmt.Fprintf(c, "PROXY TCP4 %s 198.51.100.7 4711 443\r\n", client); err != nil {
			t.Fatal(err)
		}
		return c
	}
	for i, client := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3"} {
		say(client)
		until(t, "it is taken", func() bool { return k.len() == i+1 })
	}
	ends(t, say("192.0.2.1"))
	until(t, "it is counted", func() bool { return gauge("closed: too many of one address") == "1" })
	k.letGo(nil)
	until(t, "there is room", func() bool { return gauge("open") == "0" })
	say("192.0.2.1")
	until(t, "there is room again", func() bool { return k.len() == 1 })
	ends(t, say("192.0.2.1"))
	until(t, "it is counted", func() bool { return gauge("closed: too many a second of one address") == "1" })
}

// What had arrived at a stop is accepted, and who had not said all by then is closed.
func TestWhatCameFirstBeforeAStopIsAccepted(t *testing.T) {
	k := &keeper{}
	hold, held := make(chan struct{}), make(chan struct{})
	addr, gauge, stop := offering(t, 10*time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Via("hold", stage.Do(func(a *stage.Accepted) {
			if string(a.First) == "hold" {
				close(held)
				<-hold
			}
		})).To("keep", k.make)
	}, tcp.Reactor(1), tcp.ProxyProtocol("127.0.0.1"))
	early := connect(t, addr)
	if _, err := io.WriteString(early, "PROXY TCP"); err != nil {
		t.Fatal(err)
	}
	until(t, "it waits", func() bool { return gauge("waiting for what comes first") == "1" })
	silent := connect(t, addr)
	if _, err := io.WriteString(connect(t, addr), clientV1+"hold"); err != nil {
		t.Fatal(err)
	}
	<-held
	late := connect(t, addr) // in the backlog
	for c, text := range map[net.Conn]string{early: "4 192.0.2.1 198.51.100.7 1 2\r\nearly", late: clientV1 + "late"} {
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}
	ended := make(chan error)
	go func() { ended <- stop() }()
	time.Sleep(10 * time.Millisecond)
	close(hold)
	until(t, "three are taken", func() bool { return k.len() == 3 })
	ends(t, silent)
	k.letGo(nil)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := gauge("closed: stopped"); n != "1" {
		t.Errorf("%q were closed for the stop, not 1", n)
	}
}

// Messages that cross a queue keep what came first.
func TestWhatCameFirstCrossesAQueue(t *testing.T) {
	k := &keeper{}
	addr, _, stop := offering(t, 10*time.Second, func(f *pipeline.Flow[stage.Accepted]) {
		f.Queue("queue", queue.Ring[stage.Accepted]).To("keep", k.make)
	}, tcp.ServerNames())
	hello := helloOf(t, "api.example.org", "h2")
	for range 100 {
		c := connect(t, addr)
		if _, err := c.Write(hello); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all are taken", func() bool { return k.len() == 100 })
	for _, a := range k.seen {
		if !bytes.Equal(a.First, hello) || a.Hello == nil || a.Hello.ServerName != "api.example.org" {
			t.Fatalf("%d bytes and %+v came through", len(a.First), a.Hello)
		}
	}
	k.letGo(nil)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// Clients that stall in what comes first keep nobody waiting, and are closed when their time is over.
func TestStalledClientsKeepNobodyWaiting(t *testing.T) {
	n := 5000
	if testing.Short() || raceEnabled {
		n = 500
	}
	limits := stage.DefaultLimits
	limits.FirstMessage = 3 * time.Second
	k, addr, gauge, stop := heading(t, tcp.ServerNames(), tcp.Limits(limits), tcp.Reactor(1))
	hello := helloOf(t, "api.example.org")
	began := time.Now()
	var conns []net.Conn
	for i := range n {
		c := connect(t, addr)
		if _, err := c.Write(hello[:i%len(hello)]); err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	c := connect(t, addr)
	if _, err := c.Write(hello); err != nil {
		t.Fatal(err)
	}
	k.kept(t)
	for _, c := range conns {
		ends(t, c)
	}
	if took := time.Since(began); took < limits.FirstMessage {
		t.Errorf("they were closed after %v, before their time of %v", took, limits.FirstMessage)
	}
	until(t, "all are counted", func() bool { return gauge("closed: first message") == fmt.Sprint(n) })
	if k.len() != 1 {
		t.Errorf("%d were taken", k.len())
	}
	k.letGo(nil)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestOptionsOfWhatComesFirstAreChecked(t *testing.T) {
	if err := tcp.Accept("127.0.0.1:0", tcp.ProxyProtocol("10.0.0.0/8, everybody")).Bind(); err == nil || !strings.Contains(err.Error(), `"everybody" is no address`) {
		t.Errorf("%v", err)
	}
	for _, o := range []tcp.Option{tcp.ProxyProtocol("127.0.0.1"), tcp.ProxyProtocol("x"), tcp.ServerNames()} {
		wantError(t, tcp.Listen("127.0.0.1:0", o), "are for tcp.Accept")
	}
}

// The sizes that are promised: what waits has at most a ClientHello, and any split of it is understood.
func TestTheLargestHelloFits(t *testing.T) {
	hello := []byte("\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00")
	extensions := preface.MaxHello - len(hello) - 2
	hello = append(hello, byte(extensions>>8), byte(extensions))
	hello = append(hello, 0, 21, byte((extensions-4)>>8), byte(extensions-4)) // padding, RFC 7685
	hello = append(hello, make([]byte, extensions-4)...)
	k, addr, _, _ := heading(t, tcp.ServerNames())
	c := connect(t, addr)
	drip(t, c, append(hello, "more"...), 1500)
	a := k.kept(t)
	if a.Hello == nil || !bytes.HasPrefix(a.First, hello) || len(a.First) > len(hello) {
		t.Errorf("%d bytes came first with %+v", len(a.First), a.Hello)
	}
	if got := rest(t, k, 4); got != "more" {
		t.Errorf("%q came behind it", got)
	}
}
