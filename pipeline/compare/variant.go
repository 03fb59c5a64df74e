package compare

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/leat-io/leat/pipeline"
)

// A Variant is one of the designs that are compared.
type Variant struct {
	Name   string
	Detail string // for the report: what makes it, such as its flags

	// Open declares the pipeline and binds its address. It is called once in each process that serves the variant.
	Open func(ctx context.Context) (*Server, error)

	// Load drives this variant in place of Config.Load, when it speaks another protocol than the others.
	Load Load
}

// A Server is a variant that is bound and about to run.
type Server struct {
	Pipeline *pipeline.Pipeline
	Address  string                          // where the load finds it
	Run      func(ctx context.Context) error // until ctx ends; nil is that of Pipeline
}

// Bound binds the source of a pipeline and returns the server. An address of a unix socket begins with "unix:".
func Bound(p *pipeline.Pipeline, source interface {
	Bind() error
	Addr() net.Addr
}) (*Server, error) {
	if err := source.Bind(); err != nil {
		return nil, err
	}
	a := source.Addr()
	address := a.String()
	if a.Network() == "unix" {
		address = "unix:" + address
	}
	return &Server{Pipeline: p, Address: address}, nil
}

// A Load drives a server until it has measured it. It runs in a process of its own.
type Load func(ctx context.Context, t Target) (Outcome, error)

// A Target is a server to put load on.
type Target struct {
	Address  string
	Warmup   time.Duration // to drive it before Begin
	Duration time.Duration // from Begin to End

	// Begin and End enclose what the outcome counts. Each must be called once, while connections are open; they do not wait.
	Begin, End func()
}

// An Outcome is what a load has seen between Begin and End.
type Outcome struct {
	Messages int64         `json:"messages"` // answered rightly
	Elapsed  time.Duration `json:"elapsed"`  // nanoseconds
	Wrong    int64         `json:"wrong"`    // answered wrongly, or not at all
	Latency  []Quantile    `json:"latency"`  // in ascending order

	// Rate is the messages a second that an open loop had to send: on a schedule that the server cannot slow down. It is 0 in
	// a closed loop, which sends when it is answered.
	Rate float64 `json:"rate"`
	// Late is the 99th percentile of the time by which an open loop sent later than it had to, in nanoseconds.
	Late time.Duration `json:"late"`
}

func (o Outcome) check() error {
	switch {
	case o.Messages <= 0:
		return errors.New("no message was answered rightly")
	case o.Elapsed <= 0:
		return errors.New("the load does not say how long it measured")
	case len(o.Latency) == 0:
		return errors.New("the load has measured no latency")
	}
	return nil
}
