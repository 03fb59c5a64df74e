package discovery_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
)

// following runs f while a script is followed.
func following(t *testing.T, o discovery.Options, f func(t *testing.T, s *script, g *target, log *journal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, g, log := newScript("script"), &target{}, &journal{}
		o.Log = log.logger()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- discovery.Follow(ctx, s, g.apply, o) }()
		<-s.begun
		f(t, s, g, log)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTheFirstListIsAppliedAtOnceAndChangesAreGathered(t *testing.T) {
	following(t, discovery.Options{}, func(t *testing.T, s *script, g *target, log *journal) {
		s.finds("a:1")
		synctest.Wait()
		if !g.is("a:1") {
			t.Fatalf("the first list was not applied at once: %q", g.applied)
		}
		s.finds("a:1", "b:1")
		time.Sleep(50 * time.Millisecond)
		s.finds("a:1", "b:1", "c:1")
		if synctest.Wait(); !g.is("a:1") {
			t.Errorf("a change was applied before its time: %q", g.applied)
		}
		time.Sleep(51 * time.Millisecond) // 100 ms after the first of both
		if synctest.Wait(); !g.is("a:1", "a:1 b:1 c:1") {
			t.Errorf("what was applied is %q", g.applied)
		}
		s.finds("a:1", "b:1", "c:1")
		s.finds()
		s.finds("a:1", "b:1", "c:1")
		time.Sleep(time.Second)
		if synctest.Wait(); len(g.applied) != 2 || log.count("the backends have changed") != 2 {
			t.Errorf("a list that is the same was applied again: %q", g.applied)
		}
	})
}

func TestAnErrorLeavesWhatIsInForceAndIsLoggedOnce(t *testing.T) {
	following(t, discovery.Options{}, func(t *testing.T, s *script, g *target, log *journal) {
		s.finds("a:1")
		for range 100 {
			s.found(nil, errors.New("no answer"))
			time.Sleep(time.Second)
		}
		if !g.is("a:1") || log.count("no answer") != 1 {
			t.Errorf("%q is in force, and the error was logged %d times", g.applied, log.count("no answer"))
		}
		s.finds("a:1")
		s.found(nil, errors.New("no answer"))
		if log.count("no answer") != 2 {
			t.Error("an error that is back is not logged")
		}
	})
}

func TestAnEmptyListIsAppliedOnlyWhenThatIsAllowed(t *testing.T) {
	following(t, discovery.Options{}, func(t *testing.T, s *script, g *target, log *journal) {
		s.finds("a:1")
		synctest.Wait()
		s.finds()
		time.Sleep(time.Second)
		if !g.is("a:1") || log.count("no backends were found") != 1 {
			t.Errorf("%q", g.applied)
		}
	})
	following(t, discovery.Options{AllowEmpty: true, Settle: -1}, func(t *testing.T, s *script, g *target, _ *journal) {
		for _, list := range [][]string{{"a:1"}, {}, {"b:1"}} {
			s.finds(list...)
			synctest.Wait()
		}
		if !g.is("a:1", "", "b:1") {
			t.Errorf("%q", g.applied)
		}
	})
}

func TestAListThatIsRefusedIsTriedAgainWhenItIsFoundAgain(t *testing.T) {
	following(t, discovery.Options{Settle: -1}, func(t *testing.T, s *script, g *target, log *journal) {
		g.refuse = errors.New("too many")
		s.finds("a:1")
		if synctest.Wait(); log.count("too many") != 1 {
			t.Error("the refusal is not logged")
		}
		g.refuse = nil
		s.finds("a:1")
		if synctest.Wait(); !g.is("a:1") {
			t.Errorf("%q", g.applied)
		}
	})
}

func TestFollowEndsWithItsSource(t *testing.T) {
	g, o := &target{}, discovery.Options{Log: slog.New(slog.DiscardHandler)}
	if err := discovery.Follow(t.Context(), discovery.Static(at("a:1", "b:1")...), g.apply, o); err != nil || !g.is("a:1 b:1") {
		t.Errorf("%q, %v", g.applied, err)
	}
	s := newScript("script")
	s.end <- errors.New("it is broken")
	if err := discovery.Follow(t.Context(), s, g.apply, o); err == nil || err.Error() != "discovery: script: it is broken" {
		t.Error(err)
	}
}

func TestAJoinWaitsForEachAndPutsTheirListsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newScript("a"), newScript("b")
		j := discovery.Join(a, b, discovery.Static(at("fixed:1")...))
		if j.String() != "a and b and a list of 1" {
			t.Error(j)
		}
		r, end := run(t, j)
		defer end()
		<-a.begun
		<-b.begun
		synctest.Wait() // for the list
		a.finds("a:1")
		if _, n := r.last(); n != 0 {
			t.Error("a list was found before all were heard")
		}
		b.found(nil, errors.New("no answer"))
		if got, _ := r.last(); got != "a:1 fixed:1" {
			t.Errorf("%q", got)
		}
		if wrong, _ := r.wrong(); wrong != "b: no answer" {
			t.Errorf("%q", wrong)
		}
		b.finds("b:1", "b:2")
		if got, _ := r.last(); got != "a:1 b:1 b:2 fixed:1" {
			t.Errorf("%q", got)
		}
		_, before := r.last()
		b.finds("b:1", "a:1")
		if wrong, _ := r.wrong(); wrong != `two backends have the name "a:1", of a and of b: give each one of its own` {
			t.Errorf("%q", wrong)
		}
		a.found(nil, errors.New("gone for now"))
		if _, n := r.last(); n != before {
			t.Error("an error changed the list")
		}
		a.finds()
		if got, _ := r.last(); got != "b:1 a:1 fixed:1" {
			t.Errorf("%q", got)
		}
	})
}

func TestAJoinEndsWithTheFirstThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newScript("a"), newScript("b")
		b.end <- errors.New("it is broken")
		if err := discovery.Join(a, b).Run(t.Context(), func([]balance.Backend, error) {}); err == nil || !strings.Contains(err.Error(), "b: it is broken") {
			t.Error(err)
		}
	})
}
