// Package workloadtest has a small server of RESP for tests of load generators. It stores values, counts, and answers in order;
// Fault makes it lie.
package workloadtest

import (
	"bytes"
	"net"
	"strconv"
	"sync"
)

// A Server is a store that its connections share. Its zero value is ready.
type Server struct {
	// Fault, if not nil, may replace the reply to a command; args[0] is its name. It is called with a lock held.
	Fault func(reply []byte, args [][]byte) []byte

	mu       sync.Mutex
	values   map[string][]byte
	counters map[string]*int64
	args     [][]byte
	one      []byte
}

// Append answers the whole commands at the beginning of input and returns how many bytes they took.
func (s *Server) Append(reply, input []byte) ([]byte, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for {
		args, n := split(s.args[:0], input[taken:])
		s.args = args
		if n == 0 {
			return reply, taken
		}
		taken += n
		s.one = s.answer(s.one[:0], args)
		if s.Fault != nil {
			reply = append(reply, s.Fault(s.one, args)...)
		} else {
			reply = append(reply, s.one...)
		}
	}
}

// Serve answers a connection until it ends.
func (s *Server) Serve(nc net.Conn) {
	var in, out []byte
	buf := make([]byte, 32<<10)
	for {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		in = append(in, buf[:n]...)
		var taken int
		out, taken = s.Append(out[:0], in)
		in = in[:copy(in, in[taken:])]
		if len(out) == 0 {
			continue
		}
		if _, err := nc.Write(out); err != nil {
			return
		}
	}
}

func (s *Server) answer(reply []byte, args [][]byte) []byte {
	switch string(args[0]) {
	case "PING":
		return append(reply, "+PONG\r\n"...)
	case "ECHO":
		return bulk(reply, args[1])
	case "GET":
		if v, ok := s.values[string(args[1])]; ok {
			return bulk(reply, v)
		}
		return append(reply, "$-1\r\n"...)
	case "SET", "MSET":
		for i := 1; i < len(args); i += 2 {
			s.set(args[i], args[i+1])
		}
		return append(reply, "+OK\r\n"...)
	case "INCR":
		n := s.counters[string(args[1])]
		if n == nil {
			if s.counters == nil {
				s.counters = map[string]*int64{}
			}
			n = new(int64)
			s.counters[string(args[1])] = n
		}
		*n++
		return append(strconv.AppendInt(append(reply, ':'), *n, 10), "\r\n"...)
	default:
		return append(reply, "-ERR unknown command\r\n"...)
	}
}

func (s *Server) set(key, value []byte) {
	if old, ok := s.values[string(key)]; ok && len(old) == len(value) {
		copy(old, value)
		return
	}
	if s.values == nil {
		s.values = map[string][]byte{}
	}
	s.values[string(key)] = bytes.Clone(value)
}

func bulk(b, v []byte) []byte {
	b = append(strconv.AppendInt(append(b, '$'), int64(len(v)), 10), "\r\n"...)
	return append(append(b, v...), "\r\n"...)
}

// split reads the command at the beginning of b, an array of strings; n is 0 if it is not whole.
func split(args [][]byte, b []byte) (_ [][]byte, n int) {
	count, at := number(b, 0)
	for range count {
		size, body := number(b, at)
		if size < 0 || len(b) < body+size+2 {
			return args, 0
		}
		args = append(args, b[body:body+size])
		at = body + size + 2
	}
	if count < 0 {
		return args, 0
	}
	return args, at
}

// number reads a line such as "*2" or "$16" at a place and returns its number and the place after it; -1 if it is not whole.
func number(b []byte, at int) (v, next int) {
	end := bytes.IndexByte(b[min(at, len(b)):], '\n')
	if end < 1 {
		return -1, at
	}
	for _, c := range b[at+1 : at+end-1] {
		v = 10*v + int(c-'0')
	}
	return v, at + end + 1
}
