package muxnet_test

import (
	"io"
	"testing"

	"github.com/leat-io/leat/sources/muxnet"
	"github.com/leat-io/leat/stage/stagetest"
)

// A request and its answer on a stream that is open allocate nothing on either side.
func TestAnExchangeAllocatesNothing(t *testing.T) {
	c, _ := pair(t, func(s *muxnet.Stream) {
		b := make([]byte, 64)
		for {
			if _, err := io.ReadFull(s, b); err != nil {
				return
			}
			if _, err := s.Write(b); err != nil {
				return
			}
		}
	})
	s := open(t, c)
	b := make([]byte, 64)
	stagetest.Allocs(t, 0, func() {
		_, err := s.Write(b)
		if err == nil {
			_, err = io.ReadFull(s, b)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}
