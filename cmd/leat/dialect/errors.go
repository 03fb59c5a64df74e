// Package dialect is what the key-value server and the proxy say alike to clients of Redis, in its words.
package dialect

import (
	"bytes"
	"strings"

	"github.com/leat-io/leat/codec/resp"
)

// The errors that several commands have.
const (
	Syntax  = "ERR syntax error"
	Integer = "ERR value is not an integer or out of range"
	NoAuth  = "NOAUTH Authentication required."
	BadName = "ERR Client names" + invisible
)

const invisible = " cannot contain spaces, newlines or special characters."

// repeated is how many bytes of arguments an error repeats, as in Redis.
const repeated = 128

// Unknown is the error of a command that does not exist.
func Unknown(c *resp.Command) string {
	text := "ERR unknown command '" + Clip(c.Arg(0), repeated) + "', with args beginning with: "
	for i, room := 1, repeated; i < c.Len() && room > 0; i++ {
		a := Clip(c.Arg(i), room)
		text += "'" + a + "' "
		room -= len(a) + 3
	}
	return text
}

// UnknownSub is the error of a command whose first argument is no subcommand of it.
func UnknownSub(name string, c *resp.Command) string {
	return "ERR unknown subcommand '" + Clip(c.Arg(1), repeated) + "'. Try " + strings.ToUpper(name) + " HELP."
}

// UnknownOption is the error of an option that a command does not have.
func UnknownOption(option []byte) string {
	return "ERR Unrecognized option '" + Clip(option, repeated) + "'"
}

// WrongNumber is the error of a command with too few or too many arguments.
func WrongNumber(name string) string {
	return "ERR wrong number of arguments for '" + name + "' command"
}

// Listening is the error of a command that a client of RESP2 may not send while messages may come to it.
func Listening(name string) string {
	return "ERR Can't execute '" + name + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
}

// BadValue is the error of a property of a client whose value is not Visible.
func BadValue(property string) string { return "ERR " + property + invisible }

// Clip is the front of an argument as an error repeats it: up to a bound, and to the first zero.
func Clip(b []byte, most int) string {
	b = b[:min(len(b), most)]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// Equal says whether an argument is a word, in whatever case.
func Equal(b []byte, word string) bool {
	return len(b) == len(word) && bytes.EqualFold(b, []byte(word))
}

// maxName is the most bytes of a client's name.
const maxName = 1024

// Visible says whether a name may be given to a client: printable, without spaces, and not long.
func Visible(name string) bool {
	return len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' })
}
