package assembly

import (
	"maps"
	"net/netip"
	"strings"
	"time"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/health"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// byClient is what the names of balances begin with that give a client the same server each time.
const byClient = "client-"

// stickyFor is how long the server of a client is remembered after its last message.
const stickyFor = 10 * time.Minute

var clientBalances = func() map[string]func() balance.Policy {
	all := maps.Clone(balances)
	all[byClient+"hash"] = balance.IPHash
	all[byClient+"sticky"] = func() balance.Policy { return balance.Sticky(stickyFor, balance.P2C()) }
	return all
}()

// keyOf is the hash of the address that a connection comes from, which it keeps: to ask the system for each message would cost
// more than to serve it.
func keyOf(c *stage.Conn) uint64 {
	if key, ok := c.Reading.Session.(*uint64); ok {
		return *key
	}
	key := stage.Hash([]byte(c.Peer())) // of a unix socket
	if from, err := netip.ParseAddrPort(c.Peer()); err == nil {
		key = balance.AddrKey(from.Addr())
	}
	c.Reading.Session = &key
	return key
}

// assembleFrames declares a proxy of messages that begin with their length in 32 bits. Any server may serve any message, and
// answers those of a connection in their order.
func (c *Proxy) assembleFrames(r *RunningProxy, source *tcp.Source) error {
	r.Source = source
	r.policy.set(c.policyFor(c.Mode))
	named := c.named()
	r.servers.Store(&named)
	if err := c.connect(r, balance.Options{}, c.traffic(), health.TCP()); err != nil {
		return err
	}
	if len(c.Discover) > 0 {
		if err := r.find(c.Discover, r.Pool); err != nil {
			return err
		}
	}
	messages := frame.Length32(c.MaxMessage)
	opts := []pool.ForwardOption[frame.Frame]{pool.Idempotent(func(*frame.Frame) bool { return c.Idempotent })}
	if strings.HasPrefix(c.Balance, byClient) {
		opts = append(opts, pool.Route(func(m *frame.Frame) balance.Request { return balance.Request{Key: keyOf(m.Conn())} }))
	}
	r.Pipeline.From(source).Via("decode", codec.Decode(messages)).To("forward", r.Pool.Forward(messages, opts...))
	r.Pipeline.From(r.Pool.Replies()).Via("decode replies", codec.Decode(messages)).To("reply", sinks.Reply(messages))
	return nil
}
