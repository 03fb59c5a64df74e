package assembly

import (
	"time"

	"github.com/leat-io/leat/cmd/leat/kv"
	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/frame"
	"github.com/leat-io/leat/codec/line"
	"github.com/leat-io/leat/codec/mux/streams"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/sources/tcp"
	"github.com/leat-io/leat/stage"
)

// Assemble declares the server. Nothing is opened yet.
func (c TCP) Assemble(opts ...pipeline.Option) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	opts = append(opts, pipeline.DrainTime(c.Drain))
	s := &Server{Pipeline: pipeline.New(c.App, opts...), opts: opts}
	source := append(c.Socket.options(), tcp.Name("tcp"), tcp.Limits(c.Limits))
	source = append(source, c.admission()...)
	secure, live, err := c.TLS.options()
	if err != nil {
		return nil, err
	}
	source, s.Certificates = append(source, secure...), live
	s.Source = tcp.Listen(c.Listen, append(source, c.engine())...)
	switch c.Codec {
	case "raw":
		assemble(c, s, frame.Raw, frame.Raw, func(m *frame.Frame) []byte { return m.Payload })
	case "frame":
		f := frame.Length32(c.MaxMessage)
		assemble(c, s, f, f, func(m *frame.Frame) []byte { return m.Payload })
	case "line":
		l := line.Text(c.MaxMessage)
		assemble(c, s, l, l, func(m *line.Line) []byte { return m.Text })
	case "mux":
		if err := c.streams(s); err != nil {
			return nil, err
		}
	case "resp":
		c.keep(s)
	}
	return s, nil
}

// streams declares a server of the mux protocol.
func (c TCP) streams(s *Server) error {
	mx, err := streams.New(streams.Config{MaxMessage: c.MaxMessage})
	if err != nil {
		return err
	}
	f := s.Pipeline.From(s.Source).Via("decode", codec.Decode(mx.Frames())).Via("session", mx.Session())
	work(c, f, "by stream", streams.ByStream, func(m *streams.Message) []byte { return m.Payload }).To("send", streams.Send())
	return nil
}

func (c TCP) engine() tcp.Option {
	switch c.Source {
	case "goroutine":
		return tcp.Goroutines()
	case "uring":
		return tcp.IOUring(c.Loops)
	}
	return tcp.Reactor(c.Loops)
}

// keep declares a server of keys and values.
func (c TCP) keep(s *Server) {
	s.store = kv.New(kv.Config{
		Workers: c.Workers, Password: c.Password, MaxMemory: c.MaxMemory, Journal: c.Journal != "",
		Limits: resp.Limits{Bulk: c.MaxMessage, Total: min(2*max(c.MaxMessage, 64<<20), 1<<30-1<<10)}, // what is recorded of a command is a little longer
	})
	var journal stage.SinkMaker[kv.Call]
	opts := c.queueOptions()
	if c.Journal != "" {
		s.keep = journaling{path: c.Journal, sync: syncs[c.JournalSync]}
		journal = s.record
		if c.Batch == 0 {
			opts = append(opts, queue.Batch(journalBatch))
		}
	}
	s.store.Serve(s.Pipeline.From(s.Source), maker[kv.Call](c.Queue), journal, opts...)
}

func (c TCP) queueOptions() []queue.Option {
	opts := []queue.Option{queue.Cap(c.QueueCap)}
	if c.Batch > 0 {
		opts = append(opts, queue.Batch(c.Batch))
	}
	return opts
}

func assemble[T any](c TCP, s *Server, dec stage.Decoder[T], enc stage.Encoder[T], text func(*T) []byte) {
	f := s.Pipeline.From(s.Source).Via("decode", codec.Decode(dec))
	work(c, f, "by request", stage.ByRequest, text).To("reply", sinks.Reply(enc))
}

// work declares what happens to messages, between their decoding and their answers. key divides them by request.
func work[T any](c TCP, f *pipeline.Flow[T], byRequest string, key func(*T) uint64, text func(*T) []byte) *pipeline.Flow[T] {
	if c.Workers > 0 {
		q, opts := maker[T](c.Queue), c.queueOptions()
		switch c.By {
		case "request":
			f = f.Shard(byRequest, c.Workers, key, q, opts...)
		case "connection":
			f = f.Shard("by connection", c.Workers, stage.ByConn, q, opts...)
		case "shortest":
			f = f.Spread("to the shortest", c.Workers, q, opts...)
		}
	}
	if c.Delay > 0 {
		f = f.Via("delay", c.delay(stage.Do(func(*T) { time.Sleep(c.Delay) })))
	}
	if c.App == "upper" {
		f = f.Via("upper", stage.Do(func(m *T) { upper(text(m)) }))
	}
	return f
}

// delay marks the stage that sleeps as blocking where it may be: behind a queue.
func (c TCP) delay[T any](mk stage.Maker[T, T]) stage.Maker[T, T] {
	if c.Workers > 0 {
		return stage.Blocking(mk)
	}
	return mk
}

func maker[T any](name string) queue.Maker[T] {
	switch name {
	case "ring":
		return queue.Ring[T]
	case "block":
		return queue.Blocks[T]
	case "workiva":
		return queue.Workiva[T]
	}
	return queue.Chan[T]
}

// upper makes ASCII letters capitals, in place.
func upper(b []byte) {
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			b[i] = c - ('a' - 'A')
		}
	}
}
