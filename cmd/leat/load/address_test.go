package load

import (
	"net"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestConnectionsGoToTheAddressesInTurn(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		first, second := listen(t, echo), listen(t, upper)
		for name, cfg := range map[string]Config{
			"own":      {Conns: 10, Requests: 1000},
			"pooled":   {Conns: 10, Pool: new(4), Requests: 1000},
			"unpooled": {Conns: 10, Pool: new(0), Requests: 1000},
		} {
			cfg.Driver, cfg.Address = d, first+","+second
			res := mustRun(t, cfg)
			if len(res.Addresses) != 2 {
				t.Fatalf("%s: got %+v", name, res)
			}
			a, b := res.Addresses[0], res.Addresses[1]
			if a.Address != first || b.Address != second || a.OK == 0 || a.OK+b.Mismatched != 1000 || b.OK != 0 || a.Mismatched != 0 {
				t.Errorf("%s: got %+v", name, res.Addresses)
			}
			if name != "pooled" && (a.Connect.Mean <= 0 || b.Connect.Mean <= 0) || a.Latency.P50 <= 0 || b.Latency.P50 != 0 {
				t.Errorf("%s: got %+v", name, res.Addresses)
			}
			if res.Latency.Max != a.Latency.Max || res.OK != a.OK {
				t.Errorf("%s: the sum is %+v", name, res)
			}
		}
	})
}

func TestAUnixSocketIsAnAddress(t *testing.T) {
	eachDriver(t, func(t *testing.T, d Driver) {
		if runtime.GOOS == "windows" {
			t.Skip("this system has no Unix sockets that every Go release supports")
		}
		path := filepath.Join(t.TempDir(), "echo")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() { defer c.Close(); echo(c) })
			}
		})
		defer all.Wait()
		defer l.Close()
		for _, pool := range []*int{nil, new(2), new(0)} {
			res := mustRun(t, Config{Driver: d, Address: "unix:" + path, Conns: 3, Depth: 4, Pool: pool, Requests: 200})
			if res.OK != 200 || len(res.Addresses) != 0 {
				t.Errorf("got %+v", res)
			}
		}
		if res := mustRun(t, Config{Driver: d, Address: "unix:" + path, Conns: 100, Rate: 2000, Duration: 100 * time.Millisecond}); res.OK != 200 {
			t.Errorf("got %+v", res)
		}
	})
}
