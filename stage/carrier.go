package stage

// A carrier is who runs a lane, as far as its sinks need to know: with it they can hold up what the lane reads, and be run by
// the same thread.
type carrier struct {
	host    any
	wake    func()
	stalls  int
	retries []owned[func()]
	hosted  []owned[func()]
}

// WokenBy makes the lane one that must not wait, before its first batch: f makes it look again at what it has stalled for. A lane
// that may wait has none.
func (l *Lane) WokenBy(f func()) { l.carrier.wake = f }

// HostedBy says what else can be run by the thread of the lane, before its first batch.
func (l *Lane) HostedBy(host any) {
	l.carrier.host = host
	for _, f := range l.carrier.hosted {
		f.it()
	}
}

// OnHost registers what a sink does when the lane has got a host.
func (l *Lane) OnHost(f func()) {
	l.carrier.hosted = append(l.carrier.hosted, owned[func()]{it: f, node: l.making})
}

// Host is what HostedBy was told, or nil.
func (l *Lane) Host() any { return l.carrier.host }

// Patient says that the lane may wait: a sink without room waits in it, and need not stall.
func (l *Lane) Patient() bool { return l.carrier.wake == nil }

// Awaken makes a lane that must not wait look again at what it has stalled for. Any goroutine may call it.
func (l *Lane) Awaken() {
	if l.carrier.wake != nil {
		l.carrier.wake()
	}
}

// Stall has the lane read nothing more until Unstall; what it has read already still comes. Only what runs on the lane calls both.
func (l *Lane) Stall() { l.carrier.stalls++ }

// Unstall takes one Stall back.
func (l *Lane) Unstall() { l.carrier.stalls-- }

// Stalled says whether the lane is to read nothing.
func (l *Lane) Stalled() bool { return l.carrier.stalls > 0 }

// OnRetry registers what a sink does when its lane looks again, between two batches.
func (l *Lane) OnRetry(f func()) {
	l.carrier.retries = append(l.carrier.retries, owned[func()]{it: f, node: l.making})
}

// Retry lets the sinks that have stalled the lane look again.
func (l *Lane) Retry() {
	for i := range l.carrier.retries {
		l.carrier.retries[i].it()
	}
}
