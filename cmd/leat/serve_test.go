package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os/exec"
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

// says waits until the log has a text.
func (p *process) says(text string) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(p.said(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("it does not say %s, but %s", text, p.said())
		}
	}
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
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.says(`"msg":"stopped"`) // before wait, which closes the pipe
	if s := p.wait(); s != exitOK {
		t.Fatalf("exit status %d: %s", s, p.said())
	}
	all := metricsLines(t, p.said())
	last := all[len(all)-1]
	if last.Msg != "metrics at the end" || last.Requests != 3 || last.In != 14 || last.Out != 14 || last.Total != 1 || last.Active != 0 || last.Time.IsZero() || last.Level != "INFO" {
		t.Errorf("the last line is %+v", last)
	}
	before := all[len(all)-2]
	if before.Msg != "metrics" || before.Active != 1 || before.Lanes < 3 || before.Goroutines < 1 || before.HeapMB <= 0 {
		t.Errorf("the line before it is %+v", before)
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
