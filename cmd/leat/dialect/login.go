package dialect

import (
	"crypto/sha256"
	"crypto/subtle"
	"strconv"

	"github.com/leat-io/leat/codec/resp"
)

// A Password is what a client must give before anything else; nothing when it is empty.
type Password string

// The errors of those who do not give it.
const (
	wrongPass  = "WRONGPASS invalid username-password pair or user is disabled."
	noPassword = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
	helloAuth  = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
)

// admits takes time that does not depend on how much of what was given is right.
func (p Password) admits(user string, given []byte) bool {
	want, have := sha256.Sum256([]byte(p)), sha256.Sum256(given)
	right := subtle.ConstantTimeCompare(want[:], have[:]) == 1 || p == ""
	return user == "default" && right
}

// Auth says why AUTH is refused; when that is empty the client is trusted from now on.
func (p Password) Auth(c *resp.Command) (refusal string) {
	user := "default"
	switch {
	case c.Len() > 3:
		return Syntax
	case c.Len() == 3:
		user = string(c.Arg(1))
	case p == "":
		return noPassword
	}
	if !p.admits(user, c.Arg(c.Len()-1)) {
		return wrongPass
	}
	return ""
}

// A Client is what HELLO tells of one, and agrees with it.
type Client struct {
	Version resp.Version // of the protocol
	Name    string
	Trusted bool // it has given the password, or none is needed
}

// Hello is what becomes of a client that sends HELLO. When that is refused, the password may still have been right.
func (p Password) Hello(was Client, c *resp.Command) (is Client, refusal string) {
	is = was
	next := 1
	if c.Len() > 1 {
		switch n, err := strconv.ParseInt(string(c.Arg(1)), 10, 64); {
		case err != nil || strconv.FormatInt(n, 10) != string(c.Arg(1)):
			return is, "ERR Protocol version is not an integer or out of range"
		case n != 2 && n != 3:
			return is, "NOPROTO unsupported protocol version"
		default:
			is.Version, next = resp.Version(n), 2
		}
	}
	for ; next < c.Len(); next++ {
		switch a, more := c.Arg(next), c.Len()-next-1; {
		case Equal(a, "auth") && more >= 2:
			if !p.admits(string(c.Arg(next+1)), c.Arg(next+2)) {
				return is, wrongPass
			}
			is.Trusted = true
			next += 2
		case Equal(a, "setname") && more >= 1:
			if is.Name = string(c.Arg(next + 1)); !Visible(is.Name) {
				return is, BadName
			}
			next++
		default:
			return is, "ERR Syntax error in HELLO option '" + string(a) + "'"
		}
	}
	if !is.Trusted {
		return is, helloAuth
	}
	return is, ""
}

// Welcome is the answer to HELLO of a server: its name, its version, and the number of the connection.
func (c Client) Welcome(server, version string, id uint64) []byte {
	b := c.Version.AppendMap(nil, 7)
	b = AppendBulks(b, "server", server, "version", version, "proto")
	b = resp.AppendInt(b, int64(c.Version))
	b = resp.AppendInt(resp.AppendBulkString(b, "id"), int64(id))
	b = AppendBulks(b, "mode", "standalone", "role", "master", "modules")
	return resp.AppendArray(b, 0)
}

// AppendBulks appends bulk strings one behind the other.
func AppendBulks(b []byte, words ...string) []byte {
	for _, w := range words {
		b = resp.AppendBulkString(b, w)
	}
	return b
}
