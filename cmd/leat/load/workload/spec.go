package workload

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxMessage = 16 << 20
	maxKeys    = 16 << 20 // an alias table of them takes 128 MiB

)

// A Spec says what is asked and what a right reply is. The zero value of a field that has a default means that default.
type Spec struct {
	Protocol Protocol // default Frame
	Message  int      // bytes of a payload or a value, 1 to 16 MiB; default 64
	Reply    Reply    // not of RESP; default Echo

	// Of RESP alone.
	Request Request // default PING
	Keys    int     // how many keys there are, 1 to 16 777 216; default 10 000. PING and ECHO have none
	Zipf    float64 // 0 draws every key as often; s > 0 draws the key of rank r as often as 1/r^s; at most 10

	table *alias // of Zipf, shared by all users
	shape *shape // of RESP, too
}

// WithDefaults fills what is 0 and refuses what makes no sense.
func (s Spec) WithDefaults() (Spec, error) {
	setDefault(&s.Protocol, Frame)
	setDefault(&s.Message, 64)
	resp := s.Protocol == RESP
	switch {
	case !slices.Contains(protocols, s.Protocol):
		return s, fmt.Errorf("load: protocol %q is not one of %s", s.Protocol, strings.Join(Protocols(), ", "))
	case s.Message < 1 || s.Message > maxMessage:
		return s, fmt.Errorf("load: a message of %d bytes is not within 1 and %d", s.Message, maxMessage)
	case resp && s.Reply != "":
		return s, fmt.Errorf("load: reply %q is not for protocol resp, whose replies follow from the request", s.Reply)
	case !resp && (s.Request != "" || s.Keys != 0 || s.Zipf != 0):
		return s, fmt.Errorf("load: request, keys and zipf are for protocol resp, not for %s", s.Protocol)
	}
	if !resp {
		setDefault(&s.Reply, Echo)
		if !slices.Contains(answers, s.Reply) {
			return s, fmt.Errorf("load: reply %q is not one of %s", s.Reply, strings.Join(Answers(), ", "))
		}
		return s, nil
	}
	setDefault(&s.Request, PING)
	if !s.Request.keyed() {
		if s.Keys != 0 || s.Zipf != 0 {
			return s, fmt.Errorf("load: request %s has no key, so keys and zipf are not for it", s.Request)
		}
		s.shape = newShape(s.Request, s.Message)
		return s, nil
	}
	setDefault(&s.Keys, 10_000)
	switch {
	case !slices.Contains(requests, s.Request):
		return s, fmt.Errorf("load: request %q is not one of %s", s.Request, strings.Join(Commands(), ", "))
	case s.Keys < 1 || s.Keys > maxKeys:
		return s, fmt.Errorf("load: %d keys are not within 1 and %d", s.Keys, maxKeys)
	case !(s.Zipf >= 0 && s.Zipf <= 10): // also refuses NaN
		return s, fmt.Errorf("load: a zipf exponent of %v is not within 0 and 10", s.Zipf)
	}
	if s.Zipf > 0 {
		s.table = newAlias(s.Keys, func(i int) float64 { return weightOf(i, s.Zipf) })
	}
	s.shape = newShape(s.Request, s.Message)
	return s, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Requests makes the requests of a user, 0 to 65 535. The spec is one that WithDefaults has returned.
func (s Spec) Requests(user int) Requests {
	if s.Protocol == RESP {
		return &commandRequests{shape: s.shape, draws: newDraws(s, user), echo: newPattern(user, false)}
	}
	return &framedRequests{protocol: s.Protocol, wire: s.Protocol.wireSize(s.Message), next: newPattern(user, false)}
}

// Replies judges the replies to what Requests makes for the same user.
func (s Spec) Replies(user int) Replies {
	if s.Protocol == RESP {
		return newCommandReplies(s, newDraws(s, user), user)
	}
	return &framedReplies{protocol: s.Protocol, size: s.Message, want: newPattern(user, s.Reply == Upper)}
}

// Preloads reports whether every key must be set before the first request, because the requests read them.
func (s Spec) Preloads() bool { return s.Request == GET || s.Request == MIXED }

// Preload sets every key to its value, in as many requests as there are keys.
func (s Spec) Preload() (Requests, Replies) {
	s.shape = newShape(SET, s.Message)
	inOrder := draws{keys: s.Keys, inOrder: true}
	return &commandRequests{shape: s.shape, draws: inOrder}, newCommandReplies(s, inOrder, 0)
}

// RequestBytes is the size of the longest request.
func (s Spec) RequestBytes() int {
	if s.Protocol == RESP {
		return s.shape.requestBytes()
	}
	return s.Protocol.wireSize(s.Message)
}

// ReplyBytes is the size of the longest right reply.
func (s Spec) ReplyBytes() int {
	if s.Protocol == RESP {
		return s.shape.replyBytes()
	}
	return s.Protocol.wireSize(s.Message)
}

// Remembers is how many numbers the judge of one user keeps: one for each key that it counts.
func (s Spec) Remembers() int {
	if s.Request == INCR {
		return s.Keys
	}
	return 0
}
