package assembly_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/cmd/leat/assembly"
)

func TestEnginesOnFramesNeedToKnowWhere(t *testing.T) {
	for _, c := range []struct {
		source string
		frames assembly.UDPFrames
		want   string // in the error, or ""
	}{
		{"packetring", assembly.UDPFrames{Interface: "eth0"}, ""},
		{"xdp", assembly.UDPFrames{Interface: "eth0"}, ""},
		{"pcap", assembly.UDPFrames{File: "x.pcap"}, ""},
		{"packetring", assembly.UDPFrames{}, "from an interface"},
		{"pcap", assembly.UDPFrames{}, "reads a file"},
		{"mmsg", assembly.UDPFrames{Interface: "eth0"}, "has no interface"},
		{"xdp", assembly.UDPFrames{Interface: "eth0", File: "x.pcap"}, "reads no file"},
		{"pcap", assembly.UDPFrames{File: "x.pcap", Speed: -1}, "0 or more"},
	} {
		cfg := assembly.DefaultUDP()
		cfg.Source, cfg.Frames = c.source, c.frames
		err := cfg.Validate()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %+v: %v, want %q", c.source, c.frames, err, c.want)
		}
	}
}

func TestAServerOfACaptureFileOpensIt(t *testing.T) {
	cfg := assembly.DefaultUDP()
	cfg.Source, cfg.Frames.File = "pcap", filepath.Join(t.TempDir(), "none.pcap")
	s, err := cfg.Assemble()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Source.Bind(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := s.Run(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAFileWaitsForQueuesUnlessItIsToldOtherwise(t *testing.T) {
	cfg := assembly.DefaultUDP()
	cfg.Source, cfg.App = "pcap", "count"
	cfg.Suit(func(flag string) bool { return flag == "when-full" })
	if cfg.Full != "drop-newest" {
		t.Errorf("what was chosen is %q now", cfg.Full)
	}
	if cfg.Suit(func(string) bool { return false }); cfg.Full != "block" {
		t.Errorf("a full queue has %q", cfg.Full)
	}
}

func TestAPrefixThatNoNameCanHaveIsRefused(t *testing.T) {
	for _, prefix := range []string{"a b.", "a;", "a\n", `"`} {
		cfg := assembly.DefaultUDP()
		cfg.App, cfg.Lines.Prefix = "statsd", prefix
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "prefix") {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}
