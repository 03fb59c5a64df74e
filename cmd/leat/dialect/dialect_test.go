package dialect_test

import (
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/dialect"
	"github.com/leat-io/leat/codec/resp"
)

func command(text string) *resp.Command {
	var c resp.Command
	c.Set(strings.Fields(text)...)
	return &c
}

func TestAuth(t *testing.T) {
	for _, c := range []struct {
		password dialect.Password
		text     string
		refusal  string // how it begins
	}{
		{"secret", "AUTH secret", ""},
		{"secret", "AUTH default secret", ""},
		{"secret", "AUTH secre", "WRONGPASS"},
		{"secret", "AUTH admin secret", "WRONGPASS"},
		{"secret", "AUTH a b c", "ERR syntax"},
		{"", "AUTH any", "ERR AUTH <password> called without any password"},
		{"", "AUTH default any", ""},
		{"", "AUTH admin any", "WRONGPASS"},
	} {
		if got := c.password.Auth(command(c.text)); !strings.HasPrefix(got, c.refusal) || (got == "") != (c.refusal == "") {
			t.Errorf("%s, where the password is %q: %q", c.text, c.password, got)
		}
	}
}

func TestHello(t *testing.T) {
	stranger := dialect.Client{Version: resp.RESP2, Name: "old"}
	for _, c := range []struct {
		text    string
		is      dialect.Client
		refusal string // how it begins
	}{
		{"HELLO", stranger, "NOAUTH HELLO must"},
		{"HELLO 3 AUTH default secret", dialect.Client{Version: resp.RESP3, Name: "old", Trusted: true}, ""},
		{"HELLO 3 setname new auth default secret", dialect.Client{Version: resp.RESP3, Name: "new", Trusted: true}, ""},
		{"HELLO 2 AUTH default wrong", stranger, "WRONGPASS"},
		{"HELLO 4", stranger, "NOPROTO"},
		{"HELLO +3", stranger, "ERR Protocol version is not an integer"},
		{"HELLO three", stranger, "ERR Protocol version is not an integer"},
		{"HELLO 2 AUTH default secret AUTH default", dialect.Client{Version: resp.RESP2, Name: "old", Trusted: true}, "ERR Syntax error in HELLO option 'AUTH'"},
		{"HELLO 2 SETNAME \x01", dialect.Client{Version: resp.RESP2, Name: "\x01"}, "ERR Client names"},
	} {
		is, refusal := dialect.Password("secret").Hello(stranger, command(c.text))
		if is != c.is || !strings.HasPrefix(refusal, c.refusal) || (refusal == "") != (c.refusal == "") {
			t.Errorf("%s: %+v, %q", c.text, is, refusal)
		}
	}
}

func TestErrorsRepeatTheFrontOfArguments(t *testing.T) {
	if got, want := dialect.Unknown(command("fo\x00o "+strings.Repeat("a", 200)+" b")), "ERR unknown command 'fo', with args beginning with: '"+strings.Repeat("a", 128)+"' "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := dialect.UnknownSub("client", command("client "+strings.Repeat("x", 300))); len(got) > 200 || !strings.HasSuffix(got, "'. Try CLIENT HELP.") {
		t.Errorf("%q", got)
	}
}
