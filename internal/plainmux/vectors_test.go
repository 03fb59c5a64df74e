package plainmux_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/leat-io/leat/internal/plainmux"
)

// A vector is a line of the file that the implementations share.
type vector struct {
	section, what string
	wire          []byte
	result        string
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	text, err := os.ReadFile("../../codec/mux/testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	section := ""
	for l := range strings.Lines(string(text)) {
		l = strings.TrimSpace(l)
		switch f := strings.Split(l, " | "); {
		case strings.HasPrefix(l, "["):
			section = l
		case l != "" && l[0] != '#':
			if len(f) != 3 {
				t.Fatalf("%q is not three fields", l)
			}
			wire, err := hex.DecodeString(f[0])
			if err != nil {
				t.Fatalf("%q: %v", l, err)
			}
			all = append(all, vector{section, f[1], wire, f[2]})
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d vectors", len(all))
	}
	return all
}

var names = map[plainmux.Code]string{
	plainmux.Protocol: "PROTOCOL", plainmux.Credit: "CREDIT", plainmux.Limit: "LIMIT", plainmux.TooLarge: "TOO_LARGE",
	plainmux.Malformed: "MALFORMED", plainmux.Corrupt: "CORRUPT",
}

func TestTheVectorsMeanWhatTheyShould(t *testing.T) {
	for _, v := range vectors(t) {
		got, want := "ok", v.result
		switch v.section {
		case "[preface]":
			if _, err := plainmux.ParsePreface(v.wire); err != nil {
				got = "error PROTOCOL" // which is not told to anybody
			}
			if strings.HasPrefix(v.what, "version 255") {
				want = "error PROTOCOL" // well formed, and not ours to speak
			}
		default:
			checked := v.section == "[checked]"
			f, err := plainmux.Decode(v.wire, checked)
			var e *plainmux.Error
			switch {
			case errors.As(err, &e):
				got = "error " + names[e.Code]
			case err != nil:
				t.Errorf("%s %s: %v", v.section, v.what, err)
			case !bytes.Equal(plainmux.Encode(f, checked), v.wire):
				t.Errorf("%s %s: encoded as %x", v.section, v.what, plainmux.Encode(f, checked))
			}
			if err != nil && f.Flags&plainmux.Compressed != 0 && want == "ok" {
				want = "error MALFORMED" // without the feature, which this implementation has not
			}
		}
		if got != want {
			t.Errorf("%s %s: got %s, want %s", v.section, v.what, got, want)
		}
	}
}
