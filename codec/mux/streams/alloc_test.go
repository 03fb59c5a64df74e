package streams_test

import (
	"io"
	"testing"

	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage/stagetest"
)

// A request and its answer on a stream that is open allocate nothing on either side, wherever they are served.
func TestAnExchangeAllocatesNothing(t *testing.T) {
	for name, lanes := range map[string]int{"fused": 0, "sharded": 2} {
		t.Run(name, func(t *testing.T) {
			s := assembly{lanes: lanes, options: []tcp.Option{tcp.Reactor(1)}}.start(t)
			st := openOn(t, s.dial(t))
			b := make([]byte, 64)
			stagetest.Allocs(t, 0, func() {
				_, err := st.Write(b)
				if err == nil {
					_, err = io.ReadFull(st, b)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}
