package resp_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
	"github.com/leat-io/leat/stage/stagetest"
)

// decoded is the request at the front of wire.
func decoded(t testing.TB, wire string) *resp.Command {
	t.Helper()
	var c resp.Command
	if n, err := resp.Request(resp.Limits{}).Decode([]byte(wire), &c); n <= 0 || err != nil {
		t.Fatalf("%q: decoded %d bytes, %v", wire, n, err)
	}
	return &c
}

// forms are the ways in which a request with these arguments, which have no blanks, can arrive.
func forms(args []string) map[string]string {
	array := request(args...)
	return map[string]string{
		"array":                 array,
		"array with other ends": strings.ReplaceAll(array, "\r\n", "\rx"),
		"inline":                strings.Join(args, " ") + "\r\n",
		"inline with quotes":    `"` + strings.Join(args, `" "`) + "\"\n",
	}
}

func TestArgumentsAreFoundInAnyOrder(t *testing.T) {
	for n := 1; n <= 20; n++ {
		var want []string
		for i := range n {
			want = append(want, strings.Repeat(string(rune('a'+i)), 1+i*i))
		}
		for form, wire := range forms(want) {
			c := decoded(t, wire)
			if c.Len() != n {
				t.Fatalf("%s of %d arguments has %d", form, n, c.Len())
			}
			r := rand.New(rand.NewPCG(6, uint64(n)))
			order := append(append(r.Perm(n), r.Perm(n)...), n-1, n-1, 0)
			for _, i := range order {
				if got := c.Arg(i); string(got) != want[i] || cap(got) != len(got) {
					t.Fatalf("%s of %d arguments, in the order %v: argument %d is %q with a capacity of %d, want %q",
						form, n, order, i, got, cap(got), want[i])
				}
			}
		}
	}
}

func TestACommandMayBeUsedAgain(t *testing.T) {
	c := resp.Request(resp.Limits{})
	var v resp.Command
	for _, wire := range []string{mget(8), mget(20), request(strings.Fields(many)...), mget(30), many + "\n", "GET k\n", request("PING")} {
		if n, err := c.Decode([]byte(wire), &v); n != len(wire) || err != nil {
			t.Fatalf("%q: %d, %v", wire, n, err)
		}
		want := decoded(t, wire)
		if last := v.Len() - 1; string(v.Arg(last)) != string(want.Arg(last)) || !sameArgs(&v, want) {
			t.Errorf("%q is %s, want %s", wire, printArgs(&v), printArgs(want))
		}
	}
}

func TestAnArgumentThatDoesNotExistPanicsWithASentence(t *testing.T) {
	for _, n := range []int{1, 6, 7, 9} {
		for _, i := range []int{-1, n, n + 1} {
			func() {
				defer func() {
					if got, want := fmt.Sprint(recover()), fmt.Sprintf("resp: argument %d of a request with %d", i, n); got != want {
						t.Errorf("panic with %q, want %q", got, want)
					}
				}()
				decoded(t, mget(n-1)).Arg(i)
			}()
		}
	}
}

func TestRawIsTheRequestAndNothingBehindIt(t *testing.T) {
	for form, wire := range forms([]string{"GET", "key"}) {
		c := decoded(t, wire+"*1\r\n")
		if string(c.Raw) != wire || cap(c.Raw) != len(c.Raw) {
			t.Errorf("%s: Raw is %q with a capacity of %d, want %q", form, c.Raw, cap(c.Raw), wire)
		}
	}
}

func TestAppendWritesAnyRequestAsAnArray(t *testing.T) {
	c := resp.Request(resp.Limits{})
	for _, args := range [][]string{{"PING"}, {"GET", "key"}} {
		for form, wire := range forms(args) {
			b, err := c.Append([]byte("before|"), decoded(t, wire))
			if want := "before|" + request(args...); string(b) != want || err != nil {
				t.Errorf("%s: got %q, %v, want %q", form, b, err, want)
			}
		}
	}
	long := strings.Fields(many)
	for form, wire := range map[string]string{"inline": many + "\n", "array": request(long...), "other ends": strings.ReplaceAll(request(long...), "\n", "\t")} {
		if b, err := c.Append(nil, decoded(t, wire)); string(b) != request(long...) || err != nil {
			t.Errorf("%s of many arguments: got %q, %v", form, b, err)
		}
	}
}

// What redis does not look at must not be passed on: another server might.
func TestAppendCorrectsEveryLineEnd(t *testing.T) {
	c, want := resp.Request(resp.Limits{}), request("GET", "key")
	for i := range len(want) {
		wire := []byte(want)
		if wire[i] != '\n' && (wire[i] != '\r' || i == 2 || wire[i-2] == '$') {
			continue // only a CR behind an argument may be something else
		}
		wire[i] = 'x'
		if b, err := c.Append(nil, decoded(t, string(wire))); string(b) != want || err != nil {
			t.Errorf("%q is appended as %q, %v, want %q", wire, b, err, want)
		}
	}
}

func TestAppendRefusesWhatDecodeWould(t *testing.T) {
	c := resp.Request(resp.Limits{Bulk: 8, Args: 3})
	for _, test := range []struct {
		args  []string
		fault string
	}{
		{[]string{"12345678", "12345678", "12345678"}, ""},
		{[]string{"", "", ""}, ""},
		{[]string{"1", "2", "3", "4"}, "resp: more arguments than the limit"},
		{[]string{"1", "2", "123456789"}, "resp: an argument over the limit of its bytes"},
		{[]string{}, "resp: a request without arguments, which nobody would answer"},
	} {
		v := command(test.args...)
		b, err := c.Append([]byte("before"), &v)
		if got := fmt.Sprint(err); test.fault != "" && (got != test.fault || string(b) != "before") {
			t.Errorf("%q: got %q, %v, want %s and nothing appended", test.args, b, err, test.fault)
		}
		if test.fault == "" && (err != nil || string(b) != "before"+request(test.args...)) {
			t.Errorf("%q: got %q, %v", test.args, b, err)
		}
	}
	if b, err := c.Append(nil, &resp.Command{}); len(b) > 0 || err == nil {
		t.Errorf("a zero Command is appended as %q, %v", b, err)
	}
}

func TestSetMakesARequestInMemoryOfItsOwn(t *testing.T) {
	wire := []byte(request("GET", "key"))
	var c resp.Command
	if _, err := resp.Request(resp.Limits{}).Decode(wire, &c); err != nil {
		t.Fatal(err)
	}
	key := []byte("other")
	c.Set([]byte("DEL"), key)
	key[0] = 'x'
	if got := fmt.Sprintf("%q", args(&c)); got != `["DEL" "other"]` || string(c.Raw) != request("DEL", "other") {
		t.Errorf("got %s in %q", got, c.Raw)
	}
	if string(wire) != request("GET", "key") {
		t.Errorf("what the command was decoded from is now %q", wire)
	}
	c = *decoded(t, many+"\n")
	c.Set("PING")
	if got := fmt.Sprintf("%q", args(&c)); got != `["PING"]` || string(c.Raw) != request("PING") {
		t.Errorf("got %s in %q", got, c.Raw)
	}
}

func TestACommandFitsIntoTwoCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(resp.Command{}); size > 128 && !stage.Leakcheck {
		t.Errorf("a Command has %d bytes", size)
	}
}

// A stage that keeps requests apart may leave one undecoded and ask for it later.
func TestTheSameBytesMayBeDecodedAgain(t *testing.T) {
	for form, wire := range forms([]string{"GET", "key"}) {
		d := resp.Request(resp.Limits{}).NewDecoder()
		b := []byte(wire)
		for range 3 {
			var c resp.Command
			if n, err := d.Decode(b, &c); n != len(wire) || err != nil || fmt.Sprint(args(&c)) != "[GET key]" {
				t.Errorf("%s: got %d, %v and %s", form, n, err, printArgs(&c))
			}
		}
	}
}

// A queue or a stage that keeps a request finds its bytes by the fields of the struct.
func TestARequestOutlivesItsBatchInAnyForm(t *testing.T) {
	long := strings.Repeat("x", stage.SlabSize/8) // too long to be copied
	for _, wire := range []string{
		request("GET", "key"), request("SET", "key", long), mget(20), mget(2000), "GET key\r\n", `GET "a key"` + "\n", many + "\n",
		strings.ReplaceAll(mget(20), "\n", "x"),
	} {
		r := stagetest.NewRig(codec.Decode(resp.Request(resp.Limits{})))
		segment := r.New()
		stagetest.Read(r.Lane.Lane, segment, &stagetest.NewConn(stage.Limits{InFlight: 1}).Conn, wire)
		out, err := r.Push(segment)
		if err != nil || len(out) != 1 {
			t.Fatalf("%.40q: %d requests, %v", wire, len(out), err)
		}
		kept := stage.Retain(r.Lane.Lane, out[0])
		r.End()
		_, others := r.Lane.Bytes(stage.SlabSize)
		clear(others)
		want := decoded(t, wire)
		if got := kept.Take(r.Lane.Lane); !sameArgs(got, want) {
			t.Errorf("%.40q came back as %s, want %s", wire, printArgs(got), printArgs(want))
		}
		r.End()
	}
}
