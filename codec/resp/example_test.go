package resp_test

import (
	"fmt"

	"github.com/leat-io/leat/codec/resp"
)

func ExampleRequest() {
	c := resp.Request(resp.Limits{Bulk: 1 << 20})
	d := c.NewDecoder() // for one connection
	for b := []byte("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\nset key \"two words\"\r\n*1\r\n$x\r\n"); ; {
		var r resp.Command
		n, err := d.Decode(b, &r)
		if err != nil {
			fmt.Printf("%s", c.AppendRefusal(nil, err))
			return
		}
		for i := range r.Len() {
			fmt.Printf("%s|", r.Arg(i))
		}
		fmt.Println()
		b = b[n:]
	}
	// Output:
	// GET|key|
	// set|key|two words|
	// -ERR Protocol error: invalid bulk length
}

func ExampleCommand_Set() {
	var c resp.Command
	c.Set("GET", "key")
	b, err := resp.Request(resp.Limits{}).Append(nil, &c)
	fmt.Printf("%q %v\n", b, err)
	// Output: "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n" <nil>
}

func ExampleMessage_Value() {
	var m resp.Message
	wire := "|1\r\n+ttl\r\n:3600\r\n%2\r\n+name\r\n$4\r\nleat\r\n+ports\r\n*2\r\n:80\r\n:443\r\n"
	if _, err := resp.Reply(resp.Limits{}).Decode([]byte(wire), &m); err != nil {
		fmt.Println(err)
		return
	}
	v := m.Value()
	for key, value := range v.Attributes() {
		fmt.Printf("%s is %s\n", key.Str(), value.Str())
	}
	for e := range v.Elements() {
		if s := e.Str(); s != nil {
			fmt.Printf("%s\n", s)
		}
		for port := range e.Elements() {
			n, _ := port.Int()
			fmt.Println(n)
		}
	}
	// Output:
	// ttl is 3600
	// name
	// leat
	// ports
	// 80
	// 443
}

// A server answers in the version that the connection has agreed on.
func ExampleVersion() {
	for _, v := range []resp.Version{resp.RESP2, resp.RESP3} {
		b := v.AppendMap(nil, 2)
		b = v.AppendDouble(resp.AppendBulkString(b, "load"), 0.25)
		b = v.AppendBool(resp.AppendBulkString(b, "ready"), true)
		fmt.Printf("%q\n", b)
	}
	// Output:
	// "*4\r\n$4\r\nload\r\n$4\r\n0.25\r\n$5\r\nready\r\n:1\r\n"
	// "%2\r\n$4\r\nload\r\n,0.25\r\n$5\r\nready\r\n#t\r\n"
}
