package redis

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/sources/tcp"
)

// pipelined is how many random commands are compared; LEAT_PIPELINES says another number.
func pipelined(t *testing.T) int {
	if s := os.Getenv("LEAT_PIPELINES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if testing.Short() {
		return 4000
	}
	return 20000
}

// A proxy over several servers answers random pipelines with the bytes with which one Redis does.
func TestAnswersAreThoseOfOneRedis(t *testing.T) {
	for _, test := range []struct {
		name   string
		shards int
		options
	}{
		{"one", 1, options{}},
		{"several", 4, options{}},
		{"several connections", 3, options{mode: pool.Pipelined(3, 8)}},
		{"exclusive", 3, options{mode: pool.Exclusive()}},
		{"fences", 3, options{fence: true}},
		{"threads", 3, options{source: []tcp.Option{tcp.Goroutines()}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sockets []string
			for range test.shards {
				sockets = append(sockets, redisServer(t))
			}
			r := run(t, shardsOf(sockets...), test.options)
			alone := redisServer(t)
			for _, version := range []string{"2", "3"} {
				d := &differ{theirs: dial(t, "unix", alone), ours: dial(t, "tcp", r.address), seed: rand.Uint64()}
				d.g = generator{rand.New(rand.NewPCG(d.seed, 0)), "", true}
				for _, c := range []*peer{d.theirs, d.ours} {
					c.do("FLUSHALL")
					c.do("SCRIPT FLUSH")
					c.do("HELLO " + version)
				}
				d.compare(t, pipelined(t)/2)
			}
		})
	}
}

// Several clients at once get no answers of each other.
func TestClientsTogetherGetTheirAnswers(t *testing.T) {
	r := run(t, shardsOf(redisServer(t), redisServer(t), redisServer(t)), options{source: []tcp.Option{tcp.Reactor(2)}})
	alone := redisServer(t)
	t.Run("clients", func(t *testing.T) {
		for i := range 6 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				d := &differ{theirs: dial(t, "unix", alone), ours: dial(t, "tcp", r.address), seed: rand.Uint64()}
				d.g = generator{rand.New(rand.NewPCG(d.seed, 0)), fmt.Sprintf("c%d.", i), false}
				d.compare(t, pipelined(t)/6)
			})
		}
	})
}

// A differ sends the same to both and compares.
type differ struct {
	theirs, ours *peer
	g            generator
	seed         uint64
}

func (d *differ) compare(t *testing.T, commands int) {
	for n := 0; n < commands; {
		var b []byte
		var sent [][]string
		for range 1 + d.g.IntN(30) {
			if d.g.IntN(15) == 0 {
				sent = append(sent, d.g.transaction()...)
			} else {
				sent = append(sent, d.g.command())
			}
		}
		for _, c := range sent {
			b = resp.AppendCommand(b, c...)
		}
		d.theirs.write(b)
		d.ours.write(b)
		for i, c := range sent {
			want, err := readReply(d.theirs.r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readReply(d.ours.r)
			if err != nil {
				t.Fatalf("seed %d: %q: %v; redis says %q; before it %q", d.seed, c, err, want, sent[max(0, i-20):i])
			}
			if got != want && !alike(c, got, want) {
				t.Fatalf("seed %d: %q: got %q, redis says %q; before it %q", d.seed, c, got, want, sent[max(0, i-20):i])
			}
		}
		n += len(sent)
	}
}

// alike says whether two answers differ only in the order of what has none, or in how long the two servers took.
func alike(command []string, got, want string) bool {
	switch strings.ToUpper(command[0]) {
	case "KEYS", "SMEMBERS", "SUNION", "SINTER", "SDIFF", "HGETALL", "HKEYS", "HVALS":
		a, b := strings.Fields(got), strings.Fields(want)
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b)
	case "EXEC": // the same within it
		a, b := strings.Split(got, ""), strings.Split(want, "")
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(a, b) || strings.Contains(want, ":9") && len(got) == len(want)
	case "TTL":
		var a, b int64
		n, _ := fmt.Sscanf(got+" "+want, ":%d :%d", &a, &b)
		return n == 2 && a > 0 && b > 0 && max(a-b, b-a) < 5
	}
	return false
}
