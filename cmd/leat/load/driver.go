package load

import (
	"context"
	"time"
)

// A Driver is the word for what carries the connections of a run.
type Driver string

const (
	Reactor   Driver = "reactor"   // loops on a thread each, which serve many connections; Linux only
	Goroutine Driver = "goroutine" // a goroutine or two for each connection
)

// Drivers are all words for a driver.
func Drivers() []string { return []string{string(Reactor), string(Goroutine)} }

// A driver opens connections and drives users over them.
type driver interface {
	// open opens a connection to a target before the run, keeps it, and says how long that took. Several goroutines call it
	// at a time.
	open(ctx context.Context, target int) (took time.Duration, err error)
	// seat makes the users of a run, on the connections that are open.
	seat(r *run)
	// drive drives the users until all of them have ended. When the context of the run ends it ends them.
	drive(r *run)
	// close closes what is still open. It is called once, last.
	close()
}

func newDriver(cfg Config) (driver, error) {
	if cfg.Driver == Reactor {
		return newReactor(cfg)
	}
	return &goroutines{cfg: cfg}, nil
}

// A client is a user as the schedule sees it.
type client interface {
	account() *user
	kick() // it may have become possible to send; does not wait
	poke() // it may have become time to end
	// report adds how it ended, when nothing is under way any more, and says whether it lasted as long as the run.
	report(*Result, failures) (lasted bool)
}
