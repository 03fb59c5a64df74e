package discovery

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

// Asking makes a source of DNS or SRV put its questions to f.
func Asking(s Source, f func(ctx context.Context, q *dns.Msg, server, network string, timeout time.Duration) (*dns.Msg, error)) {
	s.(*resolver).exchange = f
}

// Configured makes a source of DNS or SRV read another file than that of the system.
func Configured(s Source, path string) { s.(*resolver).conf = path }
