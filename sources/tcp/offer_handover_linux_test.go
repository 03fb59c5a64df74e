package tcp_test

import (
	"context"
	"net"
	"testing"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Connections that were taken over stay where they are when the socket goes to another process, and those that come go there.
func TestAnAcceptorHandsItsSocketOver(t *testing.T) {
	begin := func(a *tcp.Acceptor, k *keeper) (stop func() error) {
		t.Helper()
		if err := a.Bind(); err != nil {
			t.Fatal(err)
		}
		p := pipeline.New("offer")
		p.From(a).To("keep", k.make)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Run(ctx) }()
		<-a.Started()
		return func() error { cancel(); return <-done }
	}
	dial := func(a *tcp.Acceptor) {
		t.Helper()
		c, err := net.Dial("tcp", a.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
	var mine, theirs keeper
	old := tcp.Accept("127.0.0.1:0", tcp.Name("old"))
	stop := begin(old, &mine)
	dial(old)
	until(t, "the first is taken", func() bool { return mine.len() == 1 })
	next := tcp.Accept(old.Addr().String(), tcp.Name("next"), tcp.Inherit(old))
	stopNext := begin(next, &theirs)
	if err := old.HandOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		dial(next)
	}
	until(t, "the others are taken", func() bool { return theirs.len() == 10 })
	if mine.len() != 1 || old.Len() != 1 || !old.Liveness()() {
		t.Errorf("%d are here, of which the source knows %d", mine.len(), old.Len())
	}
	mine.letGo(stage.ErrStopped)
	until(t, "nobody is left", func() bool { return old.Len() == 0 })
	if err := stop(); err != nil {
		t.Error(err)
	}
	theirs.letGo(stage.ErrStopped)
	if err := stopNext(); err != nil {
		t.Error(err)
	}
}
