package redis

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/leat-io/leat/cmd/leat/config"
)

func TestServersOfAFlag(t *testing.T) {
	var l List
	text := "alpha=10.0.0.1:6379*2+10.0.0.3:6379+10.0.0.4:6379,10.0.0.2:6379,cache:11211,s=unix:/run/redis.sock"
	if err := l.Set(text); err != nil {
		t.Fatal(err)
	}
	want := "[{{alpha 10.0.0.1:6379 2    } [{10.0.0.3:6379 10.0.0.3:6379 0    } {10.0.0.4:6379 10.0.0.4:6379 0    }]}" +
		" {{10.0.0.2:6379 10.0.0.2:6379 0    } []} {{cache cache:11211 0    } []} {{s unix:/run/redis.sock 0    } []}]"
	if got := fmt.Sprint([]Shard(l)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if l.String() != text {
		t.Errorf("shown as %q", l.String())
	}
	for text, want := range map[string]string{
		"": "neither host:port nor unix:path", "a": "neither", "=a:1": "no name", "a:1*": `weight ""`, "a:1*0": `weight "0"`, "a:1*x": `weight "x"`, "a:1+b": "neither",
		"a:1,a:1": "two servers have the name", "a:1+a:1": "two servers have the name", "unix:": "no path", "a:nosuchport": "is not a number", ":6379": "has no host",
	} {
		if err := l.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// load reads a file with servers.
func load(t *testing.T, text string) (List, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "leat.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var l List
	flags := pflag.NewFlagSet("proxy", pflag.ContinueOnError)
	flags.Var(&l, "servers", "")
	_, err := config.Schema{{Name: "proxy", Flags: flags}}.Load(config.Sources{File: path})
	return l, err
}

func TestServersOfAFile(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("OTHER_SECRET", "other")
	l, err := load(t, `proxy:
  servers:
    - name: alpha
      address: 10.0.0.1:6379
      weight: 2
      zone: a
      region: eu
      user: leat
      password-file: `+secret+`
      replicas:
        - 10.0.0.3:6379
        - {address: 10.0.0.4:6379, zone: b, password-env: OTHER_SECRET}
    - beta=10.0.0.2:6379*3
`)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{{alpha 10.0.0.1:6379 2 a eu leat hidden} [{10.0.0.3:6379 10.0.0.3:6379 0    } {10.0.0.4:6379 10.0.0.4:6379 0 b   other}]} {{beta 10.0.0.2:6379 3    } []}]"
	if got := fmt.Sprint([]Shard(l)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if strings.Contains(l.String(), "hidden") {
		t.Errorf("a password is shown: %s", l.String())
	}
	if l, err := load(t, "proxy: {servers: 'a:1,b:2'}"); err != nil || len(l) != 2 {
		t.Errorf("%v, %v", l, err)
	}
}

func TestWhatIsWrongWithServersIsSaidWithItsLine(t *testing.T) {
	_, err := load(t, `proxy:
  servers:
    - name: alpha
      address: nowhere
      weigth: 2
      password: hidden
    - zone: b
    - [a, b]
    - beta=10.0.0.2:6379*x
    - address: 10.0.0.5:6379
      name: gamma
      replicas: 10.0.0.6:6379
    - name: gamma
      address: 10.0.0.7:6379
      password-env: SURELY_NOT_SET
      password-file: /surely/not/there
      weight: [1]
      replicas: [{address: ""}, gone]
`)
	for _, want := range []string{
		`leat.yaml:4: proxy.servers: the address "nowhere" is neither`, "leat.yaml:5: proxy.servers: a server has no weigth; the nearest is weight",
		"leat.yaml:6: proxy.servers: a password may be seen here by others", "leat.yaml:7: proxy.servers: a server has no address", "leat.yaml:8: proxy.servers: a server is an address, or a map",
		`leat.yaml:9: proxy.servers: the weight "x" is not`, "leat.yaml:12: proxy.servers: replicas is no list", `leat.yaml:13: proxy.servers: two servers have the name "gamma"`,
		"leat.yaml:15: proxy.servers: the variable SURELY_NOT_SET is not set", "leat.yaml:16: proxy.servers: open /surely/not/there", "leat.yaml:17: proxy.servers: weight has no single value",
		"leat.yaml:18: proxy.servers: address has no single value", `leat.yaml:18: proxy.servers: the address "gone"`,
	} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
	if strings.Contains(fmt.Sprint(err), "hidden") {
		t.Errorf("a password is shown: %v", err)
	}
	for _, text := range []string{"proxy: {servers: {a: b}}", "proxy: {servers: []}", "proxy: {servers: }"} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), "leat.yaml:1: proxy.servers: ") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzServers(f *testing.F) {
	f.Add("alpha=10.0.0.1:6379*2+10.0.0.3:6379,10.0.0.2:6379")
	f.Add("unix:/a,b=c:1*.5")
	f.Add("unix:/x *1,y = unix:/z * 2 + unix:/w ")
	f.Fuzz(func(t *testing.T, text string) {
		var l, again List
		if l.Set(text) != nil {
			return
		}
		if err := again.Set(l.String()); err != nil || again.String() != l.String() {
			t.Errorf("%q is shown as %q, which is %q, %v", text, l.String(), again.String(), err)
		}
	})
}
