package pool_test

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"

	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/pool/balance"
)

// lineEcho is a server that answers each line with the same one.
func lineEcho() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for s := bufio.NewScanner(c); s.Scan(); {
					fmt.Fprintln(c, s.Text())
				}
			}()
		}
	}()
	return ln
}

func Example() {
	ln := lineEcho()
	defer ln.Close()
	p, err := pool.New([]balance.Backend{{Name: "echo", Address: ln.Addr().String()}}, balance.RoundRobin())
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close(context.Background())

	for _, word := range []string{"one", "two", "three"} {
		c, err := p.Get(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		c.Sent(1)
		fmt.Fprintln(c, word)
		if answer, err := c.Reader().ReadString('\n'); err == nil {
			c.Received(1)
			fmt.Print(answer)
		}
		p.Put(c)
	}
	s := p.Stats().Backends[0]
	fmt.Printf("%d connection, reused by %.0f %%\n", s.Opened, 100*s.Reuse())
	// Output:
	// one
	// two
	// three
	// 1 connection, reused by 67 %
}

// A floor of idle connections and a bound on how long one is used.
func ExampleWithLimits() {
	l := pool.DefaultLimits
	l.MinIdle, l.MaxOpen, l.MaxIdle = 4, 32, 16
	ln := lineEcho()
	defer ln.Close()
	p, err := pool.New([]balance.Backend{{Name: "echo", Address: ln.Addr().String()}}, balance.RoundRobin(), pool.WithLimits(l))
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close(context.Background())
	if err := p.Warm(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Stats().Backends[0].Idle, "connections are idle")
	// Output: 4 connections are idle
}
