package health

import (
	"bytes"
	"cmp"
	"errors"
	"regexp"
)

// An Exchange is what SendExpect sends and what it wants to hear. At least one of Prefix and Match is needed.
type Exchange struct {
	Send   string         // may be empty where the server speaks first
	Prefix string         // what the reply begins with
	Match  *regexp.Regexp // what it matches, somewhere
	// Until is what a reply ends with, such as "\r\n". The reply is judged when it is whole, and the connection is kept for the
	// next check. Without it a reply is judged by what has come so far, and each check has a fresh connection.
	Until string
	Most  int // bytes of a reply, at most 1 MiB. Default 4096.
}

const (
	defaultReply = 4096
	longestReply = 1 << 20
)

// Validate says what is wrong with an exchange.
func (e Exchange) Validate() error {
	const of = "Exchange"
	most := cmp.Or(e.Most, defaultReply)
	var errs []error
	if e.Prefix == "" && e.Match == nil {
		errs = append(errs, refuse(of, "Prefix", `""`, "given where there is no Match"))
	}
	if most < 1 || most > longestReply {
		errs = append(errs, refuse(of, "Most", e.Most, "between 1 and 1048576, or 0 for the default"))
	}
	if len(e.Prefix) > most || len(e.Until) > most {
		errs = append(errs, refuse(of, "Most", most, "at least as long as Prefix and Until"))
	}
	if e.Until != "" && e.Send == "" {
		errs = append(errs, refuse(of, "Until", e.Until, "empty where nothing is sent: a server that speaks first does so once"))
	}
	return errors.Join(errs...)
}

// SendExpect checks a server by what it answers.
func SendExpect(e Exchange) (Checker, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return &script{
		send: []byte(e.Send), most: cmp.Or(e.Most, defaultReply), keep: e.Until != "",
		judge: func(b []byte, _ bool) (int, error) { return e.judge(b) },
	}, nil
}

func (e *Exchange) judge(b []byte) (int, error) {
	k := min(len(b), len(e.Prefix))
	if string(b[:k]) != e.Prefix[:k] {
		return 0, replyError("the reply does not begin with what is expected", b)
	}
	if e.Until == "" {
		if k < len(e.Prefix) || e.Match != nil && !e.Match.Match(b) {
			return 0, nil
		}
		return len(b), nil
	}
	i := bytes.Index(b, []byte(e.Until))
	if i < 0 {
		return 0, nil
	}
	b = b[:i+len(e.Until)]
	if len(b) < len(e.Prefix) {
		return 0, replyError("the reply does not begin with what is expected", b)
	}
	if e.Match != nil && !e.Match.Match(b) {
		return len(b), replyError("the reply does not match what is expected", b)
	}
	return len(b), nil
}
