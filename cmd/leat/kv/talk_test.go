package kv

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/dialect"
)

func TestASessionKnowsWhatItHasAgreed(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		c.ask(
			"PING", "+PONG", "ping hello", "$5 hello", "PING a b", "-ERR wrong number of arguments for 'ping' command",
			"ECHO x", "$1 x", "SELECT 0", "+OK", "SELECT 1", "-ERR DB index is out of range",
			"GET none", "$-1",
			"HELLO 4", "-NOPROTO unsupported protocol version",
			"HELLO 3 SETNAME me", "%7 $6 server $4 leat $7 version $5 "+Version+" $5 proto :3 $2 id :1 $4 mode $10 standalone $4 role $6 master $7 modules *0",
			"GET none", "_", "CLIENT GETNAME", "$2 me", "MGET none", "*1 _",
			"CLIENT ID", ":1", "CLIENT SETINFO lib-name test", "+OK", "CLIENT NOPE", "-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.",
			"CONFIG GET save", "%1 $4 save $0 ", "COMMAND COUNT", ":"+itoa(len(table)), "COMMAND INFO get nosuch", "*2 *6 $3 get :2 *0 :1 :1 :1 _",
			"AUTH x", "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
			"RESET", "+RESET", "CLIENT GETNAME", "$-1", "GET none", "$-1",
			"SET a 1", "+OK", "DBSIZE", ":1",
			"QUIT", "+OK",
		)
		if _, err := c.r.ReadByte(); err != io.EOF {
			t.Errorf("after QUIT: %v", err)
		}
	})
}

func TestNothingIsAnsweredBehindQuit(t *testing.T) {
	_, address := run(t, Config{}, nil)
	c := dial(t, "tcp", address)
	c.send("SET a 1", "QUIT", "SET a 2")
	b, err := io.ReadAll(c.r)
	if string(b) != "+OK\r\n+OK\r\n" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	dial(t, "tcp", address).ask("GET a", "$1 1")
}

func TestAPasswordIsWantedBeforeAnythingElse(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		cfg.Password = "secret"
		_, address := run(t, cfg, nil)
		const wrong = "-WRONGPASS invalid username-password pair or user is disabled."
		c := dial(t, "tcp", address)
		c.ask("GET a", "-NOAUTH Authentication required.", "AUTH guess", wrong, "AUTH root secret", wrong, "GET a", "-NOAUTH Authentication required.",
			"AUTH secret", "+OK", "GET a", "$-1", "RESET", "+RESET", "GET a", "-NOAUTH Authentication required.", "AUTH default secret", "+OK", "GET a", "$-1")
		c = dial(t, "tcp", address)
		c.send("HELLO 3", "HELLO 3 AUTH default guess", "HELLO 3 AUTH default secret", "GET a")
		for _, want := range []string{"-NOAUTH HELLO must be", wrong, "%7 ", "_"} {
			if got := c.reply(); !strings.HasPrefix(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	})
}

func TestClientsAreListedAndKilled(t *testing.T) {
	s, address := run(t, Config{}, nil)
	a, b := dial(t, "tcp", address), dial(t, "tcp", address)
	a.ask("CLIENT SETNAME first", "+OK")
	b.ask("CLIENT SETNAME second", "+OK", "CLIENT SETNAME spa\x01ce", errNameReply)
	a.send("CLIENT LIST")
	list := a.reply()
	for _, want := range []string{"id=1 addr=" + local(a) + " name=first", "cmd=client", "id=2 addr=" + local(b) + " name=second"} {
		if !strings.Contains(list, want) {
			t.Errorf("%q is not in %q", want, list)
		}
	}
	a.ask("CLIENT KILL ID 2", ":1", "CLIENT KILL ID 2 SKIPME", "-"+dialect.Syntax, "CLIENT KILL 1.2.3.4:5", "-ERR No such client")
	if _, err := b.r.ReadByte(); err == nil {
		t.Error("a killed connection goes on")
	}
	a.ask("CLIENT KILL ID 1 SKIPME yes", ":0", "CLIENT KILL ID 1 SKIPME no", ":1")
	if _, err := a.r.ReadByte(); err != io.EOF {
		t.Errorf("a connection that has killed itself: %v", err)
	}
	eventually(t, "sessions are forgotten", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return len(s.sessions) == 0 })
}

func local(c *peer) string { return c.Writer.(net.Conn).LocalAddr().String() }

const errNameReply = "-" + dialect.BadName

func TestInfoShowsWhatHappened(t *testing.T) {
	_, address := run(t, Config{MaxMemory: 1 << 20}, nil)
	c := dial(t, "tcp", address)
	c.ask("SET a 1", "+OK", "GET a", "$1 1", "GET b", "$-1", "EXPIRE a 100", ":1")
	c.send("INFO", "INFO keyspace")
	all := c.reply()
	for _, want := range []string{"# Server", "redis_version:" + Version, "connected_clients:1", "maxmemory:1048576", "keyspace_hits:1", "keyspace_misses:1", "db0:keys=1,expires=1,avg_ttl=0"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %q", want, all)
		}
	}
	if got := c.reply(); got != "$44 # Keyspace\r\ndb0:keys=1,expires=1,avg_ttl=0\r\n" {
		t.Errorf("one section: %q", got)
	}
}

func TestCommandsThatAddAreRefusedWhenMemoryIsFull(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		cfg.MaxMemory = 10_000
		s, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		big := strings.Repeat("x", 9_000)
		const oom = "-OOM command not allowed when used memory > 'maxmemory'."
		c.ask("SET a "+big, "+OK", "SET b "+big, "+OK")
		c.ask("SET c 1", oom, "APPEND a 1", oom, "INCR n", oom, "MSET a 1", oom, "GET b", "$9000 "+big, "EXPIRE a 100", ":1")
		c.ask("DEL b", ":1")
		c.ask("SET c 1", "+OK", "FLUSHALL", "+OK")
		if n := s.keys.used.Load(); n != 0 {
			t.Errorf("%d bytes are used by no keys", n)
		}
	})
}

// Memory is looked at when a command runs: what was sent together with it counts.
func TestAPipelineCannotPassTheBoundOnMemory(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		cfg.MaxMemory = 1 << 20
		s, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		const n = 40
		for i := range n {
			c.send("SETRANGE k" + itoa(i) + " 1000000 x")
		}
		added := 0
		for range n {
			if c.reply() == ":1000001" {
				added++
			}
		}
		if most := 2 + max(cfg.Workers, 1); added > most {
			t.Errorf("%d of %d commands have added a megabyte each, at most %d may", added, n, most)
		}
		c.ask("FLUSHALL", "+OK")
		c.ask("SET a 1", "+OK")
		if n := s.keys.used.Load(); n > 1000 {
			t.Errorf("%d bytes are used by one key", n)
		}
	})
}

func TestAnAnswerOfManyValuesIsBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, cfg Config) {
		_, address := run(t, cfg, nil)
		c := dial(t, "tcp", address)
		c.send("SETRANGE big 100000 x")
		c.reply()
		c.ask("MGET"+strings.Repeat(" big", 20), "-ERR the answer has 2000020 bytes, more than may wait for one client", "PING", "+PONG")
	})
}
