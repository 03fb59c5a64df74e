package plainmux_test

import (
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

const opened = "00000001 01000000 "                     // stream 1, bytes
const messages = "08000001 01000000 01000000 00000000 " // stream 1, messages
const half = "00000011 01000000 "                       // stream 1, which the client has ended

// Each row is what a client sends behind its SETTINGS, and the code it is answered with: by GOAWAY, or by RESET of stream 1.
var bad = []struct {
	name, bytes string
	code        plainmux.Code
	stream      bool
}{
	{"a type that there is not", "0000000a 00000000", plainmux.Protocol, false},
	{"a flag that a type has not", "00000021 01000000", plainmux.Protocol, false},
	{"a checksum without the feature", "00000080 01000000", plainmux.Protocol, false},
	{"DATA on the connection", "00000000 00000000", plainmux.Protocol, false},
	{"PING on a stream", "08000006 01000000 0000000000000000", plainmux.Protocol, false},
	{"a short PING", "07000006 00000000 00000000000000", plainmux.Protocol, false},
	{"a frame that is too long", "01001000 01000000", plainmux.TooLarge, false},
	{"DATA on an idle stream", "01000000 01000000 00", plainmux.Protocol, false},
	{"DATA on an idle stream of the server", "01000000 02000000 00", plainmux.Protocol, false},
	{"CREDIT on an idle stream", "08000002 01000000 0000000000000000", plainmux.Protocol, false},
	{"RESET of an idle stream", "04000003 01000000 08000000", plainmux.Protocol, false},
	{"STOP of an idle stream", "04000004 01000000 08000000", plainmux.Protocol, false},
	{"PRIORITY of an idle stream", "04000005 01000000 00000000", plainmux.Protocol, false},
	{"a number of the server", "00000001 02000000", plainmux.Protocol, false},
	{"a first number that is too high", "00000001 01000080", plainmux.Protocol, false},
	{"OPEN twice", opened + opened, plainmux.Protocol, false},
	{"numbers that go backwards", "00000001 03000000" + opened, plainmux.Protocol, false},
	{"a short OPEN", "07000001 01000000 00000000000000", plainmux.Protocol, false},
	{"a class that is too high", "08000001 01000000 00080000 00000000", plainmux.Protocol, false},
	{"PRIORITY of a class that is too high", opened + "04000005 01000000 08000000", plainmux.Protocol, false},
	{"metadata that ends early", "0a000001 01000000 0000000000000000 0161", plainmux.Malformed, false},
	{"metadata without a name", "0a000001 01000000 0000000000000000 0000", plainmux.Malformed, false},
	{"metadata with too many pairs", "cb000001 01000000 0000000000000000" + strings.Repeat("016100", 65), plainmux.Limit, false},
	{"credit of the connection that sinks", "08000002 00000000 0000000000000000", plainmux.Credit, false},
	{"too much credit", "08000002 00000000 0100000000000040", plainmux.Credit, false},
	{"too much credit of a stream", opened + "08000002 01000000 0100000000000040", plainmux.Credit, false},
	{"credit of a stream that sinks", opened + "08000002 01000000 0000000000000000", plainmux.Credit, true},
	{"more DATA than credit", opened + "01000400 01000000" + strings.Repeat("00", 256<<10+1), plainmux.Credit, false},
	{"DATA behind the end", half + "01000000 01000000 00", plainmux.Ended, true},
	{"packed bytes", opened + "01000020 01000000 00", plainmux.Malformed, true},
	{"a packed frame that ends within a message", messages + "01000020 01000000 01", plainmux.Malformed, true},
	{"a packed frame that begins within a message", messages + "01000000 01000000 01 01000020 01000000 00", plainmux.Malformed, true},
	{"an end within a message", messages + "01000010 01000000 01", plainmux.Malformed, true},
	{"a length that is not the shortest", messages + "02000000 01000000 8000", plainmux.Malformed, true},
	{"a message that is too long", messages + "05000000 01000000 ffffffff0f", plainmux.TooLarge, true},
	{"compression without the feature", opened + "03000040 01000000 010000", plainmux.Malformed, false},
	{"SETTINGS that change what may not", "08000009 00000000 0100 0100 00001000", plainmux.Protocol, false},
	{"SETTINGS with a name twice", "0e000009 00000000 0200 0400 01000000 0400 01000000", plainmux.Protocol, false},
	{"SETTINGS out of bounds", "08000009 00000000 0100 0500 01000000", plainmux.Protocol, false},
	{"SETTINGS with metadata later", "05000009 00000000 0000 016100", plainmux.Protocol, false},
	{"SETTINGS that end early", "02000009 00000000 0100", plainmux.Malformed, false},
	{"SETTINGS too often", strings.Repeat("02000009 00000000 0000", 5), plainmux.Limit, false},
	{"PING too often", strings.Repeat("08000006 00000000 0102030405060708", 12), plainmux.Limit, false},
	{"empty DATA too often", opened + strings.Repeat("00000000 01000000", 500), plainmux.Limit, false},
	{"PRIORITY too often", opened + strings.Repeat("04000005 01000000 00000000", 6000), plainmux.Limit, false},
	{"PRIORITY with a second byte", opened + "04000005 01000000 00010000", plainmux.Protocol, false},
	{"an OPEN of a kind that there is not", "08000001 01000000 02000000 00000000", plainmux.Protocol, false},
	{"a text that is too long", opened + "05040003 01000000 08000000" + strings.Repeat("78", 1025), plainmux.Protocol, false},
	{"metadata that is too long", "0a400001 01000000 0000000000000000 016e fe7f" + strings.Repeat("76", 16382), plainmux.Limit, false},
	{"a packed frame without messages within a message", messages + "01000000 01000000 01 00000020 01000000", plainmux.Malformed, true},
	{"an empty end within a message", messages + "01000000 01000000 01 00000010 01000000", plainmux.Malformed, true},
	{"GOAWAY too often", strings.Repeat("08000008 00000000 00000000 00000000", 5), plainmux.Limit, false},
	{"a second GOAWAY that is higher", "08000008 00000000 00000000 00000000 08000008 00000000 02000000 00000000", plainmux.Protocol, false},
}

func TestBadFramesAreAnsweredWithTheirCode(t *testing.T) {
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			a, b := overTCP(t)
			raw, _ := attack(t, a, b, plainmux.Config{})
			b2, err := hex.DecodeString(strings.ReplaceAll(c.bytes, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			go raw.WriteBytes(b2)
			want, number := plainmux.GoAway, uint32(0)
			if c.stream {
				want, number = plainmux.Reset, 1
			}
			for {
				f, err := raw.Next()
				if err != nil {
					t.Fatal(err)
				}
				if f.Type != want {
					if f.Type == plainmux.GoAway || f.Type == plainmux.Reset {
						t.Fatalf("answered with %v", f)
					}
					continue
				}
				at := 0
				if !c.stream {
					at = 4
				}
				if f.Stream != number || plainmux.Code(f.Payload[at]) != c.code {
					t.Errorf("answered with %v, %q", f, f.Payload)
				}
				break
			}
			if !c.stream {
				if _, err := raw.Next(); err != io.EOF {
					t.Errorf("behind GOAWAY came %v", err)
				}
			}
		})
	}
}
