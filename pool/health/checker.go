package health

import (
	"context"
	"fmt"
)

// A Checker asks a backend whether it serves. [TCP], [Ping] and [SendExpect] make those that a [Monitor] runs at little cost; anything
// else is a [Func].
type Checker interface {
	// Check returns nil when the backend at the address serves, and else why it does not. It returns when ctx ends.
	Check(ctx context.Context, address string) error
}

// Func is a check of one's own. A Monitor runs each in a goroutine.
type Func func(ctx context.Context, address string) error

// Check implements Checker.
func (f Func) Check(ctx context.Context, address string) error { return f(ctx, address) }

// TCP checks that a connection is accepted, and resets it at once, so that neither side keeps anything of it. The kernel accepts for a
// process that hangs, up to its backlog; a check that gets an answer sees that.
func TCP() Checker { return &script{} }

// A ReplyError is a reply that says that the backend does not serve, as far as it fits into a line.
type ReplyError struct {
	What  string // what is wrong with it
	Reply string
}

// Error is the sentence with the reply in quotes.
func (e *ReplyError) Error() string { return fmt.Sprintf("%s: %q", e.What, e.Reply) }

// mostQuoted is how much of a reply an error shows, in bytes.
const mostQuoted = 120

func replyError(what string, b []byte) *ReplyError {
	return &ReplyError{What: what, Reply: string(b[:min(len(b), mostQuoted)])}
}
