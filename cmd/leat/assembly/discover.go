package assembly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/leat-io/leat/pool/balance"
	"github.com/leat-io/leat/pool/discovery"
)

// Discovery is where servers are found, which a flag can say: dns:web.example.org:80, srv:_web._tcp.example.org, file:/etc/servers,
// with commas between.
type Discovery []string

// Type implements pflag.Value.
func (*Discovery) Type() string { return "places" }

// Wanted describes the value to those who have given another.
func (*Discovery) Wanted() string {
	return "where servers are found, such as dns:web.example.org:80, srv:_web._tcp.example.org or file:/etc/servers, with commas between"
}

// String implements pflag.Value.
func (d *Discovery) String() string { return strings.Join(*d, ",") }

// Set implements pflag.Value.
func (d *Discovery) Set(text string) error {
	var all Discovery
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	if _, err := all.sources(); err != nil {
		return err
	}
	*d = all
	return nil
}

func (d Discovery) sources() (all []discovery.Source, err error) {
	for _, word := range d {
		kind, rest, _ := strings.Cut(word, ":")
		var s discovery.Source
		switch kind {
		case "dns":
			s, err = discovery.DNS(rest, discovery.DNSOptions{})
		case "srv":
			s, err = discovery.SRV(rest, discovery.DNSOptions{})
		case "file":
			if s = discovery.File(rest, discovery.FileOptions{}); rest == "" {
				err = errors.New("it has no path")
			}
		default:
			err = errors.New("none of dns:, srv: and file: is what it begins with")
		}
		if err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// firstFind is how long the first list of servers is waited for before connections are served.
const firstFind = 10 * time.Second

// A finder has a pool follow what is found.
type finder struct {
	source discovery.Source
	apply  func([]balance.Backend) error
	log    *slog.Logger
}

// begin follows until ctx ends, and returns when there are servers. What it returns waits for the end.
func (f *finder) begin(ctx context.Context) (wait func(), err error) {
	found, failed := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	var running sync.WaitGroup
	running.Go(func() {
		failed <- discovery.Follow(ctx, f.source, func(list []balance.Backend) error {
			err := f.apply(list)
			if err == nil {
				once.Do(func() { close(found) })
			}
			return err
		}, discovery.Options{Log: f.log})
	})
	t := time.NewTimer(firstFind)
	defer t.Stop()
	select {
	case <-found:
		return running.Wait, nil
	case err = <-failed:
	case <-t.C:
		err = fmt.Errorf("nothing was found within %v", firstFind)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return running.Wait, fmt.Errorf("looking for servers at %v: %w", f.source, err)
}
