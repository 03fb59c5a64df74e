// Package pool keeps connections to backends open, so that a request need not wait for a connection to be made.
//
// It is usable alone, by any program that wants a net.Conn:
//
//	p, err := pool.New([]balance.Backend{{Name: "db", Address: "127.0.0.1:5432"}}, balance.RoundRobin())
//	...
//	c, err := p.Get(ctx)
//	if err != nil { ... }
//	defer p.Put(c)
//	// write a request to c, read its reply from c
//
// and as the sink and the return source of a pipeline.
//
// A balance.Policy says which backend serves a request. Each backend has limits of its own ([Limits]), and every connection
// is being dialed, idle, in use, draining (in use for the last time) or closed; [Pool.Stats] counts them, with how many were closed
// for which [Reason].
package pool
