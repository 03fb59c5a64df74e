package config_test

import (
	"testing"

	"github.com/leat-io/leat/cmd/leat/config"
)

func TestTheNearestWordTakesTheFewestEdits(t *testing.T) {
	words := []string{"tcp.listen", "tcp.max-conns", "tcp.max-message", "udp.listen"}
	for word, want := range map[string]string{
		"tcp.lisen": "tcp.listen", "max-con": "tcp.max-conns", "udp.listn": "udp.listen", "": "tcp.listen",
	} {
		if got := config.Nearest(word, words); got != want {
			t.Errorf("the nearest to %q is %q, not %q", word, got, want)
		}
	}
	if got := config.Nearest("x", nil); got != "" {
		t.Errorf("of no words the nearest is %q", got)
	}
}
