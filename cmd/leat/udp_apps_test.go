package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	client "github.com/smira/go-statsd"

	"github.com/leat-io/leat/cmd/leat/load/datagram"
	"github.com/leat-io/leat/pipeline"
)

// program is the path of a real client.
func program(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("there is no %s here; Debian has it in %s", name, pkg)
	}
	return path
}

// tell has nc send a datagram.
func tell(t *testing.T, address, text string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	c := exec.Command(program(t, "nc", "netcat-openbsd"), "-u", "-q0", host, port)
	c.Stdin = strings.NewReader(text)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("nc: %v: %s", err, out)
	}
}

// stop drains a server and returns what it has written to a file.
func (p *process) stop(t *testing.T, file string) string {
	t.Helper()
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Fatalf("exit status %d: %s", s, p.said())
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hasLine says whether a text has a line that begins so.
func hasLine(text, prefix string) bool {
	return strings.HasPrefix(text, prefix) || strings.Contains(text, "\n"+prefix)
}

// What had arrived when the signal came is in the last flush.
func TestStatsDClientsAreServed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics")
	p := serveUDP(t, "--app", "statsd", "--workers", "2", "--output", file, "--every", "1h", "--metrics-every", "20ms")
	tell(t, p.address, "nc.hits:3|c\nnc.hits:4|c\nnonsense\n")
	c := client.NewClient(p.address, client.MetricPrefix("app."), client.TagStyle(client.TagFormatDatadog), client.FlushInterval(10*time.Millisecond))
	c.Incr("first", 1)
	p.says(`"requests":2,`) // a client that is closed before it has its socket sends nothing
	for i := range int64(100) {
		c.Incr("requests", 1, client.StringTag("code", "200"))
		c.PrecisionTiming("took", time.Duration(i+1)*time.Millisecond)
		c.SetAdd("users", fmt.Sprint("user", i%10))
	}
	c.Gauge("depth", 7)
	c.GaugeDelta("depth", -3)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	got := p.stop(t, file)
	for _, want := range []string{
		"nc.hits.count 7 ", "app.requests.count;code=200 100 ", "app.took.count 100 ", "app.took.max 100 ", "app.users.unique 10 ", "app.depth 4 ",
	} {
		if !hasLine(got, want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if want := `parse.malformed = 1 no colon behind the name; the first: "nonsense"`; !strings.Contains(p.out.String(), want) {
		t.Errorf("it does not say %q: %s", want, p.out.String())
	}
}

func TestLoggerIsServed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "messages")
	p := serveUDP(t, "--app", "syslog", "--output", file)
	host, port, _ := net.SplitHostPort(p.address)
	for _, args := range [][]string{
		{"--rfc5424", "--sd-id", "x@1", "--sd-param", `a="b"`, "--msgid", "M1", "-p", "local3.warn", "-t", "newer", "hello 5424"},
		{"--rfc3164", "-p", "daemon.err", "-t", "older", "hello 3164"},
	} {
		c := exec.Command(program(t, "logger", "bsdutils"), append([]string{"--udp", "--server", host, "--port", port}, args...)...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("logger: %v: %s", err, out)
		}
	}
	tell(t, p.address, "not a message")
	type message struct {
		Format, Facility, Severity, App, MsgID, Message, Error string
		Data                                                   map[string]map[string]string
		Timestamp                                              time.Time
	}
	all := map[string]message{}
	for line := range strings.Lines(p.stop(t, file)) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all[m.Message] = m
	}
	newer, older, bad := all["hello 5424"], all["hello 3164"], all["not a message"]
	if newer.Format != "rfc5424" || newer.Facility != "local3" || newer.Severity != "warning" || newer.App != "newer" || newer.MsgID != "M1" || newer.Data["x@1"]["a"] != "b" {
		t.Errorf("%+v", newer)
	}
	if older.Format != "rfc3164" || older.Facility != "daemon" || older.Severity != "error" || older.App != "older" || time.Since(older.Timestamp).Abs() > time.Hour {
		t.Errorf("%+v", older)
	}
	if bad.Error == "" || len(all) != 3 {
		t.Errorf("%+v", all)
	}
}

func TestFlowsOfRealClientsAreCounted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report")
	p := serveUDP(t, "--app", "count", "--workers", "3", "--output", file, "--count-json", "--every", "0s")
	out, msg, status := leat(t, "load", "udp", "--send-only", "--address", p.address, "--flows", "3", "--rate", "5000", "--requests", "999", "--batch", "1")
	if status != exitOK {
		t.Fatalf("status %d: %s%s", status, out, msg)
	}
	tell(t, p.address, "hello")
	var r struct {
		Final          bool
		Packets, Flows int
		Top            []struct{ Packets, Error int }
	}
	text := p.stop(t, file)
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	const ends = 3 * 3 // each flow says three times that it ends
	if !r.Final || r.Packets != 999+ends+1 || r.Flows != 4 || len(r.Top) != 4 || r.Top[0].Packets != 336 || r.Top[3].Packets != 1 {
		t.Errorf("%s", text)
	}
}

func TestLoadOfDatagramsIsAnswered(t *testing.T) {
	p := serveUDP(t, "--app", "echo")
	out, msg, status := leat(t, "load", "udp", "--address", p.address, "--rate", "5000", "--flows", "4", "--requests", "2000", "--json", "--expect", "loss=0%,duplicates=0,corrupt=0,errors=0")
	var r datagram.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != exitOK || r.Received != 2000 {
		t.Fatalf("status %d, %v: %s%s", status, err, out, msg)
	}
	_, msg, status = leat(t, "load", "udp", "--address", p.address, "--requests", "10", "--expect", "p50<1ns")
	if status != exitExpect || !strings.Contains(msg, "wanted p50<1ns") {
		t.Errorf("status %d: %s", status, msg)
	}
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, p.said())
	}
}

// A process sends and another receives: what is lost on the way between them is seen.
func TestASinkReceivesWhatAnotherProcessSends(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := c.LocalAddr().String()
	c.Close()
	var out bytes.Buffer
	sink := exec.Command(binary, "load", "udp", "--sink", "--address", address, "--json")
	sink.Stdout = &out
	if err := sink.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sink.Process.Kill() })
	awaitBound(t, address)
	if _, msg, status := leat(t, "load", "udp", "--send-only", "--address", address, "--rate", "10000", "--requests", "3000", "--flows", "2"); status != exitOK {
		t.Fatalf("status %d: %s", status, msg)
	}
	if err := sink.Wait(); err != nil {
		t.Fatal(err)
	}
	var r datagram.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || r.Sent != 3000 || r.Received != 3000 || r.Flows != 2 || r.Unended != 0 {
		t.Errorf("%v: %s", err, out.String())
	}
}

// awaitBound waits until somebody listens on an address: until then the system refuses what is sent to it.
func awaitBound(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 1000 {
		c.Write([]byte("?"))
		time.Sleep(5 * time.Millisecond) // over loopback a refusal has come by then
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
	}
	t.Fatalf("nobody listens on %s", address)
}

func TestTheAssembliesOfUDPAreDrawn(t *testing.T) {
	for app, nodes := range map[string]string{
		"count": "udp by flow count figures report write", "statsd": "udp parse by series aggregate lines write", "syslog": "udp by peer parse lines write",
	} {
		out, msg, status := leat(t, "graph", "udp", "--app", app, "--json")
		var g pipeline.Graph
		if err := json.Unmarshal([]byte(out), &g); err != nil || status != exitOK {
			t.Fatalf("status %d, %v: %s%s", status, err, out, msg)
		}
		var names []string
		for _, n := range g.Nodes {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); got != nodes {
			t.Errorf("%s is %s, want %s", app, got, nodes)
		}
	}
}

func TestMisuseOfUDPIsAnsweredWithASentence(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"udp", "--app", "pigeon"}, exitUsage, `there is no app "pigeon"; choose count, echo, statsd, syslog`},
		{[]string{"udp", "--app", "statsd", "--lanes", "2", "--workers", "0"}, exitUsage, "the app statsd keeps state by key: with 2 lanes it wants workers"},
		{[]string{"udp", "--app", "statsd", "--every", "0s"}, exitUsage, "at least 10ms, not 0s"},
		{[]string{"udp", "--app", "statsd", "--statsd-quantiles", "0.5,99"}, exitUsage, "a quantile must be above 0 and at most 1, not 99"},
		{[]string{"udp", "--app", "count", "--count-top", "0"}, exitUsage, "flows in a report must be between 1 and 1000, not 0"},
		{[]string{"udp", "--app", "count", "--listen", "127.0.0.1:0", "--output", "/no/such/folder"}, exitFailed, "/no/such/folder"},
		{[]string{"load", "udp", "--duration", "1s", "--message", "3"}, exitUsage, "a datagram of 3 bytes is not within 48 and 65507"},
		{[]string{"load", "udp"}, exitUsage, "neither a number of requests nor a duration says when to end"},
		{[]string{"load", "udp", "--sink", "--send-only"}, exitUsage, "two roles"},
		{[]string{"load", "udp", "--requests", "1", "--expect", "loss<1"}, exitUsage, "a percentage from 0% to 100%"},
		{[]string{"load", "udp", "what"}, exitUsage, `there is "what"`},
	} {
		if out, msg, status := leat(t, c.args...); status != c.status || !strings.Contains(msg, c.want) {
			t.Errorf("leat %v: status %d, said %q%s; wanted %d and %q", c.args, status, msg, out, c.status, c.want)
		}
	}
}
