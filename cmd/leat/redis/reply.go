package redis

import (
	"github.com/leat-io/leat/codec/resp"
	"github.com/leat-io/leat/stage"
)

// A Reply is what a server has answered.
type Reply struct {
	resp.Message
	part *part // of which request it is, if it is not an answer by itself
}

// SetNote implements pool.Noted.
func (r *Reply) SetNote(note any) { r.part, _ = note.(*part) }

// collect gives a reply to the join that it is a part of.
func collect(r *Reply) {
	if r.part != nil {
		r.part.take(r.Raw)
	}
}

// replies decodes what servers send and encodes what clients get.
type replies struct{ *resp.ReplyCodec }

// NewDecoder implements stage.PerConn.
func (r replies) NewDecoder() stage.Decoder[Reply] { return replyDecoder{r.ReplyCodec.NewDecoder()} }

// Decode implements stage.Decoder.
func (r replies) Decode(b []byte, v *Reply) (int, error) { return r.ReplyCodec.Decode(b, &v.Message) }

// Append implements stage.Encoder.
func (r replies) Append(b []byte, v *Reply) ([]byte, error) {
	if v.part != nil {
		return v.part.join.append(b), nil
	}
	return append(b, v.Raw...), nil
}

type replyDecoder struct{ stage.Decoder[resp.Message] }

func (d replyDecoder) Decode(b []byte, v *Reply) (int, error) { return d.Decoder.Decode(b, &v.Message) }
