package muxnet_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

// A client that writes up to a window before it reads, and a server that answers while it reads, never wait for each other: whoever waits for
// credit gives what it has.
func TestBothSidesWriteAWindowBeforeTheyRead(t *testing.T) {
	window := mux.DefaultSettings.StreamWindow
	answer := func(s *muxnet.Stream) {
		b := make([]byte, 64<<10)
		_, _ = io.ReadFull(s, b[:4])
		_, _ = s.Write(make([]byte, binary.BigEndian.Uint32(b))) // so that the two directions do not get their credit at the same places
		for {
			n, err := s.Read(b)
			if err != nil {
				return
			}
			if _, err := s.Write(b[:n]); err != nil {
				return
			}
		}
	}
	for seed := range uint64(12) {
		bubble(t, &muxnet.Server{Handler: answer}, func(t *testing.T, client, _ *muxnet.Conn) {
			r, s := rand.New(rand.NewPCG(seed, 0)), open(t, client)
			_ = s.SetDeadline(time.Now().Add(time.Second))
			ahead := r.IntN(window)
			_, _ = s.Write(binary.BigEndian.AppendUint32(nil, uint32(ahead)))
			if _, err := io.CopyN(io.Discard, s, int64(ahead)); err != nil {
				t.Fatal(err)
			}
			for k := range 30 {
				sent := make([]byte, window-r.IntN(2)*r.IntN(window/4))
				for i := range sent {
					sent[i] = byte(i + k)
				}
				got := make([]byte, len(sent))
				if _, err := s.Write(sent); err != nil {
					t.Fatalf("seed %d, message %d of %d bytes: %v", seed, k, len(sent), err)
				}
				if _, err := io.ReadFull(s, got); err != nil {
					t.Fatalf("seed %d, message %d of %d bytes: %v", seed, k, len(sent), err)
				}
				if !bytes.Equal(sent, got) {
					t.Fatalf("seed %d, message %d has changed", seed, k)
				}
			}
		})
	}
}
