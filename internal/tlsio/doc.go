// Package tlsio is TLS, by crypto/tls, for whoever serves many connections on one goroutine and never waits.
//
// A [Session] lies over a [Wire], such as a descriptor that does not block. Only its handshake has a goroutine, which crypto/tls
// cannot do without: it begins when a whole first record of the client has arrived, and a [Crew] bounds how many there are and
// how many compute at a time. From then on Read and Write are plain calls that answer [ErrAgain], or take less, where they would
// have to wait. A session at rest holds neither a goroutine nor a buffer of ours: what remains is the memory of crypto/tls.
//
//	s := tlsio.Server(wire, config, crew)
//	s.Handshake(func(error) { loop.Post(handshaken) })
//	// when the wire is readable, or writable after Room: s.Continue() until done has been called, then
//	n, err := s.Read(b)
//	n, err = s.Write(b)
//
// It works because crypto/tls does not keep an error of a read that is a net.Error and temporary: what it has of a record stays,
// and the next Read goes on with it. Errors of writes it does keep, so what it writes is always taken, into a buffer that is
// bounded because nothing more is encrypted before the wire has taken it.
package tlsio
