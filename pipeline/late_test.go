package pipeline_test

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// bind makes a TCP source that is reachable before its pipeline runs.
// bind makes a source whose lanes may wait, and are made when they are needed.
func bind(t testing.TB, opts ...tcp.Option) *tcp.Source {
	t.Helper()
	s := tcp.Listen("127.0.0.1:0", append([]tcp.Option{tcp.Name("tcp"), tcp.Goroutines(), tcp.Limits(unlimited)}, opts...)...)
	noError(t, s.Bind())
	return s
}

func connect(t testing.TB, s *tcp.Source) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	noError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// A lane that is made while the pipeline runs can fail like the first, which Run has tried. That stops the pipeline and costs
// the connection that needed the lane.
func TestALaneThatCannotBeMadeLaterStopsThePipeline(t *testing.T) {
	p, s := pipeline.New("late", quiet), bind(t)
	var n atomic.Int32
	entered, gate := make(chan struct{}), make(chan struct{})
	reply(decoded(p, s).Via("model", func(*stage.Lane) stage.Stage[row, row] {
		switch n.Add(1) {
		case 1:
		case 2:
			close(gate)
			fallthrough
		default:
			panic("no weights")
		}
		return worker(func(_, src []*row) ([]*row, error) {
			close(entered)
			<-gate
			return src, nil
		})
	}))
	first := connect(t, s)
	first.Write([]byte("occupies the first lane\n"))
	answers := make(chan int)
	go func() {
		<-entered
		second := connect(t, s)
		second.Write([]byte("needs another\n"))
		n, _ := second.Read(make([]byte, 1))
		answers <- n
	}()
	err := ends(t, p)
	equal(t, "bytes out of a lane that was not made", <-answers, 0)
	contains(t, fmt.Sprint(err), `pipeline late: making stage "model" failed: no weights`)
}
