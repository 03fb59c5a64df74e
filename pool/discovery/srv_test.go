package discovery_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/pool/discovery"
)

// serving runs f while a service is followed.
func serving(t *testing.T, z *zone, f func(t *testing.T, r *recorder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := asking(t, z, discovery.SRV, "_redis._tcp.example.org", quick())
		if s.String() != "srv _redis._tcp.example.org" {
			t.Error(s)
		}
		r, end := run(t, s)
		defer end()
		time.Sleep(200 * time.Millisecond)
		f(t, r)
	})
}

// weighs fails unless the last list is that, with weights.
func weighs(t *testing.T, r *recorder, want string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, list := range r.lists[max(0, len(r.lists)-1):] {
		for _, b := range list {
			all = append(all, fmt.Sprintf("%s*%g", b.Address, b.Weight))
		}
	}
	if got := strings.Join(all, " "); got != want {
		t.Errorf("%q was found, not %q", got, want)
	}
}

const service = "_redis._tcp.example.org. 30 IN SRV "

func TestAServiceIsThePortsAndWeightsOfItsTargets(t *testing.T) {
	addresses := []string{"a.example.org. 30 IN A 192.0.2.1", "a.example.org. 30 IN AAAA 2001:db8::1", "b.example.org. 30 IN A 192.0.2.2", "c.example.org. 30 IN CNAME b.example.org."}
	for _, c := range []struct {
		want    string
		records []string
	}{
		{"192.0.2.1:6379*5 192.0.2.2:6380*20 [2001:db8::1]:6379*5", []string{"1 10 6379 a.example.org.", "1 20 6380 b.example.org."}},
		{"192.0.2.1:6379*5 192.0.2.2:6380*0.1 [2001:db8::1]:6379*5", []string{"1 10 6379 a.example.org.", "1 0 6380 b.example.org."}},
		{"192.0.2.1:6379*0.5 192.0.2.2:6380*1 [2001:db8::1]:6379*0.5", []string{"1 0 6379 a.example.org.", "1 0 6380 b.example.org."}},
		{"192.0.2.2:1*30 192.0.2.2:2*5", []string{"1 10 1 b.example.org.", "1 20 1 c.example.org.", "1 5 2 c.example.org."}},
		{"192.0.2.2:6379*1", []string{"2 1 6379 a.example.org.", "1 1 6379 b.example.org."}},
		{"192.0.2.2:6379*1", []string{"2 1 6379 b.example.org.", "1 1 6379 gone.example.org."}},
		{"", []string{"0 0 0 ."}},
	} {
		z := &zone{records: append([]string{soa}, addresses...)}
		for _, r := range c.records {
			z.records = append(z.records, service+r)
		}
		serving(t, z, func(t *testing.T, r *recorder) { weighs(t, r, c.want) })
	}
}

func TestATargetThatHasNoAddressIsToldAndTheOthersServe(t *testing.T) {
	z := &zone{records: []string{service + "1 1 1 gone.example.org.", service + "1 1 1 b.example.org.", "b.example.org. 30 IN A 192.0.2.2", soa}}
	serving(t, z, func(t *testing.T, r *recorder) {
		weighs(t, r, "192.0.2.2:1*1")
		if wrong, _ := r.wrong(); wrong != "the target gone.example.org. of _redis._tcp.example.org has no address" {
			t.Errorf("%q", wrong)
		}
	})
}

func TestAServiceChangesAsItsRecordsDo(t *testing.T) {
	z := &zone{records: []string{service + "1 1 1 a.example.org.", "a.example.org. 3 IN A 192.0.2.1", "b.example.org. 3 IN A 192.0.2.2", soa}}
	serving(t, z, func(t *testing.T, r *recorder) {
		z.questions()
		z.set(func(z *zone) { z.records[1] = "a.example.org. 3 IN A 192.0.2.9" })
		time.Sleep(3300 * time.Millisecond)
		weighs(t, r, "192.0.2.9:1*1")
		asks(t, z, first+" udp A a.example.org.") // the rest still holds
		z.set(func(z *zone) { z.records[0] = service + "1 1 1 b.example.org." })
		time.Sleep(31 * time.Second)
		weighs(t, r, "192.0.2.2:1*1")
		z.questions()
		time.Sleep(29 * time.Second)
		for _, q := range z.questions() {
			if strings.Contains(q, " a.example.org.") {
				t.Fatal("a target that is gone is still asked for")
			}
		}
	})
}

// When nobody answers, that is found out once and not for each target.
func TestASilentServerIsWaitedForOnce(t *testing.T) {
	z := &zone{records: []string{soa}}
	for i := range 100 {
		z.records = append(z.records, fmt.Sprintf(service+"1 1 %d t%d.example.org.", i+1, i), fmt.Sprintf("t%d.example.org. 5 IN A 192.0.2.%d", i, i), fmt.Sprintf("t%d.example.org. 5 IN AAAA 2001:db8::%d", i, i))
	}
	synctest.Test(t, func(t *testing.T) {
		r, end := run(t, asking(t, z, discovery.SRV, "_redis._tcp.example.org", quick()))
		defer end()
		time.Sleep(4 * time.Second)
		list, _ := r.last()
		if n := len(strings.Fields(list)); n != 200 {
			t.Fatalf("%d backends were found", n)
		}
		z.set(func(z *zone) { z.silent = map[string]bool{first: true, second: true} })
		z.questions()
		time.Sleep(10 * time.Second)
		if n := len(z.questions()); n > 8 {
			t.Errorf("%d questions were asked within 10 s", n)
		}
		is(t, r, list)
	})
}

func TestMoreTargetsThanAServiceMayHaveAreRefused(t *testing.T) {
	z := &zone{}
	for i := range 257 {
		z.records = append(z.records, fmt.Sprintf(service+"1 1 1 t%d.example.org.", i))
	}
	serving(t, z, func(t *testing.T, r *recorder) {
		if wrong, _ := r.wrong(); wrong != "SRV _redis._tcp.example.org: 257 targets are more than 256" {
			t.Errorf("%q", wrong)
		}
		if _, n := r.last(); n != 0 {
			t.Error("some of them were taken")
		}
	})
}
