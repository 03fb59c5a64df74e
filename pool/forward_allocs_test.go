//go:build linux

package pool_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage/stagetest"
)

// A request that passes through a pipeline and comes back costs no memory in steady state, with all that the source, the codecs
// and the client of the test do.
func TestARequestThatIsForwardedAllocatesNothing(t *testing.T) {
	server := newFake(t, nil)
	reply := resp.AppendBulkString(nil, "pong")
	server.raw = func(c io.ReadWriter) {
		b := make([]byte, 4096)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			for range bytes.Count(b[:n], []byte("ECHO")) {
				if _, err := c.Write(reply); err != nil {
					return
				}
			}
		}
	}
	a := assemble(t, plan{}, server.addr())
	c := talk(t, a.addr)
	request := resp.AppendCommand(nil, "ECHO", "pong")
	got := make([]byte, len(reply))
	stagetest.Allocs(t, 0, func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c.Conn, got); err != nil {
			t.Fatal(err)
		}
	})
}
