package mux

import (
	"encoding/binary"
	"unicode/utf8"
)

// AppendData appends DATA with the payload, at most [MostPayload] bytes.
func AppendData(b []byte, stream uint32, f Flags, payload []byte) []byte {
	return append(NewHeader(len(payload), Data, f, stream).Append(b), payload...)
}

// AppendCredit appends CREDIT: the other side may send total bytes in all on the stream, or on the connection when stream is 0.
func AppendCredit(b []byte, stream uint32, total uint64) []byte {
	return binary.LittleEndian.AppendUint64(NewHeader(8, Credit, 0, stream).Append(b), total)
}

// AppendReset appends RESET with the text, cut to [MostText] bytes.
func AppendReset(b []byte, stream uint32, c Code, text string) []byte {
	return appendReason(b, Reset, stream, c, text)
}

// AppendStop appends STOP with the text, cut to [MostText] bytes.
func AppendStop(b []byte, stream uint32, c Code, text string) []byte {
	return appendReason(b, Stop, stream, c, text)
}

func appendReason(b []byte, t Type, stream uint32, c Code, text string) []byte {
	text = cut(text)
	b = NewHeader(4+len(text), t, 0, stream).Append(b)
	return append(binary.LittleEndian.AppendUint32(b, uint32(c)), text...)
}

// AppendPriority appends PRIORITY: a class of 0 to 7, lower first, and a weight, of which 0 stands for [DefaultWeight].
func AppendPriority(b []byte, stream uint32, class uint8, weight uint16) []byte {
	b = append(NewHeader(4, Priority, 0, stream).Append(b), class, 0)
	return binary.LittleEndian.AppendUint16(b, weight)
}

// AppendPing appends PING with the eight bytes of data, little endian.
func AppendPing(b []byte, data uint64) []byte {
	return binary.LittleEndian.AppendUint64(NewHeader(8, Ping, 0, 0).Append(b), data)
}

// AppendPong appends the answer to a PING with that data.
func AppendPong(b []byte, data uint64) []byte {
	return binary.LittleEndian.AppendUint64(NewHeader(8, Pong, 0, 0).Append(b), data)
}

// AppendGoAway appends GOAWAY: streams of the other side up to last are served. The text is cut to [MostText] bytes.
func AppendGoAway(b []byte, last uint32, c Code, text string) []byte {
	text = cut(text)
	b = NewHeader(8+len(text), GoAway, 0, 0).Append(b)
	b = binary.LittleEndian.AppendUint32(b, last)
	return append(binary.LittleEndian.AppendUint32(b, uint32(c)), text...)
}

// cut shortens a text to MostText bytes, between two runes.
func cut(text string) string {
	if len(text) <= MostText {
		return text
	}
	end := MostText
	for end > MostText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
