//go:build linux

package pool

import (
	"bytes"
	"slices"
	"testing"
)

// Where replies are large there is a fence behind each request, so that what waits for the next one is little, and where they are
// small there is one behind many.
func TestFencesFollowTheSizeOfReplies(t *testing.T) {
	f := newFences()
	reply := func(n int) {
		f.count++
		nonce := f.nonce(f.count)
		all := append(bytes.Repeat([]byte{'x'}, n), nonce[:]...)
		all = append(all, "\r\n"...)
		var got []byte
		for b := range slices.Chunk(all, readSize) {
			ready, _ := f.pass(b)
			got = append(got, ready...)
		}
		if !bytes.Equal(got, all) {
			t.Fatalf("%d bytes are passed on, want %d", len(got), len(all))
		}
	}
	reply(2 * fenceHeld)
	if f.every != 1 {
		t.Errorf("there is a fence behind every %d large requests", f.every)
	}
	for range 10 {
		reply(2 * readSize)
	}
	if f.every != fenceEvery {
		t.Errorf("there is a fence behind every %d small requests", f.every)
	}
}
