package discovery

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/miekg/dns"
)

// lookups answer questions, from what is known as long as that holds. They are of one goroutine.
type lookups struct {
	DNSOptions
	exchange exchanger
	memories map[question]*memory
	round    int
	silent   error // why no server was heard in this round, so that the others of its questions need not find out
}

type question struct {
	name string
	kind uint16
}

// A memory is what is known of a question.
type memory struct {
	records  []dns.RR
	known    bool      // it was answered once
	at       time.Time // when it was answered last
	until    time.Time // when it is to be asked again
	failures int       // in a row
	misses   int       // answers in a row that there is nothing, while records are kept
	round    int       // in which it was needed last
}

// begin starts a round of questions.
func (s *lookups) begin() { s.round, s.silent = s.round+1, nil }

// end forgets what was not asked in the round, and says when the first of the others is to be asked again.
func (s *lookups) end() (next time.Time) {
	for q, m := range s.memories {
		switch {
		case m.round != s.round:
			delete(s.memories, q)
		case next.IsZero() || m.until.Before(next):
			next = m.until
		}
	}
	return next
}

// look is the records of a name. With an error they are those of before, which still hold; known says whether there is anything to go
// by.
func (s *lookups) look(ctx context.Context, servers []string, name string, kind uint16) (records []dns.RR, known bool, err error) {
	q := question{dns.CanonicalName(name), kind}
	m := s.memories[q]
	if m == nil {
		m = &memory{}
		s.memories[q] = m
	}
	m.round = s.round
	if m.until.After(time.Now()) {
		return m.records, m.known, nil
	}
	var a answer
	if err = s.silent; err == nil {
		a, err = s.resolve(ctx, servers, name, kind)
	}
	now := time.Now()
	if err != nil {
		if _, ok := errors.AsType[*silentError](err); ok {
			s.silent = err
		}
		s.fail(m, now)
		return m.records, m.known, err
	}
	s.learn(m, a, now)
	return m.records, true, nil
}

// learn takes an answer. That a name which had records has none is believed when it was said often enough.
func (s *lookups) learn(m *memory, a answer, now time.Time) {
	m.known, m.at, m.failures = true, now, 0
	m.until = now.Add(jittered(min(max(a.ttl, s.MinRefresh), s.MaxRefresh)))
	if len(a.records) == 0 && len(m.records) > 0 {
		if m.misses++; m.misses < s.GoneAfter {
			return
		}
	}
	m.misses = 0
	m.records = a.records
}

// fail notes that there is no answer. What is known holds until it is too old.
func (s *lookups) fail(m *memory, now time.Time) {
	wait := min(s.MinRefresh<<min(m.failures, 16), s.MaxRefresh)
	m.failures++
	m.until = now.Add(jittered(wait))
	if m.known && s.StaleFor >= 0 && now.Sub(m.at) >= s.StaleFor {
		m.records = nil
	}
}

// jittered is up to a tenth more, so that those who began together do not stay together.
func jittered(d time.Duration) time.Duration { return d + rand.N(d/10+1) }
