package mux

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// The functions of this file take the payload of a frame that [Format.Decode] has accepted, so that its length is right.

// DefaultWeight is the weight that 0 stands for.
const DefaultWeight = 16

// MostClass is the last class of streams.
const MostClass = 7

// MostTotal is the highest total of a CREDIT.
const MostTotal = 1 << 62

// ParseCredit returns the total of a CREDIT.
func ParseCredit(payload []byte) (uint64, error) {
	total := binary.LittleEndian.Uint64(payload)
	if total > MostTotal {
		return 0, &Error{Code: BadCredit, Text: fmt.Sprintf("a total of %d bytes is above 2^62", total)}
	}
	return total, nil
}

// ParseReason returns the code and the text of a RESET or a STOP. What is not UTF-8 in the text is replaced.
func ParseReason(payload []byte) (Code, string) {
	return Code(binary.LittleEndian.Uint32(payload)), text(payload[4:])
}

// ParsePriority returns the class and the weight of a PRIORITY, which is at least 1.
func ParsePriority(payload []byte) (class uint8, weight uint16, err error) {
	if payload[1] != 0 {
		return 0, 0, &Error{Code: Protocol, Text: "the second byte of a PRIORITY is not zero"}
	}
	return priority(payload[0], binary.LittleEndian.Uint16(payload[2:]))
}

func priority(class uint8, weight uint16) (uint8, uint16, error) {
	if class > MostClass {
		return 0, 0, &Error{Code: Protocol, Text: fmt.Sprintf("class %d is above %d", class, MostClass)}
	}
	if weight == 0 {
		weight = DefaultWeight
	}
	return class, weight, nil
}

// ParsePing returns the data of a PING or a PONG.
func ParsePing(payload []byte) uint64 { return binary.LittleEndian.Uint64(payload) }

// ParseGoAway returns the last stream that is served, the code and the text of a GOAWAY. What is not UTF-8 in the text is replaced.
func ParseGoAway(payload []byte) (last uint32, c Code, why string) {
	return binary.LittleEndian.Uint32(payload), Code(binary.LittleEndian.Uint32(payload[4:])), text(payload[8:])
}

func text(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }
