//go:build linux

package main

import (
	"context"
	"errors"
	"net"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

// A packet is a message of gRPC as bytes, without protobuf around them.
type packet struct {
	data []byte
	to   *drain // takes what comes, where it lies; nil: it is copied into data, which it must fill
}

var errLength = errors.New("a message of another length")

// bare is the codec of packets.
type bare struct{}

func (bare) Name() string { return "bare" }

// Marshal copies messages, which their senders change again. Blocks are lent.
func (bare) Marshal(v any) (mem.BufferSlice, error) {
	b := v.(*packet).data
	if len(b) == messageSize {
		b = slices.Clone(b)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

func (bare) Unmarshal(data mem.BufferSlice, v any) error {
	p := v.(*packet)
	if p.to != nil {
		for _, b := range data {
			p.to.take(b.ReadOnlyData())
		}
		return nil
	}
	if data.Len() != len(p.data) {
		return errLength
	}
	data.CopyTo(p.data)
	return nil
}

// Methods by their full names.
const (
	service     = "mux"
	unaryMethod = "/mux/unary"
	echoMethod  = "/mux/echo"
	drainMethod = "/mux/drain"
)

var (
	echoStreams  = grpc.StreamDesc{StreamName: "echo", ServerStreams: true, ClientStreams: true, Handler: echoPackets}
	drainStreams = grpc.StreamDesc{StreamName: "drain", ClientStreams: true, Handler: drainPackets}
)

func unaryPacket(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	p := &packet{data: make([]byte, messageSize)}
	return p, decode(p)
}

func echoPackets(_ any, s grpc.ServerStream) error {
	p := &packet{data: make([]byte, messageSize)}
	for s.RecvMsg(p) == nil {
		if err := s.SendMsg(p); err != nil {
			return err
		}
	}
	return nil
}

func drainPackets(t any, s grpc.ServerStream) error {
	p := &packet{to: &drain{tally: t.(*tally)}}
	for s.RecvMsg(p) == nil {
	}
	return s.SendMsg(&packet{})
}

// remote is a session of gRPC.
type remote struct {
	client *grpc.ClientConn
	server *grpc.Server
}

func newGRPC(n *network, window int, t *tally) (session, error) {
	serving := []grpc.ServerOption{grpc.MaxConcurrentStreams(backlog), grpc.ForceServerCodecV2(bare{})}
	dialing := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(bare{})),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return n.dial() }),
	}
	if window > 0 {
		w := int32(window)
		serving = append(serving, grpc.StaticStreamWindowSize(w), grpc.StaticConnWindowSize(w), grpc.ReadBufferSize(blockSize), grpc.WriteBufferSize(blockSize))
		dialing = append(dialing, grpc.WithStaticStreamWindowSize(w), grpc.WithStaticConnWindowSize(w), grpc.WithReadBufferSize(blockSize), grpc.WithWriteBufferSize(blockSize),
			grpc.WithDisableRetry())
	}
	r := &remote{server: grpc.NewServer(serving...)}
	r.server.RegisterService(&grpc.ServiceDesc{
		ServiceName: service, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "unary", Handler: unaryPacket}}, Streams: []grpc.StreamDesc{echoStreams, drainStreams},
	}, t)
	go func() { _ = r.server.Serve(n.ln) }() // says that it was stopped
	var err error
	r.client, err = grpc.NewClient("passthrough:///mux", dialing...)
	return r, err
}

func (r *remote) open() (stream, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := r.client.NewStream(ctx, &echoStreams, echoMethod)
	return call{s, new(packet), new(packet), cancel}, err
}

func (r *remote) unary(l letter) error {
	if err := r.client.Invoke(context.Background(), unaryMethod, &packet{data: l.sent}, &packet{data: l.got}); err != nil {
		return err
	}
	return l.check()
}

func (r *remote) bulk(more func() bool) error {
	s, err := r.client.NewStream(context.Background(), &drainStreams, drainMethod)
	if err != nil {
		return err
	}
	for p := (&packet{data: block}); more(); {
		if err := s.SendMsg(p); err != nil {
			return err
		}
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	return s.RecvMsg(&packet{})
}

func (r *remote) close() {
	_ = r.client.Close()
	r.server.Stop()
}

// A call is a stream of messages both ways.
type call struct {
	grpc.ClientStream
	sent, got *packet
	cancel    context.CancelFunc
}

func (c call) send(m []byte) error {
	c.sent.data = m
	return c.SendMsg(c.sent)
}

func (c call) receive(m []byte) error {
	c.got.data = m
	return c.RecvMsg(c.got)
}

func (c call) close() error {
	defer c.cancel()
	return c.CloseSend()
}
