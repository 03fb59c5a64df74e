package muxnet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/leat-io/leat/codec/mux"
	"github.com/leat-io/leat/codec/mux/record"
	"github.com/leat-io/leat/sources/muxnet"
)

// serveHere serves on a port of its own and connects to it.
func serveHere(handler func(*muxnet.Stream)) (*muxnet.Conn, func()) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv := &muxnet.Server{Handler: handler}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(ln)
	}()
	conn, err := muxnet.Dial(context.Background(), "tcp", ln.Addr().String())
	if err != nil {
		panic(err)
	}
	return conn, func() {
		_ = conn.Close()
		_ = srv.Close()
		<-served
	}
}

func ExampleConn_Open() {
	conn, stop := serveHere(func(s *muxnet.Stream) { _, _ = io.Copy(s, s) })
	defer stop()

	s, err := conn.Open(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = io.WriteString(s, "hello")
	_ = s.CloseWrite()
	b, err := io.ReadAll(s)
	_ = s.Close()
	fmt.Printf("%s %v\n", b, err)
	// Output: hello <nil>
}

func ExampleConn_Call() {
	const tooLong = mux.Application + 1
	var methods muxnet.Methods
	methods.Unary("greet", func(_ context.Context, name []byte) ([]byte, error) {
		if len(name) > 10 {
			return nil, &mux.Error{Code: tooLong, Text: "names have 10 bytes"}
		}
		return append([]byte("hello "), name...), nil
	})
	conn, stop := serveHere(methods.Serve)
	defer stop()

	ctx := context.Background()
	b, err := conn.Call(ctx, "greet", []byte("Ada"), nil)
	fmt.Printf("%s %v\n", b, err)
	_, err = conn.Call(ctx, "greet", []byte("Wolfeschlegelstein"), nil)
	fmt.Println(errors.Is(err, &mux.Error{Code: tooLong}))
	_, err = conn.Call(ctx, "part", nil, nil)
	fmt.Println(errors.Is(err, &mux.Error{Code: mux.Refused}))
	// Output:
	// hello Ada <nil>
	// true
	// true
}

func ExampleConn_Start() {
	var methods muxnet.Methods
	methods.Streaming("count", func(ctx context.Context, s *muxnet.Stream) error {
		for i := range 3 {
			if err := s.WriteMessage(fmt.Append(nil, i)); err != nil {
				return err
			}
		}
		return nil
	})
	conn, stop := serveHere(methods.Serve)
	defer stop()

	s, err := conn.Start(context.Background(), "count")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	for {
		m, err := s.ReadMessage(nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s\n", m)
	}
	// Output:
	// 0
	// 1
	// 2
	// EOF
}

// JSON is the codec of values in JSON.
type JSON[T any] struct{}

func (JSON[T]) Append(b []byte, v *T) ([]byte, error) {
	j, err := json.Marshal(v)
	return append(b, j...), err
}

func (JSON[T]) Parse(b []byte, v *T) error { return json.Unmarshal(b, v) }

type Point struct{ X, Y int }

type Distance struct{ Blocks int }

func ExampleMethod() {
	walk := muxnet.Method[Point, Distance]{Name: "walk", Request: JSON[Point]{}, Response: JSON[Distance]{}}

	var methods muxnet.Methods
	walk.Handle(&methods, func(_ context.Context, to *Point, d *Distance) error {
		d.Blocks = to.X + to.Y
		return nil
	})
	conn, stop := serveHere(methods.Serve)
	defer stop()

	var d Distance
	err := walk.Call(context.Background(), conn, &Point{3, 4}, &d)
	fmt.Println(d.Blocks, err)
	// Output: 7 <nil>
}

// An Order is a record that is read in place: a number and a name.
type Order struct{ record.View }

const orderSize = 12 // a u32, and where the name is

func (o Order) Number() uint32 { return o.Uint32(0) }

func (o Order) Name() []byte {
	name, _ := o.Bytes(4)
	return name
}

func NewOrder(number uint32, name string) Order {
	b := record.Begin(nil, orderSize)
	b.SetUint32(0, number)
	b = b.AddBytes(4, []byte(name))
	return Order{b.End()}
}

// Orders is their codec. Nothing is copied when an order is received.
type Orders struct{}

func (Orders) Append(b []byte, o *Order) ([]byte, error) { return append(b, o.View...), nil }

func (Orders) Parse(b []byte, o *Order) (err error) {
	o.View, err = record.Open(b, orderSize)
	return err
}

func ExampleSend() {
	var methods muxnet.Methods
	methods.Streaming("next", func(_ context.Context, s *muxnet.Stream) error {
		var o Order
		for {
			err := muxnet.Receive(s, Orders{}, &o)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			next := NewOrder(o.Number()+1, string(o.Name())+"!")
			if err := muxnet.Send(s, Orders{}, &next); err != nil {
				return err
			}
		}
	})
	conn, stop := serveHere(methods.Serve)
	defer stop()

	s, err := conn.Start(context.Background(), "next")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	o := NewOrder(1, "apples")
	for range 2 {
		if err := errors.Join(muxnet.Send(s, Orders{}, &o), muxnet.Receive(s, Orders{}, &o)); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %s\n", o.Number(), o.Name())
	}
	// Output:
	// 2 apples!
	// 3 apples!!
}
