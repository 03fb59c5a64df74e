package sinks

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/internal/nonblock"
	"github.com/leat-io/leat/internal/tlsio"
	"github.com/leat-io/leat/stage"
)

var errShakeLate = errors.New("it did not end in time")

// greet begins a tunnel whose client is to speak TLS. A backend is chosen when the handshake has succeeded.
func (r *relay) greet(a *stage.Accepted) {
	fd, seat, err := a.Take(r)
	if err != nil {
		return
	}
	t := r.begin(a, fd, seat)
	s := &session{relay: r, tunnel: t, fd: int32(fd), side: client, early: append([]byte(nil), a.First...)}
	s.Session = tlsio.Server(s, r.tls[client].config, r.crews[client])
	t.more().sides[client] = s
	if t.watchClient() {
		t.shake(s)
	}
}

// originate begins the handshake with a backend that has accepted.
func (t *tunnel) originate() {
	r := t.relay
	config, err := r.clientConfig(t.route.Address())
	if err != nil {
		t.connectFailed(err)
		return
	}
	s := &session{relay: r, tunnel: t, fd: t.fds[server], side: server}
	if r.sendProxy != 0 {
		if err := s.introduce(); err != nil {
			t.connectFailed(err)
			return
		}
	}
	s.Session = tlsio.Client(s, config, r.crews[server])
	t.more().sides[server] = s
	t.shake(s)
}

// introduce sends a backend the header of the PROXY protocol, for which a fresh connection has room.
func (s *session) introduce() error {
	header, err := s.relay.header(&s.tunnel.dial.accepted)
	if err != nil {
		return err
	}
	n, err := s.Write(header)
	if err == nil && n < len(header) {
		err = io.ErrShortWrite
	}
	return err
}

// mostConfigs is how many backends have their own config, with the session that is resumed.
const mostConfigs = 256

// clientConfig is the config for a backend.
func (r *relay) clientConfig(address string) (*tls.Config, error) {
	if c := r.configs[address]; c != nil {
		return c, nil
	}
	c := r.tls[server].config.Clone()
	if c.ServerName == "" && !c.InsecureSkipVerify {
		network, addr, err := endpoint.Of(address)
		if err != nil {
			return nil, err
		}
		if network == "unix" {
			return nil, errors.New("a unix socket does not say which name its certificate must have: set ServerName")
		}
		if c.ServerName, _, err = net.SplitHostPort(addr); err != nil {
			return nil, err
		}
	}
	if c.ClientSessionCache == nil {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	if len(r.configs) >= mostConfigs {
		clear(r.configs)
	}
	if r.configs == nil {
		r.configs = map[string]*tls.Config{}
	}
	r.configs[address] = c
	return c, nil
}

// shake begins a handshake.
func (t *tunnel) shake(s *session) {
	r := t.relay
	t.is |= shaking
	s.shaking = true
	if r.shaking++; r.shaking == 1 {
		r.shared, r.loop.Shared = r.loop.Shared, true
	}
	r.wheel.Drop(t.place)
	if r.limits.Handshake > 0 {
		t.dial.due = r.nowTick + r.ticks(r.limits.Handshake)
		r.wheel.Set(t.place, t.dial.due)
	}
	s.Handshake(s.shook)
	if s.side == client { // the source may have read all of it
		t.goOn(s)
	}
}

// settle notes that a handshake is not under way any more.
func (t *tunnel) settle(s *session) {
	t.is &^= shaking
	s.shaking = false
	r := t.relay
	if r.shaking--; r.shaking == 0 {
		r.loop.Shared = r.shared
	}
}

// goOn has the handshake look at its descriptor.
func (t *tunnel) goOn(s *session) {
	if err := s.Continue(); err != nil {
		t.settle(s)
		t.shakeFailed(s, err)
	}
}

// readyShaking deals with the events of a side while a handshake is under way.
func (t *tunnel) readyShaking(side int, events uint32) {
	if s := t.extra.sides[side]; s != nil && s.shaking {
		t.goOn(s)
		return
	}
	if side == client {
		t.readyEarly(side, events)
	}
}

// shook is called on the goroutine of a handshake at its end. The session is the loop's again, or nobody's.
func (s *session) shook(err error) {
	if s.stage.CompareAndSwap(underWay, told) {
		s.relay.loop.Post(shaken{s, err})
		return
	}
	nonblock.Close(int(s.fd))
	if s.seat != nil {
		s.seat.End(s.reason)
	}
}

// shaken is a task: a handshake has ended.
type shaken struct {
	*session
	err error
}

// Run implements reactor.Task.
func (s shaken) Run() {
	t := s.tunnel
	if t == nil { // it has ended meanwhile
		return
	}
	t.settle(s.session)
	t.ways[s.side].is |= unread | torn // also what the session has read
	switch {
	case s.err != nil:
		t.shakeFailed(s.session, s.err)
	case s.side == client:
		t.introduced()
	default:
		t.joined()
	}
}

// shakeFailed is for a handshake that has failed.
func (t *tunnel) shakeFailed(s *session, err error) {
	if s.side == client {
		if errors.Is(err, stage.ErrReset) {
			t.end(endClientReset, ErrClientReset)
			return
		}
		t.end(endHandshake, fmt.Errorf("%w: %w", stage.ErrHandshake, err))
		return
	}
	t.connectFailed(fmt.Errorf("%w: %w", stage.ErrHandshake, blamed(err)))
}

// shakeLate is for a handshake that has taken too long.
func (t *tunnel) shakeLate() {
	for _, s := range t.extra.sides {
		if s != nil && s.shaking {
			t.shakeFailed(s, errShakeLate)
			return
		}
	}
}

// blamed adds to an error which certificate it is about.
func blamed(err error) error {
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok && len(e.UnverifiedCertificates) > 0 {
		c := e.UnverifiedCertificates[0]
		return fmt.Errorf("the certificate of %q, issued by %q: %w", c.Subject, c.Issuer, err)
	}
	return err
}

// introduced goes on with a client whose handshake has succeeded.
func (t *tunnel) introduced() {
	r, d := t.relay, t.dial
	state := t.extra.sides[client].State()
	a := &d.accepted
	if a.Hello == nil {
		a.Hello = &stage.Hello{ServerName: strings.ToLower(state.ServerName)}
		if state.NegotiatedProtocol != "" {
			a.Hello.Protocols = []string{state.NegotiatedProtocol}
		}
	}
	if t.record != nil {
		t.record.ServerName, t.record.Protocol = a.Hello.ServerName, state.NegotiatedProtocol
	}
	r.read()
	d.routed = r.now
	first, err := r.first(a)
	if err != nil {
		t.giveUp(endNoRoute, fmt.Errorf("%w: %w", ErrNoRoute, err))
		return
	}
	if len(first) > 0 {
		t.ways[toServer].held = r.held.keep(first)
	}
	route, err := r.route(a, nil)
	if err != nil {
		t.giveUp(endNoRoute, fmt.Errorf("%w: %w", ErrNoRoute, err))
		return
	}
	t.route = route
	t.reflect(a)
	t.connect()
}
