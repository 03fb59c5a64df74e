package resp_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/leat-io/leat/codec/codectest"
	"github.com/leat-io/leat/codec/resp"
)

// bothSides decodes wire in one piece and byte by byte, without the limits of the suite.
func bothSides[T any](c codectest.Codec[T], wire string) (one, bytewise error) {
	c.Limit = math.MaxInt
	_, one = c.Messages([]byte(wire))
	var chunks [][]byte
	for i := range len(wire) {
		chunks = append(chunks, []byte(wire[i:i+1]))
	}
	_, bytewise = c.Messages(chunks...)
	return one, bytewise
}

func TestALimitOf0IsThatOfRedis(t *testing.T) {
	request := codectest.Codec[resp.Command]{Decoder: resp.Request(resp.Limits{})}
	reply := codectest.Codec[resp.Message]{Decoder: resp.Reply(resp.Limits{})}
	for _, test := range []struct {
		wire string
		want error
	}{
		{"*1048576\r\n", nil},
		{"*1048577\r\n", resp.ErrCount},
		{"*1\r\n$536870912\r\n", nil},
		{"*1\r\n$536870913\r\n", resp.ErrBulkLength},
		{strings.Repeat("x", 64<<10), nil},
		{strings.Repeat("x", 64<<10) + "\n", nil},
		{strings.Repeat("x", 64<<10+1), resp.ErrInlineTooLong},
		{"*" + strings.Repeat("1", 64<<10-1), nil},
		{"*" + strings.Repeat("1", 64<<10), resp.ErrCountTooLong},
		{"*1\r\n$" + strings.Repeat("1", 64<<10-1), nil},
		{"*1\r\n$" + strings.Repeat("1", 64<<10), resp.ErrBulkLengthTooLong},
	} {
		if one, bytewise := bothSides(request, test.wire); one != test.want || bytewise != test.want {
			t.Errorf("the request %.20q of %d bytes gives %v, and %v byte by byte, want %v", test.wire, len(test.wire), one, bytewise, test.want)
		}
	}
	for _, test := range []struct {
		wire string
		want error
	}{
		{"*2147483647\r\n", nil},
		{"*2147483648\r\n", resp.ErrElements},
		{"%1073741823\r\n", nil},
		{"%1073741824\r\n", resp.ErrElements},
		{"$536870912\r\n", nil},
		{"$536870913\r\n", resp.ErrBulkLength},
		{"*2\r\n$536870912\r\n", nil},
		{"+" + strings.Repeat("x", 64<<10) + "\r\n", nil},
		{"+" + strings.Repeat("x", 64<<10+1), resp.ErrLine},
		{strings.Repeat("*1\r\n", 32) + "_\r\n", nil},
		{strings.Repeat("*1\r\n", 33), resp.ErrTooNested},
		{strings.Repeat("*1\r\n", 1<<16), resp.ErrTooNested},
	} {
		if one, bytewise := bothSides(reply, test.wire); one != test.want || bytewise != test.want {
			t.Errorf("the reply %.20q of %d bytes gives %v, and %v byte by byte, want %v", test.wire, len(test.wire), one, bytewise, test.want)
		}
	}
}

// What is refused must be refused in the same words whatever the limits are.
func TestEveryMalformedShapeIsRefusedWithTheLimitsOfRedisToo(t *testing.T) {
	request := codectest.Codec[resp.Command]{Decoder: resp.Request(resp.Limits{}), Limit: 1 << 30}
	for _, v := range refusedRequests {
		if msgs, err := request.Messages(v.Wire); err != v.Err || len(msgs) != len(v.Want) {
			t.Errorf("%q: %d requests and then %v, want %v", v.Wire, len(msgs), err, v.Err)
		}
	}
	reply := codectest.Codec[resp.Message]{Decoder: resp.Reply(resp.Limits{}), Limit: 1 << 30}
	for _, v := range refusedReplies {
		if msgs, err := reply.Messages(v.Wire); err != v.Err || len(msgs) != len(v.Want) {
			t.Errorf("%q: %d replies and then %v, want %v", v.Wire, len(msgs), err, v.Err)
		}
	}
}

func TestTheLargestLimitsDoNotOverflow(t *testing.T) {
	huge := resp.Limits{Inline: math.MaxInt, Bulk: math.MaxInt, Args: math.MaxInt, Total: math.MaxInt, Depth: math.MaxInt}
	request := codectest.Codec[resp.Command]{Decoder: resp.Request(huge)}
	for wire, want := range map[string]error{
		"PING\r\n":                         nil,
		"*2147483647\r\n":                  nil,
		"*2147483648\r\n":                  resp.ErrCount,
		"*1\r\n$2147483600\r\n":            nil,
		"*1\r\n$2147483633\r\n":            resp.ErrTooLong, // with its headers it is over 2147483647
		"*1\r\n$2147483647\r\n":            resp.ErrTooLong,
		"*1\r\n$2147483648\r\n":            resp.ErrBulkLength,
		"*1\r\n$9223372036854775807\r\n":   resp.ErrBulkLength,
		"*2\r\n$1\r\na\r\n$2147483647\r\n": resp.ErrTooLong,
	} {
		if one, bytewise := bothSides(request, wire); one != want || bytewise != want {
			t.Errorf("the request %q gives %v, and %v byte by byte, want %v", wire, one, bytewise, want)
		}
	}
	reply := codectest.Codec[resp.Message]{Decoder: resp.Reply(huge)}
	for wire, want := range map[string]error{
		"*2147483647\r\n":       nil,
		"$2147483600\r\n":       nil,
		"$2147483640\r\n":       resp.ErrTooLong,
		"$2147483647\r\n":       resp.ErrTooLong,
		"$2147483648\r\n":       resp.ErrBulkLength,
		"%2147483647\r\n":       resp.ErrElements,
		"*1\r\n$2147483633\r\n": resp.ErrTooLong,
	} {
		if one, bytewise := bothSides(reply, wire); one != want || bytewise != want {
			t.Errorf("the reply %q gives %v, and %v byte by byte, want %v", wire, one, bytewise, want)
		}
	}
}

func TestALimitThatMakesNoSensePanicsWithASentence(t *testing.T) {
	for want, f := range map[string]func(){
		"resp.Request: the limit Inline must not be negative, and is -1": func() { resp.Request(resp.Limits{Inline: -1}) },
		"resp.Request: the limit Bulk must not be negative, and is -5":   func() { resp.Request(resp.Limits{Bulk: -5}) },
		"resp.Request: the limit Args must not be negative, and is -1":   func() { resp.Request(resp.Limits{Args: -1}) },
		"resp.Reply: the limit Total must not be negative, and is -1":    func() { resp.Reply(resp.Limits{Total: -1}) },
		"resp.Reply: the limit Depth must not be negative, and is -1":    func() { resp.Reply(resp.Limits{Depth: -1}) },
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panic with %q, want %q", got, want)
				}
			}()
			f()
		}()
	}
}
