package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A metricsLine is what the log says about the server now and then.
type metricsLine struct {
	Msg, Level string
	Time       time.Time
	Active     int
	Total      int
	Requests   int
	In         int `json:"bytes_in"`
	Out        int `json:"bytes_out"`
	Lanes      int
	Goroutines int
	HeapMB     float64 `json:"heap_mb"`
}

func metricsLines(t *testing.T, said string) (all []metricsLine) {
	t.Helper()
	for line := range strings.Lines(said) {
		var l metricsLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if strings.HasPrefix(l.Msg, "metrics") {
			all = append(all, l)
		}
	}
	return all
}

// until waits for something that shows in the log.
func (p *process) until(what string, f func(said string) bool) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !f(p.said()); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("it never %s; it said %s", what, p.said())
		}
	}
}

// works waits until a server that was started with --metrics-every 20ms has had requests.
func (p *process) works() {
	p.t.Helper()
	p.until("has had a request", func(said string) bool {
		whole := said[:strings.LastIndexByte(said, '\n')+1]
		return slices.ContainsFunc(metricsLines(p.t, whole), func(l metricsLine) bool { return l.Requests > 0 })
	})
}

// says waits until the log has a text.
func (p *process) says(text string) {
	p.t.Helper()
	p.until("says "+text, func(said string) bool { return strings.Contains(said, text) })
}

func TestAServerWritesItsMetricsAndThoseOfTheWholeRunAtSIGTERM(t *testing.T) {
	p := serve(t, "--metrics-every", "20ms", "--workers", "2")
	nc, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := fmt.Fprint(nc, "one\ntwo\nthree\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(nc, make([]byte, len("one\ntwo\nthree\n"))); err != nil {
		t.Fatal(err)
	}
	p.says(`"requests":3`)
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Fatalf("exit status %d: %s", s, p.said())
	}
	all := metricsLines(t, p.said())
	last := all[len(all)-1]
	if last.Msg != "metrics at the end" || last.Requests != 3 || last.In != 14 || last.Out != 14 || last.Total != 1 || last.Active != 0 || last.Time.IsZero() || last.Level != "INFO" {
		t.Errorf("the last line is %+v", last)
	}
	// The first with all three was there before the signal; at a later one the connection may have ended.
	i := slices.IndexFunc(all, func(l metricsLine) bool { return l.Requests == 3 })
	if l := all[i]; l.Msg != "metrics" || l.Active != 1 || l.Lanes < 3 || l.Goroutines < 1 || l.HeapMB <= 0 {
		t.Errorf("the first with all requests is %+v", l)
	}
}

func TestAServerIsSilentWhenItIsAskedTo(t *testing.T) {
	p := serve(t, "--metrics-every", "0")
	p.end(syscall.SIGTERM)
	if got := metricsLines(t, p.said()); len(got) != 0 {
		t.Errorf("without metrics it writes %+v", got)
	}
}

func TestTheLogForPeopleIsNotJSON(t *testing.T) {
	p := &process{t: t, cmd: exec.Command(binary, "tcp", "--listen", "127.0.0.1:0", "--log-format", "console")}
	p.begin(nil)
	p.says("INFO\tlistening\t")
	if s := p.end(syscall.SIGTERM); s != exitOK {
		t.Errorf("exit status %d: %s", s, p.said())
	}
}
