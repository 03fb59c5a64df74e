package udp

import (
	"testing"
	"testing/synctest"
	"time"
)

// A sky is where packets come from in virtual time: one each interval, from a moment on.
type sky struct {
	from   time.Time
	every  time.Duration // 0 for none
	taken  int
	blocks int
	dozes  int
}

func (s *sky) come() int {
	if s.every == 0 || time.Now().Before(s.from) {
		return 0
	}
	return int(time.Since(s.from)/s.every) + 1
}

func (s *sky) rain(every time.Duration) {
	s.from, s.every, s.taken = time.Now().Add(every), every, 0
}

func (s *sky) look() (int, error) {
	n := s.come() - s.taken
	s.taken += n
	return n, nil
}

func (s *sky) block(d time.Duration) (bool, error) {
	s.blocks++
	if d < 0 {
		d = time.Hour
	}
	if s.every > 0 {
		next := s.from.Add(time.Duration(s.taken) * s.every)
		if wait := time.Until(next); wait <= d {
			time.Sleep(wait)
			return true, nil
		}
	}
	time.Sleep(d)
	return false, nil
}

func (s *sky) doze(d time.Duration) {
	s.dozes++
	time.Sleep(d)
}

// receive waits for packets until a time has passed.
func receive(w *waiting, s *sky, d time.Duration) (packets int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		n, _ := w.wait(s, time.Second)
		packets += n
	}
	return packets
}

func TestALaneAtRestBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{nap: DefaultNap}, &sky{}
		receive(w, s, time.Minute)
		if s.dozes != 0 || s.blocks > 60 {
			t.Errorf("%d blocks and %d naps in a minute of rest", s.blocks, s.dozes)
		}
	})
}

func TestALaneToWhichLittleComesBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{nap: DefaultNap}, &sky{}
		s.rain(time.Millisecond)
		if n := receive(w, s, time.Second); n != 1000 || s.dozes != 0 {
			t.Errorf("%d packets with %d naps", n, s.dozes)
		}
	})
}

func TestALaneToWhichMuchComesNaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{nap: DefaultNap}, &sky{}
		s.rain(time.Microsecond)
		if n := receive(w, s, time.Second); n < 999_000 || s.blocks != 1 || s.dozes < 19_000 {
			t.Errorf("%d packets with %d blocks and %d naps", n, s.blocks, s.dozes)
		}
	})
}

func TestALaneBlocksAgainWhenANapBringsLessThanTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{nap: DefaultNap}, &sky{}
		s.rain(time.Microsecond)
		receive(w, s, time.Second)
		s.rain(30 * time.Microsecond) // one or two in each nap
		receive(w, s, time.Millisecond)
		s.every = 0
		s.blocks, s.dozes = 0, 0
		receive(w, s, time.Minute)
		if s.dozes > 1 || s.blocks > 60 {
			t.Errorf("%d blocks and %d naps after the rain", s.blocks, s.dozes)
		}
	})
}

func TestALaneNeverNapsWhenItIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{}, &sky{}
		s.rain(10 * time.Microsecond)
		receive(w, s, time.Second)
		if s.dozes != 0 {
			t.Errorf("%d naps", s.dozes)
		}
	})
}

func TestANapIsNotLongerThanTheTimeUntilATick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := &waiting{nap: 50 * time.Millisecond, napping: true}, &sky{}
		began := time.Now()
		if _, err := w.wait(s, 2*time.Millisecond); err != nil || time.Since(began) != 2*time.Millisecond {
			t.Error("it slept for", time.Since(began), err)
		}
	})
}
