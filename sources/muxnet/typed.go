package muxnet

import "context"

// A Codec is the wire form of messages of one type.
//
// Append appends the form of v to b. Parse fills v, which may alias b: a request is borrowed until its method returns, everything else that
// is received belongs to v.
//
// That of a message of Protocol Buffers:
//
//	type Proto[T any, P interface{ *T; proto.Message }] struct{}
//	func (Proto[T, P]) Append(b []byte, v *T) ([]byte, error) { return proto.MarshalOptions{}.MarshalAppend(b, P(v)) }
//	func (Proto[T, P]) Parse(b []byte, v *T) error            { return proto.Unmarshal(b, P(v)) }
type Codec[T any] interface {
	Append(b []byte, v *T) ([]byte, error)
	Parse(b []byte, v *T) error
}

// Raw is the codec of bytes that are their own form.
type Raw struct{}

// Append implements Codec.
func (Raw) Append(b []byte, v *[]byte) ([]byte, error) { return append(b, *v...), nil }

// Parse implements Codec.
func (Raw) Parse(b []byte, v *[]byte) error { *v = b; return nil }

// A Method is one with typed messages, the same at its callers and at its server.
type Method[Req, Resp any] struct {
	Name     string
	Request  Codec[Req]
	Response Codec[Resp]
}

// Call calls the method like [Conn.Call].
func (m *Method[Req, Resp]) Call(ctx context.Context, c *Conn, request *Req, response *Resp) error {
	p := scratch()
	b, err := m.Request.Append(*p, request)
	if err != nil {
		giveBack(p, *p)
		return err
	}
	got, err := c.Call(ctx, m.Name, b, nil)
	giveBack(p, b)
	if err != nil {
		return err
	}
	return m.Response.Parse(got, response)
}

// Handle adds the method to those of a server: f fills the response. A request that cannot be parsed is an error of the method.
func (m *Method[Req, Resp]) Handle(to *Methods, f func(ctx context.Context, request *Req, response *Resp) error) {
	to.Unary(m.Name, func(ctx context.Context, b []byte) ([]byte, error) {
		var request Req
		if err := m.Request.Parse(b, &request); err != nil {
			return nil, err
		}
		var response Resp
		if err := f(ctx, &request, &response); err != nil {
			return nil, err
		}
		return m.Response.Append(nil, &response)
	})
}

// Send sends v as one message.
func Send[T any](s *Stream, c Codec[T], v *T) error {
	p := scratch()
	b, err := c.Append(*p, v)
	if err == nil {
		err = s.WriteMessage(b)
	}
	giveBack(p, b)
	return err
}

// Receive waits for the next message. Behind the last one it returns io.EOF.
func Receive[T any](s *Stream, c Codec[T], v *T) error {
	b, err := s.ReadMessage(nil)
	if err != nil {
		return err
	}
	return c.Parse(b, v)
}
