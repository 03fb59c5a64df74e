//go:build linux

//nolint:staticcheck // this package is what is compared, deprecated or not
package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"golang.org/x/net/http2"
)

// Paths of the requests.
const (
	echoPath  = "/echo"
	drainPath = "/drain"
)

// h2 is a session of HTTP/2: a stream is a request whose body and answer go on for as long as it is open.
type h2 struct {
	conn         *http2.ClientConn
	client, peer net.Conn
}

func newHTTP2(n *network, window int, t *tally) (session, error) {
	near, far, err := n.pair()
	if err != nil {
		return nil, err
	}
	server, transport := &http2.Server{MaxConcurrentStreams: backlog}, &http2.Transport{AllowHTTP: true, DisableCompression: true}
	if window > 0 {
		server.MaxUploadBufferPerStream, server.MaxUploadBufferPerConnection = int32(window), int32(window)
		server.MaxReadFrameSize = 16 << 10 // the client has a buffer of so many bytes for each request, and gains nothing from more
	}
	go server.ServeConn(far, &http2.ServeConnOpts{Handler: handler(t)})
	c, err := transport.NewClientConn(near)
	return &h2{c, near, far}, err
}

// handler answers the requests.
func handler(t *tally) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == drainPath {
			d, b := drain{tally: t}, make([]byte, blockSize)
			for {
				n, err := r.Body.Read(b)
				d.take(b[:n])
				if err != nil {
					return
				}
			}
		}
		flush := w.(http.Flusher).Flush
		if r.ContentLength < 0 {
			flush() // the client waits for the header
		}
		for m := make([]byte, messageSize); ; flush() {
			if _, err := io.ReadFull(r.Body, m); err != nil {
				return
			}
			if _, err := w.Write(m); err != nil || r.ContentLength > 0 {
				return
			}
		}
	})
}

// request sends a request with a body of a length, which is -1 when it ends sometime.
func (h *h2) request(path string, body io.ReadCloser, length int64) (*http.Response, error) {
	answer, err := h.conn.RoundTrip(&http.Request{
		Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: "mux", Path: path}, Header: http.Header{}, Body: body, ContentLength: length,
	})
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return answer, err
}

func (h *h2) open() (stream, error) {
	body, send := io.Pipe()
	answer, err := h.request(echoPath, body, -1) //nolint:bodyclose // the stream closes it
	if err != nil {
		return nil, err
	}
	return h2stream{send, answer.Body}, nil
}

type h2stream struct {
	body   *io.PipeWriter
	answer io.ReadCloser
}

func (s h2stream) send(m []byte) error {
	_, err := s.body.Write(m)
	return err
}

func (s h2stream) receive(m []byte) error {
	_, err := io.ReadFull(s.answer, m)
	return err
}

func (s h2stream) close() error { return errors.Join(s.body.Close(), s.answer.Close()) }

func (h *h2) unary(l letter) error {
	b := &body{rest: l.sent}
	answer, err := h.request(echoPath, b, messageSize)
	if err != nil {
		return err
	}
	if _, err := io.ReadFull(answer.Body, l.got); err != nil {
		return err
	}
	return errors.Join(l.check(), answer.Body.Close())
}

func (h *h2) bulk(more func() bool) error {
	answer, err := h.request(drainPath, &body{more: more}, -1)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

func (h *h2) close() {
	_ = h.conn.Close() // says how the connection ended
	h.client.Close()
	h.peer.Close()
}

// A body is the body of a request: what rest has, and then blocks for as long as there are to be more.
type body struct {
	rest []byte
	more func() bool // nil: none
}

func (b *body) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.more == nil || !b.more() {
			return 0, io.EOF
		}
		b.rest = block
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *body) Close() error { return nil }
