package tcp

import (
	"errors"

	"github.com/leat-io/leat/internal/preface"
	"github.com/leat-io/leat/stage"
)

// ProxyProtocol has the connections from the listed networks begin with a header of the PROXY protocol, of version 1 or 2, such as
// haproxy, nginx and the balancers of clouds send. It is for [Accept]. The list is written "127.0.0.1, 10.0.0.0/8, fd00::/8, unix",
// where the last word is for peers of unix sockets; what is wrong with it is an error of Bind and Run.
//
// Who is listed must send a header, and Client and Server of its connections are those that the header names. A header that
// says LOCAL or UNKNOWN, which is how a proxy speaks for itself, leaves those of the socket. What comes behind it is First. A listed
// peer that sends something else is closed, which is counted as "PROXY header" and reported.
//
// Nothing is read of connections from elsewhere: a header that they begin with is passed on as what they have sent, and changes nothing.
//
// MaxConnsPerAddress and AcceptRatePerAddress count the peer of the socket, but of listed peers the client that the header names: one
// over its limit is closed then, and counted as closed by that.
func ProxyProtocol(from string) Option {
	return func(s *Source) { s.proxies, s.badProxies = preface.ParseTrusted(from) }
}

// ServerNames has the ClientHello of each connection read, behind the PROXY header if there is one, and not decrypted: Hello says
// which name and protocols the client asks for, and the bytes are in First. It is for [Accept].
//
// A connection that begins with something else than TLS goes on with a Hello of nil as soon as that is clear, which the first byte
// mostly says, and is counted by the gauge "without a ClientHello". A ClientHello that is broken, or names what cannot be a host, is
// closed and counted as "ClientHello". A client that says nothing is closed when FirstMessage of [Limits] is over, so protocols in
// which the server speaks first cannot be served beside TLS.
func ServerNames() Option { return func(s *Source) { s.serverNames = true } }

// Why a connection is closed before it is a message, beside stage.ErrFirstMessage, stage.ErrReset and stage.ErrStopped.
var (
	ErrProxyHeader = &stage.Reason{Label: "PROXY header"} // a listed peer sent none, or a broken one
	ErrClientHello = &stage.Reason{Label: "ClientHello"}  // of TLS, but broken
	ErrLeftEarly   = &stage.Reason{Label: "left early"}   // the client ended its stream in the middle of either
)

// errPrefaced is the answer to options that are for Accept.
var errPrefaced = errors.New("the options ProxyProtocol and ServerNames are for tcp.Accept: leave them out of tcp.Listen")

// validatePreface says what is wrong with what is to come first. Only an Acceptor has no engine.
func (s *Source) validatePreface() error {
	if s.engine != nil && (s.serverNames || !s.proxies.None() || s.badProxies != nil) {
		return errPrefaced
	}
	return s.badProxies
}
