package muxnet

import (
	"time"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/compress"
	"github.com/leat-io/leat/codec/mux/session"
)

// An Option changes how a connection behaves.
type Option func(*options) error

type options struct {
	session   session.Config
	handshake time.Duration
	frame     time.Duration
	backlog   int
	message   int
	report    int // bytes that a stream reads before its session is told
}

func defaults() options {
	return options{handshake: 5 * time.Second, frame: 30 * time.Second, backlog: 256, message: 4 << 20, report: report}
}

// Settings says what this side takes; [mux.DefaultSettings] is the default.
func Settings(s mux.Settings) Option {
	return func(o *options) error { o.session.Settings = &s; return nil }
}

// Limits bounds what the other side may cost; [session.DefaultLimits] is the default.
func Limits(l session.Limits) Option {
	return func(o *options) error { o.session.Limits = &l; return nil }
}

// Scheduler says in which order streams send; [session.DRR] is the default.
func Scheduler(p session.Policy) Option {
	return func(o *options) error { o.session.Policy = p; return nil }
}

// Budget is what the windows of all connections that share it may grow by together; [session.DefaultBudget] is the default.
func Budget(b *session.Budget) Option {
	return func(o *options) error { o.session.Budget = b; return nil }
}

// Checksums offers checksums: every frame carries one if the other side offers them too.
func Checksums() Option {
	return func(o *options) error { o.session.Features |= mux.Checksums; return nil }
}

// Compress offers compression in both directions. What this side sends in pieces of at least threshold bytes is compressed; 0 stands for the algorithm's
// default.
func Compress(a compress.Algorithm, threshold int) Option {
	return func(o *options) (err error) {
		f := mux.S2
		if a == compress.Zstd {
			f = mux.Zstandard
		}
		o.session.Features = o.session.Features&^(mux.S2|mux.Zstandard) | f // one: the other side may not have another
		o.session.Compress, err = compress.New(a, threshold)
		return err
	}
}

// Introduce sends metadata about the connection, credentials for example, with the first SETTINGS. The other side sees it in its Authenticate.
func Introduce(m mux.Metadata) Option {
	return func(o *options) error { o.session.Metadata = m; return nil }
}

// Authenticate decides about the other side by what it sends with Introduce, before any stream of it is served.
func Authenticate(f func(mux.Metadata) error) Option {
	return func(o *options) error { o.session.Authenticate = f; return nil }
}

// HandshakeTime is how long the other side has until its preface and settings have come; 5 s is the default.
func HandshakeTime(d time.Duration) Option {
	return func(o *options) error { o.handshake = d; return nil }
}

// FrameTime is how long a frame that has begun may take; 30 s is the default.
func FrameTime(d time.Duration) Option { return func(o *options) error { o.frame = d; return nil } }

// Backlog is how many streams may wait for AcceptStream; 256 is the default, and more are refused.
func Backlog(n int) Option { return func(o *options) error { o.backlog = n; return nil } }

// MaxMessage is the longest message in bytes that ReadMessage takes; 4 MiB is the default.
func MaxMessage(n int) Option { return func(o *options) error { o.message = n; return nil } }
