//go:build linux

package main

import (
	"context"
	"io"

	codec "github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/sources/muxnet"
)

func newLeat(n *network, _ int, t *tally) (session, error) {
	near, far, err := n.pair()
	if err != nil {
		return nil, err
	}
	settings := codec.DefaultSettings
	settings.MaxStreams = backlog
	server := &muxnet.Server{Handler: func(s *muxnet.Stream) { serve(s, t) }, Options: []muxnet.Option{muxnet.Settings(settings)}}
	if _, err := server.ServeConn(far); err != nil {
		return nil, err
	}
	client, err := muxnet.Client(near)
	if err != nil {
		return nil, err
	}
	return multiplexer{
		begin: func() (io.ReadWriteCloser, error) { return client.Open(context.Background()) },
		end: func() {
			_ = client.Close() // both only say that they were closed already
			_ = server.Close()
		},
	}, nil
}
