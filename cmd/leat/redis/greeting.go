package redis

import (
	"strconv"

	"github.com/leat-io/leat/codec/resp"
)

// profileRESP3 is the bit of a profile that says the protocol; the others are the number of the database.
const profileRESP3 = 1 << 31

// Greeting is what a connection of a profile to the server is sent first, and how many replies that has. None of them says
// anything unless it is an error.
func (s Server) Greeting(profile uint32) (b []byte, replies int) {
	say := func(words ...string) {
		b = resp.AppendCommand(b, words...)
		replies++
	}
	switch {
	case s.Password != "" && s.User != "":
		say("AUTH", s.User, s.Password)
	case s.Password != "":
		say("AUTH", s.Password)
	}
	if profile&profileRESP3 != 0 {
		say("HELLO", "3")
	}
	if db := profile &^ profileRESP3; db != 0 {
		say("SELECT", strconv.FormatUint(uint64(db), 10))
	}
	say("CLIENT", "SETNAME", "leat")
	return b, replies
}
