// Package streams serves the mux protocol in an assembly: what clients send on their streams goes through stages as messages, and what the
// stages make of it is sent back.
//
//	mx, err := streams.New(streams.Config{})
//	p.From(tcp.Listen(addr)).
//		Via("decode", codec.Decode(mx.Frames())).
//		Via("session", mx.Session()).
//		Shard("by stream", 4, streams.ByStream, queue.Ring).
//		Via("serve", stage.Do(serve)).
//		To("send", streams.Send())
//
// The lane that reads a connection sees all of its frames in their order: it keeps streams, credit and the answers to frames of control.
// Data may be served on any lane. What is sent passes the scheduler of the session when the socket takes it, and not before.
//
// A connection whose client ends its side is closed when its output is written, whatever is still being served on other lanes: the end of a
// transport is the end of its streams. A client that wants its answers waits for them.
//
// Clients that do not assemble, and servers with a goroutine for each stream, are in package muxnet.
package streams
