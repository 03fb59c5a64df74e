//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync/atomic"
)

// Bytes of a request and of its answer, and of what a bulk stream writes at once.
const (
	messageSize = 64
	blockSize   = 64 << 10
)

// What a message asks the other end of its stream for stands behind the number of the message, in its ninth byte.
const (
	kindAt = 8

	echoing  byte = 0 // send it back
	draining byte = 1 // take what follows as blocks, and answer nothing
)

var errOther = errors.New("what came is not what was sent")

// block is what bulk streams repeat. Its bytes are random, so that those that are lost or moved are noticed.
var block = random(blockSize)

func random(n int) []byte {
	b, r := make([]byte, n), rand.NewChaCha8([32]byte{})
	_, _ = r.Read(b) // never fails
	return b
}

func newMessage(kind byte) []byte {
	m := random(messageSize)
	m[kindAt] = kind
	return m
}

// A letter is a message that is sent again and again with another number, and where its answer comes.
type letter struct{ sent, got []byte }

func newLetter() letter { return letter{newMessage(echoing), make([]byte, messageSize)} }

func (l letter) number(k uint64) { binary.LittleEndian.PutUint64(l.sent, k) }

func (l letter) check() error {
	if !bytes.Equal(l.sent, l.got) {
		return errOther
	}
	return nil
}

// A tally counts what has come on the bulk streams of a session.
type tally struct {
	bytes atomic.Int64
	wrong atomic.Bool // some of it is not what was sent
}

func (t *tally) gigabytes() float64 { return float64(t.bytes.Load()) / 1e9 }

// A drain is the end of a bulk stream that takes blocks.
type drain struct {
	*tally
	at int // in the block
}

// take counts bytes that came, and looks at the last of them.
func (d *drain) take(b []byte) {
	if len(b) == 0 {
		return
	}
	d.at = (d.at + len(b) - 1) % blockSize
	if b[len(b)-1] != block[d.at] {
		d.wrong.Store(true)
	}
	d.at++
	d.bytes.Add(int64(len(b)))
}
