package plainmux_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

var example = regexp.MustCompile("(?m)^\\| `([0-9a-f ]{16,})` \\|")

// Every example of the specification is read, and written again as it was.
func TestTheExamplesOfTheSpecification(t *testing.T) {
	page, err := os.ReadFile("../../docs/mux.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ = bytes.Cut(page, []byte("## 11."))
	examples := example.FindAllSubmatch(page, -1)
	if len(examples) < 12 {
		t.Fatalf("only %d examples were found", len(examples))
	}
	for i, e := range examples {
		b, err := hex.DecodeString(strings.ReplaceAll(string(e[1]), " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if features, err := plainmux.ParsePreface(b); features != 7 || err != nil {
				t.Error(features, err)
			}
			continue
		}
		f, err := plainmux.Decode(b, false)
		if err != nil {
			t.Errorf("%s: %v", e[1], err)
		}
		if again := plainmux.Encode(f, false); !bytes.Equal(again, b) {
			t.Errorf("%x was written as %x", b, again)
		}
	}
}
