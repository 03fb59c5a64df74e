package redis

import (
	"bytes"

	"github.com/leat-io/leat/codec/resp"
)

// refuseWhy says that a command is not served, and why.
func (c *Request) refuseWhy() {
	c.refuse("ERR '" + c.spec.upper() + "' is not served through the proxy: " + c.spec.why)
}

// unknown is how Redis says that it does not know a command.
func unknown(c *resp.Command) string {
	const most = 128 // bytes of arguments that are repeated, as in Redis
	text := "ERR unknown command '" + clip(c.Arg(0), most) + "', with args beginning with: "
	for i, room := 1, most; i < c.Len() && room > 0; i++ {
		a := clip(c.Arg(i), room)
		text += "'" + a + "' "
		room -= len(a) + 3
	}
	return text
}

// clip is the front of an argument as Redis repeats it in an error: up to a bound, and to the first zero.
func clip(b []byte, most int) string {
	b = b[:min(len(b), most)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
