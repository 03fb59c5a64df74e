package plainmux

// CloseWrite ends the direction of this side, and returns when the end is on its way.
func (s *Stream) CloseWrite() error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(s.pending) > 0 && s.writeEnd() == nil {
		c.cond.Wait()
	}
	s.finDue = true
	c.cond.Broadcast()
	for !s.localEnded && !s.gone {
		c.cond.Wait()
	}
	if s.localEnded {
		return nil
	}
	return s.writeErr
}

// Stop asks the other side to send nothing more: what has arrived is dropped, and what still comes.
func (s *Stream) Stop(code Code, text string) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.stopped || s.remoteEnded || s.gone {
		return
	}
	s.stopped, s.readErr, s.buffer, s.assembly = true, ErrStopped, nil, nil
	s.conn.push(Frame{Type: Stop, Stream: s.number, Payload: codeAndText(code, text)})
}

// Reset ends both directions. With a code of the application the other side still reads what it has received.
func (s *Stream) Reset(code Code, text string) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.gone {
		return
	}
	s.conn.push(Frame{Type: Reset, Stream: s.number, Payload: codeAndText(code, text)})
	s.fail(&Error{Code: code, Text: text})
}

// Close says that whoever uses the stream has returned: this direction ends, and the other is stopped if it has not ended.
func (s *Stream) Close() error {
	err := s.CloseWrite()
	s.Stop(Cancelled, "nobody reads the stream any more")
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if !s.released {
		s.released = true
		s.uncount()
	}
	return err
}

// err answers an error of the stream. What it returns is one of the connection.
func (s *Stream) err(code Code, text string) error {
	err := s.conn.answer(Frame{Type: Reset, Stream: s.number, Payload: codeAndText(code, text)})
	s.fail(fault(code, "%s", text))
	return err
}

// fail is the state "reset": nothing is read or sent any more.
func (s *Stream) fail(err error) {
	s.buffer, s.assembly, s.readErr = nil, nil, err
	s.lost(err)
}

func (s *Stream) resetByPeer(code Code, text string) {
	err := &Error{Code: code, Text: text, Remote: true}
	if code < Application {
		s.fail(err)
		return
	}
	s.lost(err)
}

// lost ends what has not ended. What has arrived stays for the reader.
func (s *Stream) lost(err error) {
	if s.readErr == nil && !s.remoteEnded {
		s.readErr = err
	}
	if s.writeErr == nil && !s.localEnded {
		s.writeErr = err
	}
	s.pending, s.ends = nil, nil
	s.remove()
}

// settle removes a stream of which both directions have ended.
func (s *Stream) settle() {
	if s.localEnded && s.remoteEnded {
		s.remove()
	}
}

func (s *Stream) remove() {
	if s.gone {
		return
	}
	s.gone = true
	if s.deadline != nil {
		s.deadline.Stop()
	}
	delete(s.conn.streams, s.number)
	if s.ours {
		s.conn.opened--
	}
	s.uncount()
	s.conn.leave()
	s.conn.cond.Broadcast()
}

// uncount forgets a stream of the other side's that has ended and that nobody serves any more.
func (s *Stream) uncount() {
	if s.gone && s.released && !s.ours {
		s.conn.serving--
	}
}
