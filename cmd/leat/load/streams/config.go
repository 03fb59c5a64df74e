package streams

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/leat-io/leat/sources/muxnet"
)

// A Config says what to put on a server.
type Config struct {
	Label    string
	Address  string                                  // for the result
	Dial     func(context.Context) (net.Conn, error) // opens one connection to it
	Options  []muxnet.Option                         // of the connections
	Conns    int                                     // connections; the streams are spread over them in turn
	Streams  int                                     // streams, each with one request in flight
	Request  string                                  // one of Requests
	Message  int                                     // bytes of a request
	Reply    string                                  // one of Replies
	Rate     float64                                 // requests a second on a schedule; 0 sends as fast as replies come
	Requests int64                                   // end after as many; 0 for no such end
	Duration time.Duration                           // end after this time; 0 for no such end
	Warmup   time.Duration                           // at the start, not counted (failures are); Requests and Duration begin behind it
	Timeout  time.Duration                           // from a request to its reply
	Progress func(Progress)                          // is told each second; nil for nobody
}

// Requests are what a request can be: bytes of a stream that lasts, or a call, which has a stream of its own.
var Requests = []string{"bytes", "call"}

// Replies are what a right answer can be.
var Replies = []string{"echo", "upper"}

// MostMessage is the longest request: one that fits in the window of a stream, because it is sent as a whole before its reply is read.
const MostMessage = 256 << 10

// Check says everything that is wrong with c.
func (c *Config) Check() error {
	var wrong []error
	bad := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	bad(c.Conns < 1 || c.Conns > 1<<16, "connections must be between 1 and 65536, not %d", c.Conns)
	bad(c.Streams < c.Conns || c.Streams > 1<<20, "streams must be at least as many as connections and at most 1048576, not %d", c.Streams)
	bad(!slices.Contains(Requests, c.Request), "there is no request %q; choose %s", c.Request, strings.Join(Requests, ", "))
	bad(c.Message < 1 || c.Message > MostMessage, "a message has between 1 and %d bytes, not %d", MostMessage, c.Message)
	bad(!slices.Contains(Replies, c.Reply), "there is no reply %q; choose %s", c.Reply, strings.Join(Replies, ", "))
	bad(c.Rate < 0 || c.Rate > 1e8, "a rate is between 0 and 100 million a second, not %v", c.Rate)
	bad(c.Requests < 0, "the number of requests is negative: %d", c.Requests)
	bad(c.Duration < 0, "the duration is negative: %v", c.Duration)
	bad(c.Warmup < 0, "the warm-up is negative: %v", c.Warmup)
	bad(c.Timeout <= 0, "the timeout must be above 0, not %v", c.Timeout)
	bad(c.Requests == 0 && c.Duration == 0, "say when to end, with --requests or --duration")
	return errors.Join(wrong...)
}
