package frame_test

import (
	"testing"

	"github.com/leat-io/leat/codec/codectest"
)

// The limits are low enough for the fuzzer to cross them: 300 takes two bytes of a varint and of any other length.

func FuzzLength16(f *testing.F)   { codectest.Fuzz(f, length16(300)) }
func FuzzLength16LE(f *testing.F) { codectest.Fuzz(f, length16LE(300)) }
func FuzzLength32(f *testing.F)   { codectest.Fuzz(f, length32(300)) }
func FuzzLength32LE(f *testing.F) { codectest.Fuzz(f, length32LE(300)) }
func FuzzUvarint(f *testing.F)    { codectest.Fuzz(f, uvarint(300)) }
func FuzzFixed(f *testing.F)      { codectest.Fuzz(f, fixed(5)) }
