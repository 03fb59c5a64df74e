//go:build linux

package main

import (
	"context"
	"io"

	"github.com/hashicorp/yamux"
	yamuxp2p "github.com/libp2p/go-yamux/v5"
)

// backlog is how many streams may wait until they are accepted: as many as there are in any row.
const backlog = 1 << 14

func newYamux(n *network, window int, t *tally) (session, error) {
	near, far, err := n.pair()
	if err != nil {
		return nil, err
	}
	c := yamux.DefaultConfig()
	c.LogOutput = io.Discard
	if window > 0 {
		c.MaxStreamWindowSize, c.AcceptBacklog = uint32(window), backlog
		c.StreamOpenTimeout = 0 // would be a goroutine for each stream
	}
	client, err := yamux.Client(near, c)
	if err != nil {
		return nil, err
	}
	server, err := yamux.Server(far, c)
	if err != nil {
		return nil, err
	}
	go serveAll(server.Accept, t)
	return multiplexer{
		begin: func() (io.ReadWriteCloser, error) { return client.Open() },
		end: func() {
			_ = client.Close() // both only say that they were closed already
			_ = server.Close()
		},
	}, nil
}

func newLibp2p(n *network, window int, t *tally) (session, error) {
	near, far, err := n.pair()
	if err != nil {
		return nil, err
	}
	c := yamuxp2p.DefaultConfig()
	c.LogOutput, c.MaxIncomingStreams = io.Discard, backlog
	if window > 0 {
		c.InitialStreamWindowSize, c.MaxStreamWindowSize = uint32(window), uint32(window)
		c.AcceptBacklog = backlog
	}
	client, err := yamuxp2p.Client(near, c, nil)
	if err != nil {
		return nil, err
	}
	server, err := yamuxp2p.Server(far, c, nil)
	if err != nil {
		return nil, err
	}
	go serveAll(server.Accept, t)
	return multiplexer{
		begin: func() (io.ReadWriteCloser, error) { return client.Open(context.Background()) },
		end: func() {
			_ = client.Close()
			_ = server.Close()
		},
	}, nil
}
