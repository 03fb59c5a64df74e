package journal

import (
	"fmt"
	"time"
)

// A Policy says when what was committed is synced to the disk: how much of what was acknowledged a loss of power may take.
// The end of the process alone takes nothing under any of them.
type Policy uint8

const (
	Always      Policy = iota // before a commit returns: nothing acknowledged is lost
	EverySecond               // once a second beside the commits: up to two seconds of what was acknowledged are lost
	Never                     // when the kernel likes; Linux writes back what is older than 30 s (vm.dirty_expire_centisecs)
)

func (p Policy) String() string {
	if int(p) < len(policies) {
		return policies[p]
	}
	return fmt.Sprintf("policy %d", uint8(p))
}

var policies = [...]string{"always", "every second", "never"}

const (
	// syncEvery is the longest that what was written waits for a sync to begin.
	syncEvery = time.Second
	// lateAfter is for how long commits may return while what was written before them is not synced. Then they wait for the
	// sync, as redis delays its writes for at most two seconds while an fsync is under way (aof.c, flushAppendOnlyFile).
	lateAfter = 2 * time.Second
)
