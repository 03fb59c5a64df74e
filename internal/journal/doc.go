// Package journal keeps encoded messages in a file to which they are only ever appended, and finds all of them again that
// were committed, whatever the end of the process or of the machine has left behind them.
//
// A [Writer] commits in groups: of the lanes that commit at the same time one writes for all, so that the cost of a sync is
// shared. A [Reader] gives back one group after the other, and tells a tail that a crash has torn from damage.
//
// # Format
//
// All numbers are little-endian. The file begins with a header of 24 bytes:
//
//	0   8  magic    "leatjrnl"
//	8   4  version  1
//	12  8  salt     random, made with the file
//	20  4  sum      CRC-32C of the 20 bytes before
//
// Records follow without a gap. Each is a header of 20 bytes and a payload, the messages of one commit as they were encoded;
// no message crosses from one record into another:
//
//	0   8  settled  file offset; what lies before it no crash may harm any more
//	8   4  length   of the payload in bytes, from 1 to 2^30+2^20
//	12  4  headsum  CRC-32C of salt, the offset of this record in the file as 8 bytes, settled, length
//	16  4  sum      CRC-32C of the same 28 bytes and the payload
//
// The salt and the offset in the sums keep bytes that look like a record from being one, be it a piece of this file or of
// another that a client has sent to be stored: only the place for which a record was made makes it valid. The sum of the
// header alone lets a reader trust the length before it has read so much, and search for whole records behind a bad one in
// time proportional to the bytes.
//
// # The end
//
// A record that is cut off by the end of the file, or that is bad and followed by no whole record, is a torn tail: the
// commit was never acknowledged, or its loss is within what the policy allows. So is a bad record with whole ones behind it
// of which none has it before its settled offset: disks write blocks in any order until a sync. A bad record that was settled
// is damage, [ErrDamaged].
package journal
