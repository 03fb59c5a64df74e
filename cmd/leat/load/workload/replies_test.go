package workload

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/load/workload/workloadtest"
)

func mustSpec(t testing.TB, s Spec) Spec {
	t.Helper()
	s.Protocol = RESP
	if !s.Request.keyed() {
		s.Keys, s.Zipf = 0, 0
	}
	s, err := s.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// conversation is the replies of a server to n requests of user 0.
func conversation(t testing.TB, s Spec, n int, fault func(reply []byte, args [][]byte) []byte) []byte {
	t.Helper()
	server := workloadtest.Server{}
	if s.Preloads() {
		fill, judge := s.Preload()
		for range s.Keys {
			reply, _ := server.Append(nil, fill.Append(nil))
			if rest, v := judge.Next(reply); v != Right || len(rest) > 0 {
				t.Fatal(judge.Why())
			}
		}
	}
	server.Fault = fault
	ask := s.Requests(0)
	var asked []byte
	for range n {
		before := len(asked)
		if asked = ask.Append(asked); len(asked)-before > s.RequestBytes() {
			t.Fatalf("a request of %d bytes is longer than %d", len(asked)-before, s.RequestBytes())
		}
	}
	replies, taken := server.Append(nil, asked)
	if taken != len(asked) {
		t.Fatalf("the server understood %d of %d bytes", taken, len(asked))
	}
	return replies
}

func TestRightRepliesToCommandsAreRightInAnyPieces(t *testing.T) {
	for _, r := range requests {
		for _, zipf := range []float64{0, 1.1} {
			s := mustSpec(t, Spec{Request: r, Message: 9, Keys: 5, Zipf: zipf})
			stream := conversation(t, s, 4, nil)
			for i := range stream {
				for j := i; j < len(stream); j++ {
					judge4 := s.Replies(0)
					if got := judge(judge4, stream[:i], stream[i:j], stream[j:]); got != "rrrr" || !judge4.Clean() {
						t.Fatalf("%s, split at %d and %d: %s, %s", r, i, j, got, judge4.Why())
					}
				}
			}
		}
	}
}

// second replaces the second reply, and only that.
func second(by string) func(reply []byte, args [][]byte) []byte {
	n := 0
	return func(reply []byte, _ [][]byte) []byte {
		if n++; n == 2 {
			return []byte(by)
		}
		return reply
	}
}

func TestEveryKindOfWrongReplyIsNoticedAndTheNextIsFound(t *testing.T) {
	for _, c := range []struct {
		request Request
		by      string
		why     string
	}{
		{PING, "+PING\r\n", `reply to request 1, ping: got "+PING", want "+PONG"`},
		{PING, "$4\r\nPONG\r\n", `got "$4", want "+PONG"`},
		{PING, "*2\r\n$1\r\na\r\n*1\r\n:5\r\n", `got "*2", want "+PONG"`},
		{ECHO, "$9\r\naaaaaaaaa\r\n", `reply to request 1, echo: byte 0 of 9 is wrong: got "a`},
		{ECHO, "$9\r\nbaaaaaaab\r\n", `byte 8 of 9 is wrong`},
		{ECHO, "$9\r\nbaaaaaaaa\n\r", `byte 9 of 9 is wrong`},
		{ECHO, "$8\r\nbaaaaaaa\r\n", `got "$8", want a string of 9 bytes`},
		{ECHO, "$0\r\n\r\n", `got "$0", want a string of 9 bytes`},
		{ECHO, "*-1\r\n", `got "*-1", want a string of 9 bytes`},
		{GET, "$-1\r\n", `there is no key 0`},
		{GET, "$9\r\nbaaaaaaaa\r\n", `byte 0 of 9 is wrong`}, // the value of key 1
		{GET, "-ERR unknown command 'GET'\r\n", `the server says ERR unknown command 'GET'`},
		{GET, "+OK\r\n", `got "+OK", want a string of 9 bytes`},
		{SET, "-READONLY You can't write\r\n", `the server says READONLY You can't write`},
		{SET, "+OKAY\r\n", `got "+OKAY", want "+OK"`},
		{SET, ":1\r\n", `got ":1", want "+OK"`},
		{MSET, "$2\r\nOK\r\n", `got "$2", want "+OK"`},
		{INCR, ":1\r\n", `counter 0 is 1 after it was 1`},
		{INCR, ":0\r\n", `counter 0 is 0 after it was 1`},
		{INCR, ":-7\r\n", `counter 0 is -7 after it was 1`},
		{INCR, "+2\r\n", `got "+2", want an integer`},
		{INCR, "-WRONGTYPE no number\r\n", `the server says WRONGTYPE no number`},
		{INCR, "$1\r\n2\r\n", `got "$1", want an integer`},
		{MIXED, "-LOADING\r\n", `the server says LOADING`},
	} {
		s := mustSpec(t, Spec{Request: c.request, Message: 9, Keys: 1})
		stream := conversation(t, s, 4, second(c.by))
		for i := range stream {
			r := s.Replies(0)
			if got := judge(r, stream[:i], stream[i:]); got != "rwrr" || !strings.Contains(r.Why(), c.why) {
				t.Fatalf("%s answered with %q, split at %d: %s, %s", c.request, c.by, i, got, r.Why())
			}
		}
	}
}

func TestWhatIsNoReplyEndsTheStream(t *testing.T) {
	for _, by := range []string{
		"HTTP/1.1 400 Bad Request\r\n", "\r\n", "$-2\r\n", "$99999999999\r\n", "*1048577\r\n", ":x\r\n", "$\r\n", "*2\r\n!\r\n",
		"-" + strings.Repeat("x", maxLine+1), "*1\r\n$x\r\n",
	} {
		s := mustSpec(t, Spec{Request: GET, Message: 9, Keys: 1})
		stream := conversation(t, s, 4, second(by))
		for _, i := range []int{1, 16, 17, 18, 20, len(stream) - 1} {
			r := s.Replies(0)
			if got := judge(r, stream[:i], stream[i:]); !strings.HasSuffix(got, "b") || len(got) > 3 || r.Clean() {
				t.Errorf("%.40q, split at %d: %s", by, i, got)
			}
		}
	}
}

func TestTheTextOfAnErrorIsGivenOnce(t *testing.T) {
	s := mustSpec(t, Spec{Request: SET, Keys: 3})
	r := s.Replies(0)
	rest, v := r.Next([]byte("-ERR too long " + strings.Repeat("x", 300) + "\r\n+OK\r\n"))
	if v != Wrong || len(r.Refusal()) != shownText-1 || !bytes.HasPrefix(r.Refusal(), []byte("ERR too long xxx")) {
		t.Errorf("%v, %q", v, r.Refusal())
	}
	if _, v := r.Next(rest); v != Right || len(r.Refusal()) != 0 {
		t.Errorf("%v, %q", v, r.Refusal())
	}
}

func TestRepliesThatAreGivenUpKeepTheJudgeInStep(t *testing.T) {
	for _, r := range requests {
		s := mustSpec(t, Spec{Request: r, Message: 40, Keys: 100})
		server := workloadtest.Server{}
		fill, _ := s.Preload()
		for range s.Keys {
			server.Append(nil, fill.Append(nil))
		}
		ask, judge := s.Requests(3), s.Replies(3)
		var lost []byte
		for range 5 {
			lost = ask.Append(lost)
		}
		part, _ := server.Append(nil, lost)
		judge.Next(part[:3]) // the connection ends in the middle of the first
		judge.Skip(5)
		reply, _ := server.Append(nil, ask.Append(nil))
		if _, v := judge.Next(reply); v != Right || !judge.Clean() {
			t.Errorf("%s: %s", r, judge.Why())
		}
	}
}

func TestTheKeyOfARankIsDrawnAsOftenAsZipfSays(t *testing.T) {
	const n = 200_000
	for _, zipf := range []float64{0, .99} {
		s := mustSpec(t, Spec{Request: GET, Keys: 100, Zipf: zipf})
		d, seen := newDraws(s, 7), make([]float64, 100)
		for range n {
			seen[d.key()]++
		}
		sum := 0.
		for i := range seen {
			sum += weightOf(i, zipf)
		}
		for i, got := range seen {
			want := n * weightOf(i, zipf) / sum
			if got < want*.75 || got > want*1.25 {
				t.Errorf("zipf %v: key %d came %v times, want about %.0f", zipf, i, got, want)
			}
		}
	}
}

// Whatever a server sends, judging it ends, keeps within the stream, and does not depend on how the stream was cut.
func FuzzCommandReplies(f *testing.F) {
	for i, r := range requests {
		f.Add(uint8(i), conversation(f, mustSpec(f, Spec{Request: r, Message: 9, Keys: 3}), 3, nil), uint64(i))
		f.Add(uint8(i), []byte("-ERR x\r\n*2\r\n$1\r\na\r\n:1\r\n$-1\r\n+OK\r\n"), uint64(i))
	}
	f.Add(uint8(1), []byte("*1\r\n+"+strings.Repeat("x", 70000)+"\r\n+PONG\r\n"), uint64(1))
	f.Add(uint8(2), []byte("*1048576\r\n*1048576\r\n"), uint64(1))
	f.Fuzz(func(t *testing.T, request uint8, stream []byte, seed uint64) {
		s := mustSpec(t, Spec{Request: requests[int(request)%len(requests)], Message: 9, Keys: 3})
		whole, cut := s.Replies(0), s.Replies(0)
		want := judge(whole, stream)
		var pieces [][]byte
		for rest, rnd := stream, rand.New(rand.NewPCG(seed, 0)); len(rest) > 0; {
			n := 1 + rnd.IntN(len(rest))
			pieces = append(pieces, rest[:n])
			rest = rest[n:]
		}
		if got := judge(cut, pieces...); got != want {
			t.Fatalf("in pieces %q: %s, whole: %s", pieces, got, want)
		}
	})
}

func ExampleSpec() {
	s, _ := Spec{Protocol: RESP, Request: GET, Keys: 1, Message: 20}.WithDefaults()
	ask, judge := s.Requests(0), s.Replies(0)
	fmt.Printf("%q\n", ask.Append(nil))
	_, verdict := judge.Next([]byte("$20\r\naaaaaaaaaaaaz-9.aaaa\r\n"))
	fmt.Println(verdict == Right)
	// Output:
	// "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000000\r\n"
	// true
}
