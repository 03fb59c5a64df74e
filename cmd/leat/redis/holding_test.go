//go:build unix

package redis

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Replies come on several lanes at once, and what they take together is never more than may be.
func TestWhatAllJoinsOfAClientHoldIsBounded(t *testing.T) {
	const parts, size = 4, 100
	of := &holding{most: 20 * size}
	reply := []byte(fmt.Sprintf("*1\r\n$%d\r\n%s\r\n", size-13, strings.Repeat("x", size-13)))
	joins := make([]*join, 100)
	for i := range joins {
		joins[i] = &join{how: behind, of: of, parts: make([]part, parts)}
		for k := range parts {
			joins[i].parts[k].join = joins[i]
		}
	}
	var lanes sync.WaitGroup
	for k := range parts - 1 { // those of one server are late
		lanes.Go(func() {
			for _, j := range joins {
				j.parts[k].take(reply)
				if n := of.bytes.Load(); n > of.most+parts*size { // each lane may be about to see that it is too much
					t.Errorf("%d bytes are held", n)
				}
			}
		})
	}
	lanes.Wait()
	whole := 0
	for _, j := range joins {
		j.parts[parts-1].take(reply)
		if got := string(j.append(nil)); strings.HasPrefix(got, "*4\r\n") {
			whole++
		} else if got != "-"+errLong+"\r\n" {
			t.Fatalf("got %q", got)
		}
	}
	if n := of.bytes.Load(); n != 0 || whole == 0 || whole > 20/(parts-1) {
		t.Errorf("%d bytes are held in the end, and %d answers were whole", n, whole)
	}
}

// A server that hangs must not have the proxy keep all that the others say meanwhile.
func TestAServerThatHangsDoesNotMakeAnswersPileUp(t *testing.T) {
	const size, requests = 100 << 10, 100
	limits := stage.DefaultLimits
	limits.OutHigh, limits.OutHard = 512<<10, 1<<20
	shards := shardsOf(redisServer(t), redisServer(t))
	r := run(t, shards, options{source: []tcp.Option{tcp.Limits(limits)}})
	k := r.spread()
	c := dial(t, "tcp", r.address)
	says(t, c, "SET "+k[0]+" "+strings.Repeat("x", size), "+OK", "SET "+k[1]+" 1", "+OK")
	socket := func(i int) string { return strings.TrimPrefix(shards[i].Address, "unix:") }
	server, err := os.FindProcess(pidOf(t, socket(1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var b []byte
	for range requests {
		b = resp.AppendCommand(b, "MGET", k[0], k[1])
	}
	c.write(b)
	live := dial(t, "unix", socket(0))
	taken := func() bool { // all that the other server had to say
		return strings.Contains(live.do("INFO commandstats"), fmt.Sprintf("cmdstat_mget:calls=%d,", requests)) && !strings.Contains(strings.ReplaceAll(live.do("CLIENT LIST"), " omem=0 ", ""), "omem=")
	}
	for i := 0; !taken() && i < 400; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if err := server.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	whole, long := 0, 0
	for range requests {
		switch got := c.reply(); {
		case got == "-"+errLong:
			long++
		case strings.HasPrefix(got, "*2 $102400 xxx"):
			whole++
		default:
			t.Fatalf("got %.100q", got)
		}
	}
	if whole == 0 || long < requests/2 {
		t.Errorf("%d answers were whole, %d too long", whole, long)
	}
	if got := c.do("MGET " + k[0] + " " + k[1]); !strings.HasPrefix(got, "*2 $102400 xxx") {
		t.Errorf("got %.100q when nothing waits any more", got)
	}
}
