package stage

import "time"

// A Stage turns a batch of In into a batch of Out in the manner of append: dst is empty and has room for what the batch
// before gave. It never blocks, starts no goroutine and keeps neither slice. It owns src for the length of the call: when In
// and Out are one type it may return a prefix of src instead.
//
// An instance belongs to one lane, so its fields need no lock. A returned error means that the stage itself has failed: it
// invokes the node's [Policy], and what was appended before goes on. A bad message is not an error of the stage; answer it,
// or end its connection with [Conn.Fail].
type Stage[In, Out any] interface {
	Process(dst []*Out, src []*In) ([]*Out, error)
}

// A Maker makes one instance of a stage for each lane that will run it.
type Maker[In, Out any] func(*Lane) Stage[In, Out]

// A Sink takes a batch for the length of the call, and ends its flow. What it should do once for a whole batch, such as
// a write, it registers with [Lane.OnEnd].
type Sink[T any] interface {
	Push(batch []*T)
}

// A SinkMaker makes one instance of a sink for each lane that will run it.
type SinkMaker[T any] func(*Lane) Sink[T]

// A Flusher is a stage that holds messages: Flush appends all of them to dst. It is called when the flow ends.
type Flusher[Out any] interface {
	Flush(dst []*Out) []*Out
}

// A Ticker is a stage that acts by the clock. Tick is called between batches, also when none arrive, at or after the
// time that the latest Tick returned (the first one soon after the start); the zero Time asks for no further call until
// the next batch has passed.
type Ticker[Out any] interface {
	Tick(dst []*Out, now time.Time) ([]*Out, time.Time)
}

// A Leaver is a stage whose peers have something under way that more must be read for, such as answers that they have not given enough
// credit for yet. Before its source stops reading Leave is called again and again, on the lane between two batches, until it returns 0
// or half of the drain time is over: it asks the peers to begin nothing more, and returns how many of them are waited for.
type Leaver interface {
	Leave() (waiting int)
}

// A Handover is a stage that keeps state by key, behind a Shard, and can hand it to another lane. Messages whose key falls
// into one [Partition] always meet the same instance; the state of that partition moves with it.
type Handover interface {
	// Export removes the state of a partition from the instance and returns it, or nil when there is none.
	Export(part uint8) any
	// Import adds what Export of another instance returned.
	Import(part uint8, state any)
}

// A Param is one setting of a stage that can be read and changed while the stage runs. Both functions are called on the
// lane, between two batches, so they may touch the fields of the stage.
type Param struct {
	Name string
	Get  func() string
	Set  func(string) error // nil when the parameter can only be read
}

// Tunable is a stage or sink that declares parameters.
type Tunable interface {
	Params() []Param
}

// A Policy says what happens when a stage returns an error or panics.
type Policy uint8

const (
	Resume  Policy = iota // count and log it, and go on with the same instance
	Restart               // replace the instance by a new one; messages that the old one held are void
	Stop                  // end the pipeline; Run drains and returns the error
)

func (p Policy) String() string { return [...]string{"resume", "restart", "stop"}[p] }

// An Option changes how a node runs its stage.
type Option func(*Options)

// Options are the settings of a node, as its Option values leave them.
type Options struct {
	OnError Policy
}

// OnError sets the policy of a node. The default is [Resume].
func OnError(p Policy) Option { return func(o *Options) { o.OnError = p } }
