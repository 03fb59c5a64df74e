// Package accesslog writes a line for each connection that a proxy has carried, in JSON by zap.
//
// Whoever carries connections never waits for it: entries go through a bounded queue to a goroutine that encodes and writes them,
// and those that find no room are counted and left out.
package accesslog

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
)

const (
	// waiting is how many entries wait to be written: at 50 000 connections a second, those of a tenth of a second.
	waiting = 8192
	// buffered is how many bytes are written with one call.
	buffered = 64 << 10
	// flushEvery is how long an entry waits in the buffer when few come.
	flushEvery = 200 * time.Millisecond
)

var newline = []byte{'\n'}

// An Entry is one connection that has ended, or that was never carried anywhere.
type Entry struct {
	Began      time.Time      // when it was accepted
	Client     netip.AddrPort // who it was from; not valid for a unix socket
	Server     netip.AddrPort // what it came to; likewise
	ServerName string         // that a TLS client has asked for
	Backend    string         // name of the server that it went to, or the last one that was tried
	Address    string         // of that server
	Connect    time.Duration  // until the server had accepted
	Lasted     time.Duration  // from Began to the end
	In, Out    int64          // bytes from the client, and to it
	Tries      int            // servers that were tried
	End        string         // why it ended; "" when both sides had said all
}

// A Log writes entries. All methods are safe for any goroutine.
type Log struct {
	path    string // empty for a stream
	dropped atomic.Uint64
	failed  atomic.Pointer[error]
	entries chan Entry
	reopen  chan chan error
	done    chan struct{}
	closing sync.Once
	closed  chan struct{}

	// Of the goroutine that writes:
	out     io.Writer
	file    *os.File // nil for a stream
	encoder zapcore.Encoder
	buffer  []byte
}

// Open makes a log that appends to a file, which is made if it does not exist, readable by its owner and group.
func Open(path string) (*Log, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	return begin(path, f, f), nil
}

func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("the access log: %w", err)
	}
	return f, nil
}

// To makes a log that writes to a stream, which it does not close.
func To(w io.Writer) *Log { return begin("", w, nil) }

func begin(path string, out io.Writer, f *os.File) *Log {
	l := &Log{
		path: path, out: out, file: f, entries: make(chan Entry, waiting), reopen: make(chan chan error), done: make(chan struct{}), closed: make(chan struct{}),
		encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{
			TimeKey: "time", EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
		}),
		buffer: make([]byte, 0, buffered+4096),
	}
	go l.write()
	return l
}

// Write logs a connection. It never waits: an entry for which there is no room is dropped and counted.
func (l *Log) Write(e Entry) {
	select {
	case l.entries <- e:
	default:
		l.dropped.Add(1)
	}
}

// Dropped is how many entries were left out, because they came faster than they could be written or could not be written at all.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Err is why the latest write has failed, or nil when it has not.
func (l *Log) Err() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// Reopen opens the file of its path anew, for when the old one has been renamed. A log that writes to a stream has none, and does
// nothing. When it fails the old file stays.
func (l *Log) Reopen() error {
	if l.path == "" {
		return nil
	}
	answer := make(chan error, 1)
	select {
	case l.reopen <- answer:
		return <-answer
	case <-l.closed:
		return os.ErrClosed
	}
}

// Close writes what waits and closes the file. Nothing may be written any more.
func (l *Log) Close() error {
	l.closing.Do(func() { close(l.done) })
	<-l.closed
	return l.Err()
}

func (l *Log) write() {
	defer close(l.closed)
	var due <-chan time.Time // nil while there is nothing to flush
	for {
		select {
		case e := <-l.entries:
			l.add(e)
			l.rest(len(l.entries))
			if due == nil {
				due = time.After(flushEvery)
			}
		case <-due:
			due = nil
			l.flush()
		case answer := <-l.reopen:
			answer <- l.renew()
		case <-l.done:
			l.rest(len(l.entries))
			l.flush()
			if l.file != nil {
				l.fail(l.file.Close())
			}
			return
		}
	}
}

// rest adds n entries that are known to wait.
func (l *Log) rest(n int) {
	for range n {
		l.add(<-l.entries)
	}
}

func (l *Log) renew() error {
	l.rest(len(l.entries)) // they belong to the time before
	l.flush()
	f, err := open(l.path)
	if err != nil {
		return err
	}
	old := l.file
	l.file, l.out = f, f
	return old.Close()
}

func (l *Log) add(e Entry) {
	line, err := l.encoder.EncodeEntry(zapcore.Entry{Time: e.Began}, e.fields())
	if err != nil {
		l.drop(1, err)
		return
	}
	l.buffer = append(l.buffer, line.Bytes()...)
	line.Free()
	if len(l.buffer) >= buffered {
		l.flush()
	}
}

func (l *Log) flush() {
	if len(l.buffer) == 0 {
		return
	}
	if _, err := l.out.Write(l.buffer); err != nil {
		l.drop(bytes.Count(l.buffer, newline), err)
	} else {
		l.failed.Store(nil)
	}
	l.buffer = l.buffer[:0]
}

func (l *Log) drop(n int, err error) {
	l.dropped.Add(uint64(n))
	l.fail(err)
}

func (l *Log) fail(err error) {
	if err != nil {
		err = fmt.Errorf("the access log: %w", err)
		l.failed.Store(&err)
	}
}
