//go:build linux

package pool_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
)

var fence = &pool.Fence{
	Request: func(b, nonce []byte) []byte { return resp.AppendCommand(b, []byte("ECHO"), nonce) },
	Is: func(reply any, nonce []byte) bool {
		m, ok := reply.(*resp.Message)
		return ok && bytes.Equal(m.Value().Str(), nonce)
	},
}

// With fences a server that counts wrongly costs errors, and nobody gets what was meant for another.
func TestFencesTellRepliesThatAreTooManyOrTooFew(t *testing.T) {
	for name, misdeed := range map[string]func(conn, i int, w io.Writer, reply []byte) bool{
		"one reply too many": func(_, i int, w io.Writer, reply []byte) bool {
			if i%100 == 50 {
				reply = append(reply, reply...)
			}
			_, err := w.Write(reply)
			return err == nil
		},
		"one reply too few": func(_, i int, w io.Writer, reply []byte) bool {
			if i%100 == 50 {
				return true
			}
			_, err := w.Write(reply)
			return err == nil
		},
		"replies in pieces": func(_, i int, w io.Writer, reply []byte) bool {
			for len(reply) > 0 {
				n := min(len(reply), 1+i%7)
				if _, err := w.Write(reply[:n]); err != nil {
					return false
				}
				reply = reply[n:]
			}
			return true
		},
		"nothing": func(_, _ int, w io.Writer, reply []byte) bool {
			_, err := w.Write(reply)
			return err == nil
		},
	} {
		for _, flights := range []int{1, 2, 64, 1024} {
			t.Run(fmt.Sprint(name, "/", flights), func(t *testing.T) {
				t.Parallel()
				server, timeout := newFake(t, misdeed), 200*time.Millisecond
				harmless := name == "nothing" || name == "replies in pieces"
				if harmless {
					timeout = 0 // that of the defaults
				}
				addr := proxy(t, upstream(t, pool.Traffic{Mode: pool.Pipelined(1, flights), Fence: fence, Timeout: timeout}, server.addr()))
				all := crowd(t, addr, 16, 300, 4, nil)
				if all.answered+all.refused != 16*300 || all.answered < 1000 {
					t.Errorf("%d answered and %d refused", all.answered, all.refused)
				}
				if harmless && all.refused > 0 {
					t.Errorf("refused without a reason: %v", all.texts)
				}
			})
		}
	}
}
