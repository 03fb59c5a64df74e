package kv

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func itoa(n int) string { return fmt.Sprint(n) }

// eventually waits until something that other goroutines do has happened.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for range 2000 {
		if f() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("it does not happen that %s", what)
}

func TestSubscribersGetWhatIsPublished(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		two, three, p := dial(t, "tcp", address), dial(t, "tcp", address), dial(t, "tcp", address)
		two.ask("SUBSCRIBE news other", "*3 $9 subscribe $4 news :1")
		if got := two.reply(); got != "*3 $9 subscribe $5 other :2" {
			t.Fatal(got)
		}
		two.ask("GET a", "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
			"PING", "*2 $4 pong $0 ")
		three.send("HELLO 3")
		three.reply()
		three.ask("PSUBSCRIBE n[e]ws*", ">3 $10 psubscribe $7 n[e]ws* :1", "SET a 1", "+OK", "PING", "+PONG")
		p.ask("PUBLISH news hi", ":2", "PUBLISH newsreel x", ":1", "PUBLISH nobody x", ":0", "PUBSUB NUMSUB news nobody", "*4 $4 news :1 $6 nobody :0",
			"PUBSUB NUMPAT", ":1", "PUBSUB CHANNELS n*", "*1 $4 news")
		for c, want := range map[*peer][]string{
			two:   {"*3 $7 message $4 news $2 hi"},
			three: {">4 $8 pmessage $7 n[e]ws* $4 news $2 hi", ">4 $8 pmessage $7 n[e]ws* $8 newsreel $1 x"},
		} {
			for _, w := range want {
				if got := c.reply(); got != w {
					t.Errorf("got %q, want %q", got, w)
				}
			}
		}
		two.ask("UNSUBSCRIBE", "*3 $11 unsubscribe $4 news :1")
		if got := two.reply(); got != "*3 $11 unsubscribe $5 other :0" {
			t.Error(got)
		}
		two.ask("UNSUBSCRIBE", "*3 $11 unsubscribe $-1 :0", "GET a", "$1 1")
		three.ask("PUNSUBSCRIBE n[e]ws* none", ">3 $12 punsubscribe $7 n[e]ws* :0")
		p.ask("PUBLISH news hi", ":0")
	})
}

func TestASubscriptionEndsWithItsConnection(t *testing.T) {
	s, address := run(t, Config{}, nil)
	c, p := dial(t, "tcp", address), dial(t, "tcp", address)
	c.ask("SUBSCRIBE a", "*3 $9 subscribe $1 a :1", "PSUBSCRIBE b*", "*3 $10 psubscribe $2 b* :2")
	c.Close()
	eventually(t, "the subscriptions are gone", func() bool {
		s.bus.mu.RLock()
		defer s.bus.mu.RUnlock()
		return len(s.bus.channels)+len(s.bus.patterns) == 0
	})
	p.ask("PUBLISH a x", ":0")
}

// A confirmation comes before the first message, however much is published meanwhile, and nothing is lost after it.
func TestNoMessageComesBeforeItsConfirmation(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		quit := make(chan struct{})
		var publishing sync.WaitGroup
		p := dial(t, "tcp", address)
		publishing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-quit:
					return
				default:
					p.send(fmt.Sprintf("PUBLISH c %d", i))
					p.reply()
				}
			}
		})
		for range 30 {
			c := dial(t, "tcp", address)
			c.send("GET x", "SUBSCRIBE c", "PING")
			if got := c.reply(); got != "$-1" {
				t.Fatalf("got %q before the confirmation", got)
			}
			if got := c.reply(); got != "*3 $9 subscribe $1 c :1" {
				t.Fatalf("got %q before the confirmation", got)
			}
			next := -1
			for range 20 {
				got := c.reply()
				if got == "*2 $4 pong $0 " {
					continue
				}
				var size, n int
				if _, err := fmt.Sscanf(got, "*3 $7 message $1 c $%d %d", &size, &n); err != nil {
					t.Fatalf("%q: %v", got, err)
				}
				if next >= 0 && n != next {
					t.Fatalf("message %d comes where %d is due", n, next)
				}
				next = n + 1
			}
			c.Close()
		}
		close(quit)
		publishing.Wait()
	})
}

func TestSubscriptionsOfOneConnectionAreBounded(t *testing.T) {
	_, address := run(t, Config{}, nil)
	c := dial(t, "tcp", address)
	var names []string
	for i := range maxSubscriptions + 1 {
		names = append(names, itoa(i))
	}
	c.ask("SUBSCRIBE "+strings.Join(names, " "), "-ERR too many subscriptions on one connection", "PING", "+PONG")
}

// What is published tells of what was sent before it: whoever hears of it finds it done.
func TestAMessageDoesNotOvertakeTheCommandsBeforeIt(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		sub, pub, look := dial(t, "tcp", address), dial(t, "tcp", address), dial(t, "tcp", address)
		sub.ask("SUBSCRIBE c", "*3 $9 subscribe $1 c :1")
		for i := range 50 {
			key := itoa(i)
			pub.send("SETRANGE slow 1000000 x", "SET "+key+" done", "PUBLISH c "+key)
			sub.reply()
			look.ask("GET "+key, "$4 done")
			for range 3 {
				pub.reply()
			}
		}
	})
}

// Behind the confirmation of UNSUBSCRIBE comes the answer to the next command, however much is published.
func TestNoMessageComesBehindTheEndOfASubscription(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		quit := make(chan struct{})
		var publishing sync.WaitGroup
		publishing.Go(func() {
			p := dial(t, "tcp", address)
			for {
				select {
				case <-quit:
					return
				default:
				}
				for range 100 {
					p.send("PUBLISH c x")
				}
				for range 100 {
					p.reply()
				}
			}
		})
		c := dial(t, "tcp", address)
		for range 300 {
			c.send("SUBSCRIBE c", "UNSUBSCRIBE c", "PING")
			for ended := false; ; {
				got := c.reply()
				if got == "+PONG" {
					break
				}
				if ended {
					t.Fatalf("%q comes behind the end of the subscription", got)
				}
				ended = got == "*3 $11 unsubscribe $1 c :0"
			}
		}
		close(quit)
		publishing.Wait()
	})
}

// Whoever has read the confirmation is listened to: a message that another connection publishes then comes.
func TestAConfirmedSubscriberIsHeard(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		c, p := dial(t, "tcp", address), dial(t, "tcp", address)
		for i := range 2000 {
			channel := itoa(i)
			c.ask("SUBSCRIBE "+channel, fmt.Sprintf("*3 $9 subscribe $%d %s :1", len(channel), channel))
			p.ask("PUBLISH "+channel+" x", ":1")
			c.reply()
			c.ask("UNSUBSCRIBE "+channel, fmt.Sprintf("*3 $11 unsubscribe $%d %s :0", len(channel), channel))
		}
	})
}
