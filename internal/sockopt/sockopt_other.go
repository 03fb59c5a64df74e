//go:build !unix

package sockopt

import (
	"errors"
	"time"
)

// Sockets keep the options that package net gives them: no delay of small writes, and probes after 15 s of silence.

func force(int, int) error     { return errors.ErrUnsupported }
func forceSend(int, int) error { return errors.ErrUnsupported }

func unsupported(o Option) Option {
	o.set = func(int) error { return errors.ErrUnsupported }
	o.get = func(int) (string, error) { return "", errors.ErrUnsupported }
	return o
}

func noDelay(o Option, _ bool) Option                      { return unsupported(o) }
func keepAlive(o Option, _, _ time.Duration, _ int) Option { return unsupported(o) }
func userTimeout(o Option, _ time.Duration) Option         { return unsupported(o) }
func receiveBuffer(o Option, _ int) Option                 { return unsupported(o) }
func sendBuffer(o Option, _ int) Option                    { return unsupported(o) }
func linger(o Option, _ time.Duration) Option              { return unsupported(o) }
func deferAccept(o Option, _ time.Duration) Option         { return unsupported(o) }
func quickAck(o Option, _ bool) Option                     { return unsupported(o) }
func congestion(o Option, _ string) Option                 { return unsupported(o) }
func backlog(o Option, _ int) Option                       { return unsupported(o) }

// Queue has nobody to ask.
func Queue(int) (waiting, most int, ok bool) { return 0, 0, false }
