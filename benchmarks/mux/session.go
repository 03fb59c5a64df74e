//go:build linux

package main

import "io"

// A session is one connection between two ends in this process, both of which it has. Raw TCP has a connection for each stream.
type session interface {
	// open opens a stream whose other end echoes messages. It is known there when the first message has come back.
	open() (stream, error)
	// unary opens a stream, has one message answered and closes it.
	unary(l letter) error
	// bulk writes blocks on a stream of its own until there is to be no more.
	bulk(more func() bool) error
	// close closes both ends.
	close()
}

// A stream carries messages there and back. One goroutine may send while another one receives.
type stream interface {
	send(m []byte) error
	receive(m []byte) error
	close() error
}

// exchange sends a letter with this number and waits for its answer.
func exchange(s stream, l letter, k uint64) error {
	l.number(k)
	if err := s.send(l.sent); err != nil {
		return err
	}
	if err := s.receive(l.got); err != nil {
		return err
	}
	return l.check()
}

// A multiplexer is a session whose streams are of bytes.
type multiplexer struct {
	begin func() (io.ReadWriteCloser, error) // opens a stream
	end   func()
}

func (m multiplexer) close() { m.end() }

func (m multiplexer) open() (stream, error) {
	s, err := m.begin()
	return bytewise{s}, err
}

func (m multiplexer) unary(l letter) error {
	s, err := m.begin()
	if err != nil {
		return err
	}
	if err := exchange(bytewise{s}, l, 0); err != nil {
		return err
	}
	return s.Close()
}

func (m multiplexer) bulk(more func() bool) error {
	s, err := m.begin()
	if err != nil {
		return err
	}
	for next := newMessage(draining); more(); next = block {
		if _, err := s.Write(next); err != nil {
			return err
		}
	}
	return s.Close()
}

// bytewise carries messages on a stream of bytes.
type bytewise struct{ io.ReadWriteCloser }

func (b bytewise) close() error { return b.Close() }

func (b bytewise) send(m []byte) error {
	_, err := b.Write(m)
	return err
}

func (b bytewise) receive(m []byte) error {
	_, err := io.ReadFull(b.ReadWriteCloser, m) // b itself would be allocated
	return err
}

// serveAll serves every stream that is accepted, until none is.
func serveAll[S io.ReadWriteCloser](accept func() (S, error), t *tally) {
	for {
		s, err := accept()
		if err != nil {
			return
		}
		go serve(s, t)
	}
}

// serve does what the messages on a stream of bytes ask for, until it ends.
func serve(s io.ReadWriteCloser, t *tally) {
	defer s.Close() //nolint:errcheck // the other end notices
	m := make([]byte, messageSize)
	for {
		if _, err := io.ReadFull(s, m); err != nil {
			return
		}
		if m[kindAt] == draining {
			d, b := drain{tally: t}, make([]byte, blockSize)
			for {
				n, err := s.Read(b)
				d.take(b[:n])
				if err != nil {
					return
				}
			}
		}
		if _, err := s.Write(m); err != nil {
			return
		}
	}
}
