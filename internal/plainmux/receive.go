package plainmux

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// rates count what costs its sender less than its receiver.
type rates struct{ resets, pings, settings, empties, priorities, goAways bucket }

func newRates(l Limits) rates {
	return rates{
		resets: newBucket(l.ResetsPerSecond, time.Second), pings: newBucket(l.PingsPerSecond, time.Second),
		settings: newBucket(l.SettingsPerMinute, time.Minute), empties: newBucket(l.EmptyDataPerSecond, time.Second),
		priorities: newBucket(l.PrioritiesPerSecond, time.Second), goAways: newBucket(l.GoAwaysPerMinute, time.Minute),
	}
}

func within(b *bucket, what string) error {
	if !b.take() {
		return fault(Limit, "%s came too often", what)
	}
	return nil
}

func (c *Conn) readAll() {
	var err error
	for err == nil {
		var f Frame
		if f, err = c.framer.read(); err == nil {
			c.mu.Lock()
			if c.err == nil { // what arrives behind the end is read and dropped, so that the other side is not held up
				err = c.take(f)
			}
			c.mu.Unlock()
		}
	}
	if err == io.EOF {
		err = fmt.Errorf("plainmux: the other side has closed the connection: %w", io.EOF)
	}
	e, told := err.(*Error)
	told = told && !e.Remote
	c.mu.Lock()
	c.end(err, told)
	_, told = c.err.(*Error) // an earlier error counts
	told = told || c.err == ErrClosed
	if e, ok := c.err.(*Error); ok && e.Remote {
		told = false
	}
	c.mu.Unlock()
	if told {
		<-c.finished
		linger(c.framer.transport)
	}
	c.framer.transport.Close()
	<-c.finished
	close(c.closed)
}

// take applies a frame. An error is one of the connection.
func (c *Conn) take(f Frame) error {
	defer c.cond.Broadcast()
	if err := checkPayload(f); err != nil {
		return err
	}
	switch f.Type {
	case Ping:
		if err := within(&c.rates.pings, "PING"); err != nil {
			return err
		}
		return c.answer(Frame{Type: Pong, Payload: f.Payload})
	case Pong:
		id := binary.LittleEndian.Uint64(f.Payload)
		if at, ok := c.pings[id]; ok {
			delete(c.pings, id)
			c.pinged[id] = time.Since(at)
		}
		return nil
	case SettingsType:
		return c.takeSettings(f)
	case GoAway:
		return c.takeGoAway(f)
	case CreditFrame:
		if f.Stream == 0 {
			return c.takeCredit(binary.LittleEndian.Uint64(f.Payload))
		}
	case Open:
		return c.takeOpen(f)
	}
	return c.takeOnStream(f)
}

func (c *Conn) takeSettings(f Frame) error {
	if err := within(&c.rates.settings, "SETTINGS"); err != nil {
		return err
	}
	if _, err := c.theirs.apply(f.Payload, false); err != nil {
		return err
	}
	select {
	case c.change <- struct{}{}:
	default:
	}
	return nil
}

func (c *Conn) takeGoAway(f Frame) error {
	number, code := binary.LittleEndian.Uint32(f.Payload), Code(binary.LittleEndian.Uint32(f.Payload[4:]))
	if code != None {
		return &Error{Code: code, Text: text(f.Payload[8:]), Remote: true}
	}
	if c.barred != nil && number != 0 && (*c.barred == 0 || above(number, *c.barred)) {
		return fault(Protocol, "a second GOAWAY raises the number from %d to %d", *c.barred, number)
	}
	if err := within(&c.rates.goAways, "GOAWAY"); err != nil {
		return err
	}
	c.barred = &number
	for _, s := range c.streams {
		if s.ours && (number == 0 || above(s.number, number)) {
			s.fail(&Error{Code: Refused, Text: "the other side goes away", Remote: true})
		}
	}
	return nil
}

func (c *Conn) takeCredit(total uint64) error {
	if total < c.sendMost {
		return fault(Credit, "the credit of the connection sinks from %d to %d", c.sendMost, total)
	}
	c.sendLeft += total - c.sendMost
	c.sendMost = total
	return nil
}

func (c *Conn) takeOpen(f Frame) error {
	if opensOf(c.client, f.Stream) || !above(f.Stream, c.heard) || c.streams[f.Stream] != nil {
		return fault(Protocol, "OPEN of stream %d behind %d", f.Stream, c.heard)
	}
	o, err := parseOpening(f.Payload, f.Flags, c.config.Settings.MaxMetadata)
	if err != nil {
		return err
	}
	c.heard = f.Stream
	if c.lastOne != nil { // dropped, with everything of it
		return nil
	}
	if c.serving >= int(c.mine.MaxStreams) {
		return c.answer(Frame{Type: Reset, Stream: f.Stream, Payload: codeAndText(Refused, "too many streams")})
	}
	s := c.newStream(f.Stream, o, false)
	s.remoteEnded = o.Fin
	c.serving++
	c.streams[s.number] = s
	c.arrived = append(c.arrived, s)
	return nil
}
