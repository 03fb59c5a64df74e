package resp_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/internal/redistest"
)

// pipelines is how many are compared: some, or as many as LEAT_PIPELINES says.
func pipelines(t *testing.T) int {
	s := os.Getenv("LEAT_PIPELINES")
	if s == "" {
		return 20_000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("LEAT_PIPELINES must be a positive number, not %q", s)
	}
	return n
}

// Pipelines of valid, damaged and senseless requests are sent in random pieces to redis and to a responder on the codec. All
// that comes back until the connection ends must be the same.
func TestRequestsAreReadAndRefusedAsByRedis(t *testing.T) {
	all := pipelines(t)
	socket := redistest.Unix(t).Address
	const workers = 4
	var wg sync.WaitGroup
	totals := make([]tally, workers)
	for w := range workers {
		wg.Go(func() {
			compare(t, socket, uint64(w), (all+workers-1)/workers, &totals[w])
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sum := tally{refused: map[error]int{}}
	for _, of := range totals {
		sum.connections += of.connections
		sum.bytes += of.bytes
		for err, n := range of.refused {
			sum.refused[err] += n
		}
	}
	t.Logf("%d pipelines, %d bytes on %d connections", all, sum.bytes, sum.connections)
	for err, n := range sum.refused {
		t.Logf("%8d ended with %v", n, err)
	}
	if all < 20_000 {
		return
	}
	for _, err := range []error{resp.ErrQuotes, resp.ErrInlineTooLong, resp.ErrCount, resp.ErrCountTooLong,
		resp.ErrBulkLength, resp.ErrBulkLengthTooLong, errNoDollar} {
		if sum.refused[err] == 0 {
			t.Errorf("no pipeline was refused with %v", err)
		}
	}
}

// errNoDollar stands for whatever byte stood in its place.
var errNoDollar = resp.ProtocolError("expected '$'")

type tally struct {
	connections, bytes int
	refused            map[error]int
}

func (y *tally) count(chunks [][]byte, err error) {
	y.connections++
	for _, c := range chunks {
		y.bytes += len(c)
	}
	if p, ok := errors.AsType[resp.ProtocolError](err); ok {
		if strings.HasPrefix(string(p), string(errNoDollar)) {
			p = errNoDollar
		}
		y.refused[p]++
	}
}

// compare sends n pipelines, up to 50 on a connection. A connection ends with the pipeline that is refused or that ends in
// the middle of a request, so that all pipelines are looked at from their start.
func compare(t *testing.T, socket string, seed uint64, n int, total *tally) {
	r := rand.New(rand.NewPCG(5, seed))
	total.refused = map[error]int{}
	for n > 0 && !t.Failed() {
		ours := newResponder()
		var chunks [][]byte
		for range min(n, 50) {
			n--
			for _, c := range pieces(r, pipeline(r)) {
				chunks = append(chunks, c)
				if ours.err == nil {
					ours.push(c)
				}
			}
			if ours.err != nil || ours.left > 0 {
				break
			}
		}
		total.count(chunks, ours.err)
		got, err := askRedis(socket, chunks, ours.reaction)
		if err != nil || !bytes.Equal(got, ours.replies) {
			at := 0
			for at < min(len(got), len(ours.replies)) && got[at] == ours.replies[at] {
				at++
			}
			t.Errorf("seed %d, error %v: after %d bytes redis goes on with\n%.200q, want\n%.200q\nfor an input that ends with\n%q",
				seed, err, at, got[at:], ours.replies[at:], tail(bytes.Join(chunks, nil)))
		}
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-2000):] }

// pipeline makes up to six requests and, half of the time, damages them.
func pipeline(r *rand.Rand) []byte {
	if r.IntN(500) == 0 {
		return oversized(r)
	}
	var b []byte
	for range 1 + r.IntN(6) {
		switch r.IntN(10) {
		case 0, 1, 2, 3, 4, 5:
			b = resp.AppendCommand(b, words(r)...)
		case 6, 7, 8:
			b = appendInline(b, r, words(r))
		case 9:
			b = append(b, pick(r, "\r\n", "\n", " \t\r\n", "*0\r\n", "*-1\r\n", "*-12\r\n", "\r\r\n", "\v\f\n")...)
		}
	}
	if r.IntN(2) == 0 {
		for range 1 + r.IntN(3) {
			b = damage(r, b)
		}
	}
	return b
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// words is a command and its arguments. The letters are such that neither they nor what damage leaves of a name is another
// command of redis.
func words(r *rand.Rand) []string {
	all := []string{pick(r, "PING", "ping", "ECHO", "Echo", "ECHO", word(r))}
	switch r.IntN(4) {
	case 0:
	case 1:
		for range r.IntN(10) {
			all = append(all, word(r))
		}
	default:
		all = append(all, word(r))
	}
	return all
}

const special = "\x00\r\n\t\v\f $*-+0123456789\"'\\xnb\xff\x80"

func word(r *rand.Rand) string {
	n := r.IntN(12)
	switch r.IntN(200) {
	case 0:
		n = 200
	case 1: // redis reads arguments from 32 KiB on in another way
		n = pickInt(r, 32767, 32768, 40000)
	}
	b := make([]byte, n)
	for i := range b {
		if b[i] = "xyzXYZ"[r.IntN(6)]; r.IntN(4) == 0 {
			b[i] = special[r.IntN(len(special))]
		}
	}
	return string(b)
}

func pickInt(r *rand.Rand, of ...int) int { return of[r.IntN(len(of))] }

func appendInline(b []byte, r *rand.Rand, words []string) []byte {
	for i, w := range words {
		w = w[:min(len(w), 200)] // a line over the limit is refused or not as it arrives
		if i > 0 || r.IntN(8) == 0 {
			b = append(b, pick(r, " ", "  ", "\t", " \v")...)
		}
		switch r.IntN(4) {
		case 0:
			b = append(b, w...) // whatever it means
		case 1:
			b = append(append(append(b, '\''), strings.ReplaceAll(w, "'", `\'`)...), '\'')
		case 2:
			b = appendQuoted(b, r, w)
		case 3:
			b = append(b, strings.Map(plainLetter, w)...)
		}
	}
	return append(b, pick(r, "\r\n", "\n")...)
}

func plainLetter(c rune) rune {
	if strings.ContainsRune("\x00\r\n\"'", c) {
		return 'x'
	}
	return c
}

func appendQuoted(b []byte, r *rand.Rand, w string) []byte {
	b = append(b, '"')
	for _, c := range []byte(w) {
		switch {
		case r.IntN(6) == 0 || strings.IndexByte("\x00\r\n\"\\", c) >= 0:
			b = fmt.Appendf(b, pick(r, `\x%02x`, `\x%02X`), c)
		case r.IntN(10) == 0:
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// damage changes, drops, repeats or inserts a few bytes.
func damage(r *rand.Rand, b []byte) []byte {
	at := r.IntN(len(b) + 1)
	if r.IntN(2) == 0 { // where the headers are
		at = min(at, r.IntN(40))
	}
	end := min(len(b), at+1+r.IntN(3))
	with := make([]byte, r.IntN(3))
	for i := range with {
		with[i] = special[r.IntN(len(special))]
	}
	rest := bytes.Clone(b[end:])
	switch r.IntN(4) {
	case 0:
		return append(append(b[:at:at], with...), rest...)
	case 1:
		return append(append(b[:end:end], with...), rest...)
	case 2:
		return append(append(b[:end:end], b[at:end]...), rest...)
	}
	return b[:at]
}

// oversized makes one of what is refused for its length. Redis accepts a longer line if it arrives at once, so there is no
// end of one behind the limit of 64 KiB.
func oversized(r *rand.Rand) []byte {
	const limit = 64 << 10
	switch r.IntN(6) {
	case 0:
		return fmt.Appendf(nil, "%s\n", strings.Repeat("x", limit))
	case 1:
		return bytes.Repeat([]byte("x"), limit+1+r.IntN(5000))
	case 2:
		return append([]byte("*"), bytes.Repeat([]byte("1"), limit+r.IntN(5000))...)
	case 3:
		return append([]byte("*1\r\n$"), bytes.Repeat([]byte("1"), limit+r.IntN(5000))...)
	case 4:
		return append([]byte("*1\r\n$\x001\r"), bytes.Repeat([]byte("1"), limit+r.IntN(5000))...)
	}
	return append([]byte("PING\x00\n"), bytes.Repeat([]byte("1"), limit+r.IntN(5000))...)
}

// pieces cuts b.
func pieces(r *rand.Rand, b []byte) [][]byte {
	var all [][]byte
	for r.IntN(2) == 0 && len(b) > 0 {
		n := r.IntN(len(b) + 1)
		if r.IntN(2) == 0 {
			n = min(n, r.IntN(8))
		}
		all, b = append(all, b[:n]), b[n:]
	}
	return append(all, b)
}
