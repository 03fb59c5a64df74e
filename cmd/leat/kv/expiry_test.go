package kv

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// inBubble runs a test in virtual time, with each way of dividing the work.
func inBubble(t *testing.T, f func(s *Server, c *peer)) {
	everywhere(t, func(t *testing.T, cfg Config) {
		synctest.Test(t, func(t *testing.T) {
			src := mem.New()
			s, stop := serve(t, cfg, src, nil)
			synctest.Wait()
			c, err := src.Dial()
			if err != nil {
				t.Fatal(err)
			}
			f(s, &peer{t, c, bufio.NewReader(c), c.Close})
			c.Close()
			stop()
		})
	})
}

func TestKeysExpireToTheMillisecond(t *testing.T) {
	inBubble(t, func(_ *Server, c *peer) {
		c.ask("SET a 1 PX 1500", "+OK", "SET b 1 EX 2", "+OK", "SET c 1", "+OK", "PTTL a", ":1500", "TTL a", ":2", "TTL b", ":2", "TTL c", ":-1", "TTL d", ":-2")
		time.Sleep(1499 * time.Millisecond)
		c.ask("GET a", "$1 1", "PTTL a", ":1")
		time.Sleep(time.Millisecond)
		c.ask("GET a", "$-1", "PTTL a", ":-2", "GET b", "$1 1", "PERSIST b", ":1", "PERSIST b", ":0", "GET c", "$1 1")
		time.Sleep(time.Hour / 100)
		c.ask("GET b", "$1 1", "EXPIRE b 10", ":1", "SET b 2", "+OK", "TTL b", ":-1", "EXPIRE b 10", ":1", "SET b 3 KEEPTTL", "+OK", "TTL b", ":10",
			"INCR b", ":4", "APPEND b 0", ":2", "SETRANGE b 0 5", ":2", "TTL b", ":10", "GETEX b PERSIST", "$2 50", "TTL b", ":-1", "GETEX b PX 5", "$2 50")
		time.Sleep(5 * time.Millisecond)
		c.ask("EXISTS b", ":0", "RENAME b x", "-ERR no such key", "SETNX b 1", ":1", "INCR n", ":1", "PEXPIRE n 3", ":1")
		time.Sleep(3 * time.Millisecond)
		c.ask("INCR n", ":1", "TTL n", ":-1", "EXPIRE n 10", ":1", "RENAME n m", "+OK", "TTL m", ":10", "EXPIRE m -1", ":1", "GET m", "$-1")
	})
}

// Keys that nobody asks for go away by themselves, and their memory with them.
func TestExpiredKeysAreRemovedWithoutBeingAskedFor(t *testing.T) {
	inBubble(t, func(s *Server, c *peer) {
		const keys = 5000
		for i := range keys {
			c.ask(fmt.Sprintf("SET k%d x PX %d", i, 1000+i%100), "+OK")
		}
		c.ask("SET stays x EX 1000", "+OK")
		if n := s.Len(); n != keys+1 {
			t.Fatalf("%d keys", n)
		}
		time.Sleep(10 * time.Second)
		if n := s.Len(); n != 1 {
			t.Errorf("%d keys are left", n)
		}
		if used, want := s.keys.used.Load(), int64(len("stays")+len("x")+itemCost); used != want {
			t.Errorf("%d bytes are used, not %d", used, want)
		}
		if n := s.expired.Load(); n != keys {
			t.Errorf("%d keys are counted as expired", n)
		}
	})
}

// A collector takes what a journal would.
type collector struct {
	encoder stage.Encoder[Call]
	b       *[]byte
}

func (c collector) Push(batch []*Call) {
	for _, m := range batch {
		*c.b, _ = c.encoder.Append(*c.b, m)
	}
}

// What is recorded says nothing of "in ten seconds", and says when a key has gone.
func TestTheJournalRecordsWhatHappenedAndNotWhatWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := mem.New()
		cfg := Config{Workers: 1, Journal: true}
		var b []byte
		_, stop := serve(t, cfg, src, func(*stage.Lane) stage.Sink[Call] { return collector{JournalEncoder(), &b} })
		synctest.Wait()
		conn, err := src.Dial()
		if err != nil {
			t.Fatal(err)
		}
		c := &peer{t, conn, bufio.NewReader(conn), conn.Close}
		at := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).UnixMilli()) }
		var want []string
		c.ask("SET a 1", "+OK", "GET a", "$1 1", "SET a 2 XX GET", "$1 1", "SET b 1 XX", "$-1", "DEL none", ":0", "set c x EX 10", "+OK")
		want = append(want, "SET a 1", "SET a 2 XX GET", "SET c x PXAT "+at(10*time.Second))
		c.ask("EXPIRE a 5", ":1", "GETEX a PX 3000", "$1 2", "MSETNX a 1 z 1", ":0", "SETNX a 1", ":0", "INCR a", ":3", "GETDEL none", "$-1", "PERSIST c", ":1")
		want = append(want, "PEXPIREAT a "+at(5*time.Second), "PEXPIREAT a "+at(3*time.Second), "INCR a", "PERSIST c")
		time.Sleep(4 * time.Second)
		want = append(want, "DEL a")
		c.ask("INCR a", ":1", "MSET x 1 y 2", "+OK", "RENAME x y", "+OK", "EXPIRE y -1", ":1", "PSETEX y 50 v", "+OK", "FLUSHALL", "+OK")
		want = append(want, "INCR a", "MSET x 1 y 2", "RENAME x y", "DEL y", "SET y v PXAT "+at(50*time.Millisecond), "FLUSHALL")
		conn.Close()
		stop()
		r := bufio.NewReader(bytes.NewReader(b))
		for i, w := range want {
			got, err := readReply(r)
			if err != nil {
				t.Fatal(err)
			}
			words := strings.Fields(got)[1:]
			var text []string
			for j := 1; j < len(words); j += 2 {
				text = append(text, words[j])
			}
			if got := strings.Join(text, " "); !strings.EqualFold(got, w) {
				t.Errorf("record %d is %q, want %q", i, got, w)
			}
		}
		if _, err := r.ReadByte(); err == nil {
			t.Error("more is recorded")
		}
	})
}
