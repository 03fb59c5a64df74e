// Package queuetest says whether a queue keeps the contract of package queue.
//
//	func TestMyQueueKeepsTheContract(t *testing.T) { queuetest.Run(t, mine.Queue) }
//
// Most checks run in a testing/synctest bubble, so a stalled producer or a consumer that nobody wakes is found at once, and
// deadlines are exact. A queue that waits for ever in spite of Close makes synctest panic with the stacks of all that wait.
//
// Run the suite with -race too, and with GOMAXPROCS=1. Under -race it does not count allocations.
package queuetest

import (
	"testing"

	"github.com/leat-io/leat/pipeline/queue"
)

// Run checks the queues that mk makes. The suite asks for capacities between 1 and 1024, for up to 160 producers, and for
// [queue.DropOldest], which mk may refuse. Of a queue that is [queue.Laned] it expects order and capacity for each producer.
func Run(t *testing.T, mk queue.Maker[Message]) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, mk) })
	}
}

// A check takes a testing.TB so that the suite's own tests can watch it fail.
type check struct {
	name string
	run  func(t testing.TB, mk queue.Maker[Message])
}

var checks = []check{
	{"CarriesEveryMessageOnceAndInOrder", carriesEveryMessageOnceAndInOrder},
	{"LentMessagesKeepUntilTheNextPop", lentMessagesKeepUntilTheNextPop},
	{"PopNeverWaits", popNeverWaits},
	{"PushTakesAPrefixAndNeverWaits", pushTakesAPrefixAndNeverWaits},
	{"HoldsExactlyItsCapacity", holdsExactlyItsCapacity},
	{"CapacityIsForAllProducersTogether", capacityIsForAllProducersTogether},
	{"CallsRoomAfterAShortPush", callsRoomAfterAShortPush},
	{"CallsRoomForEveryProducer", callsRoomForEveryProducer},
	{"LenStaysWithinItsBounds", lenStaysWithinItsBounds},
	{"ProducersMayJoinLate", producersMayJoinLate},
	{"ProducersMayComeAndGo", producersMayComeAndGo},
	{"NoProducerStarves", noProducerStarves},
	{"ALanedQueueKnowsTheBacklogOfEachProducer", aLanedQueueKnowsTheBacklogOfEachProducer},
	{"WaitReturnsAtItsDeadline", waitReturnsAtItsDeadline},
	{"WaitReturnsWhenAMessageArrives", waitReturnsWhenAMessageArrives},
	{"WaitReturnsFalseOnlyWhenClosedAndEmpty", waitReturnsFalseOnlyWhenClosedAndEmpty},
	{"CloseWakesTheConsumer", closeWakesTheConsumer},
	{"CloseKeepsWhatIsQueued", closeKeepsWhatIsQueued},
	{"CarriesWhatItTookUntilClosed", carriesWhatItTookUntilClosed},
	{"EvictHandsOverTheOldest", evictHandsOverTheOldest},
	{"EvictLosesNothingElse", evictLosesNothingElse},
	{"RefusesAnImpossibleConfig", refusesAnImpossibleConfig},
	{"AgreesWithAModel", agreesWithAModel},
	{"AllocatesNothingInSteadyState", allocatesNothingInSteadyState},
	{"IdleConsumersTakeNoProcessorTime", idleConsumersTakeNoProcessorTime},
}
