package redis

import (
	"bytes"
	"errors"

	"github.com/leat-io/leat/codec"
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pool"
	"github.com/leat-io/leat/sinks"
	"github.com/leat-io/leat/stage"
)

// Serve declares what becomes of the bytes that clients send, and of those that servers answer. The limits are of requests.
func (p *Proxy) Serve(pl *pipeline.Pipeline, in pipeline.Source[stage.Segment], up *pool.Pool, limits resp.Limits) {
	out := outgoing{resp.Request(limits)}
	data, answered := pl.From(in).
		Via("decode", codec.Decode(p.incoming(limits), codec.Alone(alone))).
		Via("session", p.session).
		Branch("data", (*Request).unanswered)
	data.
		Via("split", splitter).
		To("forward", up.Forward(out, pool.Route(route), pool.Leasing(lease), pool.Profile(profile), pool.Note(note), pool.Idempotent(idempotent)))
	answered.To("answer", sinks.Reply(answers{}))

	back := replies{resp.Reply(resp.Limits{})}
	pl.From(up.Replies()).
		Via("decode replies", codec.Decode(back)).
		Via("collect", stage.Do(collect)).
		Via("gather", stage.Gather[Reply]()).
		To("reply", sinks.Reply(back))
}

// Welcome is for [pool.Traffic]: it says what is wrong with the reply to a greeting.
func Welcome(reply any) error {
	if r := reply.(*Reply); isError(r.Raw) {
		return errors.New(string(r.Value().Str()))
	}
	return nil
}

// Refusal is for [pool.Traffic]: it appends the reply to a request that no server has served.
func Refusal(b []byte, err error) []byte { return resp.AppendError(b, "ERR proxy: "+err.Error()) }

// Fence is for [pool.Traffic]: ECHO, whose reply tells where the replies of a server belong.
func Fence() *pool.Fence {
	return &pool.Fence{
		Request: func(b, nonce []byte) []byte { return resp.AppendCommand(b, echo, nonce) },
		Is: func(reply any, nonce []byte) bool {
			r, ok := reply.(*Reply)
			return ok && bytes.Equal(r.Value().Str(), nonce)
		},
	}
}

var echo = []byte("ECHO")
