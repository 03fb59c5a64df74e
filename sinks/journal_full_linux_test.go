package sinks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
)

// A disk that runs full: what was answered is in the journal, nothing is answered any more, and the pipeline stops with the
// error.
func TestAFullDiskStopsTheServerAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("leat", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("this system does not let the test mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "journal")
	j := openJournal(t, path, sinks.JournalOptions{})
	src := tcp.Listen("127.0.0.1:0")
	if err := src.Bind(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := j.Guard(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- journaling(src, j, 2).Run(ctx) }()
	var answered []string
	c, err := net.Dial("tcp", src.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := 0; ; i++ {
		s := fmt.Sprintf("%06d %s", i, strings.Repeat("x", 1000))
		if _, err := io.WriteString(c, s+"\n"); err != nil {
			break
		}
		if _, err := io.ReadFull(c, make([]byte, len(s)+1)); err != nil {
			break
		}
		answered = append(answered, s)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run returned %v", err)
	}
	if cause := context.Cause(ctx); !errors.Is(cause, syscall.ENOSPC) || !strings.Contains(cause.Error(), path) || j.Err() != cause {
		t.Errorf("the context ended with %v", cause)
	}
	if err := j.Close(); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Close returned %v", err)
	}
	if len(answered) < 100 {
		t.Errorf("%d lines were answered before the disk was full", len(answered))
	}
	got := replayed(t, path)
	if len(got) < len(answered) || strings.Join(got[:len(answered)], "") != strings.Join(answered, "") {
		t.Errorf("%d lines were answered, %d are in the journal", len(answered), len(got))
	}
}
