package redis

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
	"github.com/leat-io/leat/pool"
)

// three runs a proxy over three servers.
func three(t *testing.T, o options) *rig {
	return run(t, shardsOf(redisServer(t), redisServer(t), redisServer(t)), o)
}

// says sends commands one after the other and compares the replies.
func says(t *testing.T, c *peer, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := c.do(pairs[i]); got != pairs[i+1] {
			t.Errorf("%s: got %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}

// spread returns keys of which no two are on one shard.
func (r *rig) spread() []string {
	routing := r.Routing()
	keys := make([]string, len(routing.shards))
	for i, left := 0, len(keys); left > 0; i++ {
		k := fmt.Sprintf("k%d", i)
		if at := routing.of([]byte(k)).index; keys[at] == "" {
			keys[at] = k
			left--
		}
	}
	return keys
}

func TestWhatNeedsOneShardIsRefusedOverSeveral(t *testing.T) {
	r := three(t, options{})
	k := r.spread()
	c := dial(t, "tcp", r.address)
	for _, command := range []string{
		"RENAME %s %s", "MSETNX %s 1 %s 2", "SINTER %s %s", "ZUNIONSTORE %s 1 %s", "EVAL return 2 %s %s", "BLPOP %s %s 1", "XREAD STREAMS %s %s 0 0", "SORT %s STORE %s",
		"COPY %s %s", "WATCH %s %s", "PFMERGE %s %s", "BITOP NOT %s %s",
	} {
		says(t, c, fmt.Sprintf(command, k[0], k[1]), "-"+errCrossSlot)
	}
	says(t, c,
		"SORT a BY w_*", "-ERR BY and GET of SORT with other keys are not served through the proxy: they may be on other servers",
		"RANDOMKEY", "-ERR 'RANDOMKEY' is not served through the proxy: "+whySeveral,
		"SHUTDOWN", "-ERR 'SHUTDOWN' is not served through the proxy: "+whyServer,
		"CONFIG SET a b", "-ERR 'CONFIG SET' is not served through the proxy: "+whyServer,
		"CLIENT REPLY OFF", "-ERR 'CLIENT REPLY' is not served through the proxy: "+whyConn,
		"MONITOR", "-ERR 'MONITOR' is not served through the proxy: "+whyServer,
		"CLUSTER INFO", "-ERR 'CLUSTER INFO' is not served through the proxy: "+whyCluster,
		"WAIT 0 0", "-ERR 'WAIT' is not served through the proxy: "+whyConn,
		"PSYNC a 1", "-ERR 'PSYNC' is not served through the proxy: "+whyInternal,
	)
}

func TestATransactionStaysOnItsShard(t *testing.T) {
	r := three(t, options{})
	k := r.spread()
	c, other := dial(t, "tcp", r.address), dial(t, "tcp", r.address)
	says(t, c,
		"MULTI", "+OK", "SET "+k[1]+" 1", "+QUEUED", "GET "+k[2], "-"+errCrossSlot, "EXEC", "-"+errAborted, "GET "+k[1], "$-1",
		"MULTI", "+OK", "PING", "+QUEUED", "INCR "+k[2], "+QUEUED", "MGET "+k[2]+" "+k[0], "-"+errCrossSlot, "DISCARD", "+OK", "GET "+k[2], "$-1",
		"WATCH "+k[0], "+OK", "WATCH "+k[1], "-"+errCrossSlot, "MULTI", "+OK", "SET "+k[1]+" 1", "-"+errCrossSlot, "EXEC", "-"+errAborted,
		"MULTI", "+OK", "DBSIZE", "-ERR 'DBSIZE' is not served in a transaction through the proxy", "SELECT 1", "-ERR 'SELECT' is not served in a transaction through the proxy", "EXEC", "-"+errAborted,
		"EXEC", "-ERR EXEC without MULTI",
	)
	says(t, c, "WATCH "+k[0], "+OK", "GET "+k[0], "$-1")
	says(t, other, "SET "+k[0]+" theirs", "+OK")
	says(t, c, "MULTI", "+OK", "SET "+k[0]+" mine", "+QUEUED", "EXEC", "*-1", "GET "+k[0], "$6 theirs")
	says(t, c, "WATCH "+k[0], "+OK", "MULTI", "+OK")
	says(t, other, "SET "+k[0]+" again", "+OK")
	says(t, c, "EXEC", "*-1")
}

func TestAConnectionIsGivenBackAfterATransaction(t *testing.T) {
	r := run(t, shardsOf(redisServer(t)), options{})
	c := dial(t, "tcp", r.address)
	connected := func() int {
		n := 0
		for line := range strings.SplitSeq(dialServer(t, r).do("CLIENT LIST"), "\n") {
			if strings.Contains(line, "name=leat") {
				n++
			}
		}
		return n
	}
	for range 50 {
		says(t, c, "MULTI", "+OK", "PING", "+QUEUED", "SET a 1", "+QUEUED", "EXEC", "*2 +PONG +OK", "WATCH a", "+OK", "UNWATCH", "+OK", "WATCH a", "+OK", "MULTI", "+OK", "DISCARD", "+OK", "BLPOP q 0.001", "*-1")
	}
	if n := connected(); n > 3 {
		t.Errorf("%d connections after transactions of one client", n)
	}
	held := connected()
	says(t, c, "WATCH a", "+OK")
	c.Close()
	for range 100 {
		if connected() <= held {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the connection of a client that has gone stays: %d, %d before", connected(), held)
}

// dialServer connects to the first server itself.
func dialServer(t *testing.T, r *rig) *peer {
	return dial(t, "unix", strings.TrimPrefix(r.pool.Members()[0].Address, "unix:"))
}

func TestChannelsAreThoseOfOneRedis(t *testing.T) {
	r := three(t, options{})
	a, b, c := dial(t, "tcp", r.address), dial(t, "tcp", r.address), dial(t, "tcp", r.address)
	says(t, a, "SUBSCRIBE ch", "*3 $9 subscribe $2 ch :1", "PSUBSCRIBE n*", "*3 $10 psubscribe $2 n* :2",
		"GET k", "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
		"PING", "*2 $4 pong $0 ", "PING x", "*2 $4 pong $1 x")
	says(t, b, "HELLO 3", b.helloReply(3), "SUBSCRIBE ch", ">3 $9 subscribe $2 ch :1", "SET k v", "+OK", "GET k", "$1 v")
	says(t, c, "PUBLISH ch hello", ":2", "PUBLISH news x", ":1", "PUBLISH other x", ":0", "PUBSUB NUMSUB ch", "*2 $2 ch :2", "PUBSUB NUMPAT", ":1", "PUBSUB CHANNELS", "*1 $2 ch")
	for _, want := range []string{"*3 $7 message $2 ch $5 hello", "*4 $8 pmessage $2 n* $4 news $1 x"} {
		if got := a.reply(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := b.reply(); got != ">3 $7 message $2 ch $5 hello" {
		t.Errorf("got %q", got)
	}
	says(t, a, "UNSUBSCRIBE", "*3 $11 unsubscribe $2 ch :1", "PUNSUBSCRIBE n*", "*3 $12 punsubscribe $2 n* :0", "GET k", "$1 v",
		"MULTI", "-"+errTunnel, "SUBSCRIBE again", "*3 $9 subscribe $5 again :1", "QUIT", "+OK")
	for range 100 {
		if got := c.do("PUBSUB NUMSUB again"); got == "*2 $5 again :0" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the subscription of a client that has gone stays")
}

// helloReply is what HELLO answers to this client.
func (c *peer) helloReply(version int) string {
	id, _ := strings.CutPrefix(c.do("CLIENT ID"), ":")
	return fmt.Sprintf("%%7 $6 server $5 redis $7 version $%d %s $5 proto :%d $2 id :%s $4 mode $10 standalone $4 role $6 master $7 modules *0", len(Version), Version, version, id)
}

// A client that waits delays nobody, and gets what another one pushes.
func TestBlockingCommandsWaitAlone(t *testing.T) {
	r := three(t, options{})
	k := r.spread()
	waiting := make([]*peer, 5)
	for i := range waiting {
		waiting[i] = dial(t, "tcp", r.address)
		waiting[i].write(resp.AppendCommand(nil, "BLPOP", k[0], "20"))
	}
	c := dial(t, "tcp", r.address)
	says(t, c, "SET "+k[0]+"x 1", "+OK", "XREAD COUNT 1 STREAMS "+k[1]+" 0", "*-1", "XREAD BLOCK 1 STREAMS "+k[1]+" 0", "*-1")
	for i := range waiting {
		for c.do("LPUSH "+k[0]+" v") != ":1" { // until it waits
			says(t, c, "LPOP "+k[0], "$1 v")
		}
		_ = i
	}
	for _, w := range waiting {
		if got, want := w.reply(), fmt.Sprintf("*2 $%d %s $1 v", len(k[0]), k[0]); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAScanFindsEveryKeyOnce(t *testing.T) {
	r := three(t, options{})
	c := dial(t, "tcp", r.address)
	var want, got []string
	var b []byte
	for i := range 1000 {
		k := fmt.Sprintf("key:%d", i)
		want = append(want, k)
		b = resp.AppendCommand(b, "SET", k, "v")
	}
	c.write(b)
	for range want {
		c.reply()
	}
	for cursor, rounds := "0", 0; rounds == 0 || cursor != "0"; rounds++ {
		reply := strings.Fields(c.do("SCAN " + cursor + " COUNT 37 MATCH key:*"))
		cursor = reply[2]
		for i := 5; i < len(reply); i += 2 {
			got = append(got, reply[i])
		}
		if rounds > 2000 {
			t.Fatal("the scan does not end")
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("found %d of %d keys", len(got), len(want))
	}
	says(t, c, "SCAN x", "-ERR invalid cursor", "SCAN -1", "-ERR invalid cursor", "SCAN 0 COUNT x", "-ERR value is not an integer or out of range")
}

func TestClientsGiveThePasswordOfTheProxyAndServersGetTheirOwn(t *testing.T) {
	shards := shardsOf(redisServer(t, "--requirepass", "theirs"), redisServer(t, "--requirepass", "other"))
	shards[0].Password = "theirs"
	shards[1].User, shards[1].Password = "default", "other"
	r := run(t, shards, options{password: "ours"})
	k := r.spread()
	c := dial(t, "tcp", r.address)
	wrong := "-WRONGPASS invalid username-password pair or user is disabled."
	says(t, c, "GET a", "-NOAUTH Authentication required.", "PING", "-NOAUTH Authentication required.", "AUTH theirs", wrong, "AUTH root ours", wrong,
		"HELLO 3 AUTH default x", wrong, "AUTH ours", "+OK", "SET "+k[0]+" 1", "+OK", "SET "+k[1]+" 1", "+OK", "SELECT 2", "+OK", "GET "+k[0], "$-1", "DBSIZE", ":0", "RESET", "+RESET",
		"GET a", "-NOAUTH Authentication required.", "AUTH default ours", "+OK", "DBSIZE", ":2")
}

func TestAWrongPasswordOfAServerIsSaid(t *testing.T) {
	r := run(t, shardsOf(redisServer(t, "--requirepass", "theirs")), options{})
	c := dial(t, "tcp", r.address)
	if got := c.do("GET a"); !strings.HasPrefix(got, "-ERR proxy: ") || !strings.Contains(got, "NOAUTH") {
		t.Errorf("got %q", got)
	}
}

func TestReadsGoToReplicas(t *testing.T) {
	shards := shardsOf(redisServer(t))
	primary := shards[0].Address
	replica := redistest.TCP(t).Address
	if got := dial(t, "tcp", replica).do("SET k replica"); got != "+OK" {
		t.Fatal(got)
	}
	dial(t, "unix", strings.TrimPrefix(primary, "unix:")).do("SET k primary")
	shards[0].Replicas = []Server{{Name: "r", Address: replica}}
	for from, want := range map[ReadFrom]string{FromPrimary: "$7 primary", FromReplica: "$7 replica"} {
		r := run(t, shards, options{from: from})
		c := dial(t, "tcp", r.address)
		says(t, c, "GET k", want, "EVAL return(redis.call('get',KEYS[1])) 1 k", "$7 primary", "WATCH k", "+OK", "GET k", "$7 primary", "UNWATCH", "+OK", "GET k", want)
		if from == FromReplica {
			for _, m := range r.pool.Members() {
				if m.Replica {
					m.SetUp(false)
				}
			}
			says(t, c, "GET k", "$7 primary")
		}
	}
	r := run(t, shards, options{from: FromAny})
	c := dial(t, "tcp", r.address)
	seen := map[string]bool{}
	for range 200 {
		seen[c.do("GET k")] = true
	}
	if len(seen) != 2 {
		t.Errorf("reads from any server gave %v", seen)
	}
}

func TestAServerThatIsDownCostsItsKeysOnly(t *testing.T) {
	shards := append(shardsOf(redisServer(t)), Shard{Server: Server{Name: "gone", Address: fmt.Sprintf("127.0.0.1:%d", freePort(t))}})
	r := run(t, shards, options{})
	k := r.spread()
	c := dial(t, "tcp", r.address)
	says(t, c, "SET "+k[0]+" 1", "+OK")
	for _, command := range []string{"GET " + k[1], "MGET " + k[0] + " " + k[1], "DEL nothing " + k[1] + " " + k[0] + "x", "DBSIZE", "KEYS *"} {
		if got := c.do(command); !strings.HasPrefix(got, "-ERR proxy: ") {
			t.Errorf("%s: got %q", command, got)
		}
	}
	says(t, c, "GET "+k[0], "$1 1", "EXISTS "+k[0], ":1")
}

// The members of a new configuration are used from the next command on, and no command is lost meanwhile.
func TestShardsComeAndGoUnderLoad(t *testing.T) {
	all := shardsOf(redisServer(t), redisServer(t), redisServer(t))
	r := run(t, all[:2], options{})
	stop := make(chan struct{})
	done := make(chan error, 4)
	for i := range cap(done) {
		go func() { done <- settings2(r.address, i, stop) }()
	}
	keys := Keys{Hash: "fnv1a_64", Distribution: "ketama", Tag: "{}"}
	for n := range 30 {
		shards := all[:2+n%2]
		routing, err := NewRouting(shards, keys, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.pool.Apply(Backends(all)); err != nil {
			t.Fatal(err)
		}
		r.Apply(Config{Routing: routing, Databases: 16})
		time.Sleep(20 * time.Millisecond)
		if err := r.pool.Apply(Backends(shards)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// settings2 sets keys until it is told to stop. Each must be answered with OK.
func settings2(address string, client int, stop chan struct{}) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	c := &peer{Conn: conn, r: bufio.NewReader(conn)}
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		var b []byte
		for k := range 20 {
			b = resp.AppendCommand(b, "SET", fmt.Sprintf("c%d.%d", client, i+k), "v")
		}
		if _, err := c.Write(b); err != nil {
			return err
		}
		for range 20 {
			got, err := readReply(c.r)
			if err != nil || got != "+OK" {
				return fmt.Errorf("client %d: got %q, %w", client, got, err)
			}
		}
	}
}

func TestProgramsOfRedisWorkWithTheProxy(t *testing.T) {
	r := three(t, options{})
	host, port, _ := net.SplitHostPort(r.address)
	cli, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("there is no redis-cli")
	}
	for _, call := range [][2]string{
		{"set a 1", "OK"}, {"-3 incr a", "(integer) 2|2"}, {"mget a b", "2"}, {"-n 3 dbsize", "0"}, {"--scan", "a"}, {"info proxy", "shards:3"}, {"command count", "240"},
	} {
		args, want := call[0], call[1]
		out, err := exec.Command(cli, append([]string{"-h", host, "-p", port}, strings.Fields(args)...)...).CombinedOutput()
		if err != nil || !slices.ContainsFunc(strings.Split(want, "|"), func(w string) bool { return strings.Contains(string(out), w) }) {
			t.Errorf("redis-cli %s: %q, %v", args, out, err)
		}
	}
	benchmark, err := exec.LookPath("redis-benchmark")
	if err != nil {
		t.Skip("there is no redis-benchmark")
	}
	out, err := exec.Command(benchmark, "-h", host, "-p", port, "-n", "2000", "-c", "20", "-P", "8", "-q", "--csv", "-t", "ping,set,get,incr,lpush,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset").CombinedOutput()
	if err != nil || strings.Contains(string(out), "rror") {
		t.Errorf("redis-benchmark: %s, %v", out, err)
	}
}

func TestAClientLibraryWorksWithTheProxy(t *testing.T) {
	r := three(t, options{password: "secret"})
	for _, protocol := range []int{2, 3} {
		c := goredis.NewClient(&goredis.Options{Addr: r.address, Password: "secret", Protocol: protocol, DB: 1, ClientName: "test"})
		ctx := t.Context()
		check := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		check("flush", c.FlushDB(ctx).Err())
		pipe := c.Pipeline()
		for i := range 100 {
			pipe.Set(ctx, fmt.Sprint("k", i), i, 0)
		}
		_, err := pipe.Exec(ctx)
		check("pipeline", err)
		got, err := c.MGet(ctx, "k1", "nothing", "k99").Result()
		if check("mget", err); fmt.Sprint(got) != "[1 <nil> 99]" {
			t.Errorf("got %v", got)
		}
		n, err := c.DBSize(ctx).Result()
		if check("dbsize", err); n != 100 {
			t.Errorf("%d keys", n)
		}
		err = c.Watch(ctx, func(tx *goredis.Tx) error {
			_, err := tx.TxPipelined(ctx, func(p goredis.Pipeliner) error {
				p.Incr(ctx, "{t}a")
				p.Incr(ctx, "{t}b")
				return nil
			})
			return err
		}, "{t}a")
		check("transaction", err)
		script := goredis.NewScript("return redis.call('incrby', KEYS[1], ARGV[1])")
		v, err := script.Run(ctx, c, []string{"{t}a"}, 5).Int()
		if check("script", err); v != 6 {
			t.Errorf("the script gave %d", v)
		}
		sub := c.Subscribe(ctx, "news")
		_, err = sub.Receive(ctx)
		check("subscribe", err)
		check("publish", c.Publish(ctx, "news", "today").Err())
		m, err := sub.ReceiveMessage(ctx)
		if check("message", err); err == nil && m.Payload != "today" {
			t.Errorf("got %v", m)
		}
		check("close", sub.Close())
		it, keys := c.Scan(ctx, 0, "", 10).Iterator(), 0
		for it.Next(ctx) {
			keys++
		}
		if check("scan", it.Err()); keys != 102 {
			t.Errorf("a scan found %d keys", keys)
		}
		check("close", c.Close())
	}
}

// The modes of the pool change nothing that a client could see.
func TestEveryModeServesTransactionsAndSubscriptions(t *testing.T) {
	for _, mode := range []pool.Mode{pool.Pipelined(2, 4), pool.Exclusive(), pool.None()} {
		r := three(t, options{mode: mode})
		c := dial(t, "tcp", r.address)
		says(t, c, "SET a 1", "+OK", "MULTI", "+OK", "INCR a", "+QUEUED", "EXEC", "*1 :2", "BLPOP q 0.001", "*-1", "MGET a b c d", "*4 $1 2 $-1 $-1 $-1", "SUBSCRIBE x", "*3 $9 subscribe $1 x :1",
			"PUBLISH x y", "-ERR Can't execute 'publish': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context")
	}
}
