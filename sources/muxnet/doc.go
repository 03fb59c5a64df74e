// Package muxnet is the mux protocol for people who do not assemble: many streams over one connection, each of which is a net.Conn.
//
//	conn, err := muxnet.Dial(ctx, "tcp", "localhost:7000")
//	stream, err := conn.Open(ctx)
//	_, err = stream.Write([]byte("hello"))
//
//	srv := &muxnet.Server{Handler: func(s *muxnet.Stream) { io.Copy(s, s) }}
//	err := srv.Serve(listener)
//
// It promises that a stream that nobody reads stops itself and no other (as long as what waits on all of them is below [session.Limits].Held, with the
// defaults that of 512 such streams), that what a peer can cost is bounded, and that whoever
// reads the connection never waits for one that writes. That is a goroutine of the connection, or, while it has a single stream, whoever waits
// in Read. The protocol is that of docs/mux.md.
package muxnet
