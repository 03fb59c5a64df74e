package queuetest

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "50ms"} {
		if err := flag.Set(name, value); err != nil { // here the model fails on purpose
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

func TestASimpleQueuePasses(t *testing.T) { Run(t, newPlain()) }

func TestASimpleLanedQueuePasses(t *testing.T) { Run(t, newPlain("is laned")) }

// broken says which check has to notice which bug. A check that notices none would be worth nothing.
var broken = map[string][]string{
	"CarriesEveryMessageOnceAndInOrder":        {"loses a message", "sends a message twice", "reorders", "keeps the producer's struct", "forgets room", "trusts every token"},
	"LentMessagesKeepUntilTheNextPop":          {"overwrites what is lent", "returns a slice of its own"},
	"PopNeverWaits":                            {"waits in Pop"},
	"PushTakesAPrefixAndNeverWaits":            {"waits in Push", "takes the newest"},
	"HoldsExactlyItsCapacity":                  {"holds one too many", "holds one too few"},
	"CapacityIsForAllProducersTogether":        {"counts per producer"},
	"CallsRoomAfterAShortPush":                 {"forgets room", "forgets an earlier short Push"},
	"CallsRoomForEveryProducer":                {"calls one room only"},
	"LenStaysWithinItsBounds":                  {"has a negative length", "measures beyond its capacity"},
	"ProducersMayJoinLate":                     {"forgets late producers"},
	"ProducersMayComeAndGo":                    {"serves few producers"},
	"NoProducerStarves":                        {"favours its last producer"},
	"ALanedQueueKnowsTheBacklogOfEachProducer": {"mixes up its backlogs", "keeps its backlogs to itself"},
	"CarriesWhatItTookUntilClosed":             {"loses a message", "sends a message twice", "forgets the rest", "loses on Close"},
	"WaitReturnsAtItsDeadline":                 {"ignores deadlines", "comes too early", "trusts every token"},
	"WaitReturnsWhenAMessageArrives":           {"forgets a wake"},
	"WaitReturnsFalseOnlyWhenClosedAndEmpty":   {"forgets the rest", "never ends", "asks for the end last"},
	"CloseWakesTheConsumer":                    {"closes silently"},
	"CloseKeepsWhatIsQueued":                   {"loses on Close"},
	"EvictHandsOverTheOldest":                  {"evicts nothing", "evicts the newest", "evicts without room", "forgets to evict"},
	"EvictLosesNothingElse":                    {"evicts without a word"},
	"RefusesAnImpossibleConfig":                {"accepts anything"},
	"AgreesWithAModel":                         {"holds one too few", "reorders", "favours its last producer", "counts per producer", "measures beyond its capacity", "mixes up its backlogs", "loses a message", "evicts the newest", "overwrites what is lent"},
	"AllocatesNothingInSteadyState":            {"allocates"},
	"IdleConsumersTakeNoProcessorTime":         {"polls"},
}

// laned bugs are those of queues that keep the order of each producer alone.
var laned = map[string][]string{"mixes up its backlogs": {"is laned"}, "keeps its backlogs to itself": {"is laned"}}

// racy bugs are such that the race detector is the first to notice them.
var racy = map[string]bool{"keeps the producer's struct": true, "overwrites what is lent": true}

func TestEveryCheckNoticesWhatItIsFor(t *testing.T) {
	for _, c := range checks {
		if len(broken[c.name]) == 0 {
			t.Errorf("no broken queue shows that %s can fail", c.name)
		}
		for _, bug := range broken[c.name] {
			t.Run(c.name+"/"+bug, func(t *testing.T) {
				if raceEnabled && racy[bug] {
					t.Skip("the race detector notices it too, and would fail this test")
				}
				r := &recorder{T: t}
				r.run(func() { c.run(r, newPlain(append(laned[bug], bug)...)) })
				if r.skipped {
					t.Skip(r.said)
				}
				if !r.Failed() {
					t.Errorf("a queue that %s passes", bug)
				}
				t.Logf("a queue that %s: %s", bug, r.said)
			})
		}
	}
}

func TestAQueueThatCannotEvictIsNotAskedTo(t *testing.T) {
	for _, c := range checks {
		if c.name == "EvictHandsOverTheOldest" || c.name == "EvictLosesNothingElse" || c.name == "AgreesWithAModel" {
			r := &recorder{T: t}
			r.run(func() { c.run(r, newPlain("refuses to evict")) })
			if r.Failed() {
				t.Errorf("%s: %s", c.name, r.said)
			}
		}
	}
}

// A recorder is a testing.TB that notes a failure instead of failing.
type recorder struct {
	*testing.T
	mu              sync.Mutex
	said            string
	failed, skipped bool
}

// run calls f as the testing package calls a test: on a goroutine that Fatalf may end. It says whether f returned.
func (r *recorder) run(f func()) (returned bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
		returned = true
	}()
	<-done
	return returned
}

// Bubble ends the caller when f did not return, as synctest.Test does.
func (r *recorder) Bubble(f func(testing.TB)) {
	returned := false
	synctest.Test(r.T, func(*testing.T) { returned = r.run(func() { f(r) }) })
	if !returned {
		runtime.Goexit()
	}
}

func (r *recorder) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.failed {
		r.failed, r.said = true, s
	}
}

func (r *recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *recorder) Fail()                        { r.note("") }
func (r *recorder) FailNow()                     { r.note(""); runtime.Goexit() }
func (r *recorder) Error(args ...any)            { r.note(fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)) }
func (r *recorder) Fatal(args ...any)            { r.note(fmt.Sprint(args...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)); runtime.Goexit() }
func (r *recorder) Log(...any)                   {}
func (r *recorder) Logf(string, ...any)          {}
func (r *recorder) Skip(args ...any)             { r.skip(fmt.Sprint(args...)) }
func (r *recorder) Skipf(f string, args ...any)  { r.skip(fmt.Sprintf(f, args...)) }
func (r *recorder) SkipNow()                     { r.skip("") }
func (r *recorder) skip(s string)                { r.skipped, r.said = true, s; runtime.Goexit() }
