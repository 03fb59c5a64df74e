package redis

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/leat-io/leat/codec/resp"
)

// names answers every command with its name, for as long as the test runs.
func names(t *testing.T, name string) (port int) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerName(c, name)
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

func answerName(c net.Conn, name string) {
	defer c.Close()
	var held []byte
	b := make([]byte, 64<<10)
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		held = append(held, b[:n]...)
		var out []byte
		for {
			var cmd resp.Command
			n, _ := resp.Request(resp.Limits{}).Decode(held, &cmd)
			if n <= 0 {
				break
			}
			held = held[n:]
			out = resp.AppendBulkString(out, name)
		}
		if _, err := c.Write(out); err != nil {
			return
		}
	}
}

// given are ports that freePort has given.
var given sync.Map

// freePort is a port on which nothing listens. No two calls give the same one.
func freePort(t *testing.T) int {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		port := l.Addr().(*net.TCPAddr).Port
		if _, twice := given.LoadOrStore(port, true); !twice {
			return port
		}
	}
}

// Each key is on the server on which nutcracker has it.
func TestKeysAreWhereNutcrackerHasThem(t *testing.T) {
	path, err := exec.LookPath("nutcracker")
	if err != nil {
		t.Skip("there is no nutcracker to compare with")
	}
	var shards []Shard
	servers := ""
	for i, weight := range []int{1, 1, 2, 3, 1} {
		name := fmt.Sprintf("server%d", i)
		port := names(t, name)
		servers += fmt.Sprintf("   - 127.0.0.1:%d:%d %s\n", port, weight, name)
		shards = append(shards, Shard{Server: Server{Name: name, Address: fmt.Sprintf("127.0.0.1:%d", port), Weight: float64(weight)}})
	}
	type pool struct {
		Keys
		port int
	}
	var pools []pool
	conf := ""
	add := func(k Keys) {
		p := pool{k, freePort(t)}
		conf += fmt.Sprintf("pool%d:\n  listen: 127.0.0.1:%d\n  redis: true\n  hash: %s\n  distribution: %s\n  auto_eject_hosts: false\n", len(pools), p.port, k.Hash, k.Distribution)
		if k.Tag != "" {
			conf += fmt.Sprintf("  hash_tag: %q\n", k.Tag)
		}
		conf += "  servers:\n" + servers + "\n"
		pools = append(pools, p)
	}
	for _, distribution := range []string{"ketama", "modula"} {
		for hash := range Hashes {
			if hash != "xxhash" {
				add(Keys{Hash: hash, Distribution: distribution})
			}
		}
		add(Keys{Hash: "fnv1a_64", Distribution: distribution, Tag: "{}"})
		add(Keys{Hash: "md5", Distribution: distribution, Tag: "$$"})
	}
	file := filepath.Join(t.TempDir(), "nutcracker.yml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", file, "-s", fmt.Sprint(freePort(t)), "-a", "127.0.0.1")
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()

	var keys [][]byte
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 300 {
		keys = append(keys, fmt.Appendf(nil, "key:%d", i), fmt.Appendf(nil, "{user%d}:%d", i%7, i), fmt.Appendf(nil, "a$%d$b{}", i))
		b := make([]byte, 1+r.IntN(20))
		for j := range b {
			b[j] = byte(r.Uint32())
		}
		keys = append(keys, b)
	}
	for _, p := range pools {
		routing, err := NewRouting(shards, p.Keys, "")
		if err != nil {
			t.Fatal(err)
		}
		c := dialSoon(t, fmt.Sprintf("127.0.0.1:%d", p.port), &log)
		var b []byte
		for _, k := range keys {
			b = resp.AppendCommand(b, []byte("GET"), k)
		}
		c.write(b)
		for _, k := range keys {
			want, got := c.reply(), shards[routing.of(k).index].Name
			if want != fmt.Sprintf("$%d %s", len(got), got) {
				t.Errorf("%+v: %q is on %s, nutcracker says %s", p.Keys, k, got, want)
				break
			}
		}
	}
}

func dialSoon(t *testing.T, address string, log *bytes.Buffer) *peer {
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return dial(t, "tcp", address)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nutcracker does not listen after 5 s: %s", log)
	return nil
}

// A few keys, so that the functions cannot change where there is no nutcracker.
func TestHashesStayWhatTheyAre(t *testing.T) {
	var got []string
	for name, h := range Hashes {
		got = append(got, fmt.Sprintf("%s %d %d %d", name, h(nil), h([]byte("key")), h([]byte("user\xff{1}"))))
	}
	slices.Sort(got)
	for i, want := range goldens {
		if i >= len(got) || got[i] != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

var goldens = []string{
	"crc16 0 3723194619 1792940937",
	"crc32 0 2704 26993",
	"crc32a 0 2324736937 3916508190",
	"fnv1_32 2166136261 1183067778 1483729848",
	"fnv1_64 2216829733 1804782626 2060594264",
	"fnv1a_32 2166136261 1746258028 357407414",
	"fnv1a_64 2216829733 911937772 1345317942",
	"hsieh 0 4262080369 3225194204",
	"md5 3649838548 2316004924 2092409281",
	"murmur 0 2006186433 4088812954",
	"one_at_a_time 0 3917505287 1234601567",
	"xxhash 17241709254077376921 4933520039084114740 2307915667062348381",
}
