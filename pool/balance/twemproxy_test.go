package balance_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// A twemproxy is a running nutcracker, with servers that answer each GET with their name.
type twemproxy struct {
	t      *testing.T
	dir    string
	config strings.Builder
}

func newTwemproxy(t *testing.T) *twemproxy {
	if _, err := exec.LookPath("nutcracker"); err != nil {
		t.Skip("there is no nutcracker")
	}
	dir, err := os.MkdirTemp("", "ketama") // short, since a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &twemproxy{t: t, dir: dir}
}

// pool adds one with a server for each backend. Without names nutcracker calls them by their addresses.
func (p *twemproxy) pool(name string, backends []balance.Backend, names bool) {
	fmt.Fprintf(&p.config, "%s:\n  listen: %s\n  redis: true\n  distribution: ketama\n  hash: fnv1a_64\n  servers:\n", name, p.socket(name))
	for i := range backends {
		b := &backends[i]
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { l.Close() })
		alias := " " + b.Name
		if !names {
			alias = ""
			b.Name = l.Addr().String()
		}
		fmt.Fprintf(&p.config, "   - %s:%v%s\n", l.Addr(), b.Weight, alias)
		go answer(l, b.Name)
	}
}

func (p *twemproxy) socket(pool string) string { return filepath.Join(p.dir, pool) }

// answer ends when the listener is closed.
func answer(l net.Listener, name string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			for r := bufio.NewReader(c); ; {
				for range 5 { // *2, $3, GET, $n, the key
					if _, err := r.ReadString('\n'); err != nil {
						return
					}
				}
				fmt.Fprintf(c, "$%d\r\n%s\r\n", len(name), name)
			}
		}()
	}
}

func (p *twemproxy) start() {
	p.t.Helper()
	file := filepath.Join(p.dir, "conf.yml")
	if err := os.WriteFile(file, []byte(p.config.String()), 0o644); err != nil {
		p.t.Fatal(err)
	}
	stats, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(stats.Addr().String())
	stats.Close()
	cmd := exec.Command("nutcracker", "-c", file, "-a", "127.0.0.1", "-s", port)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if p.t.Failed() {
			p.t.Log(said.String())
		}
	})
}

// owners says which server each key came to.
func (p *twemproxy) owners(pool string, keys []string) []string {
	p.t.Helper()
	c := p.dial(pool)
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	owners := make([]string, 0, len(keys))
	r := bufio.NewReader(c)
	for batch := range slices.Chunk(keys, 100) {
		for _, k := range batch {
			fmt.Fprintf(c, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(k), k)
		}
		for range batch {
			owners = append(owners, p.bulk(r))
		}
	}
	return owners
}

func (p *twemproxy) dial(pool string) net.Conn {
	for tries := 0; ; tries++ {
		c, err := net.Dial("unix", p.socket(pool))
		if err == nil {
			return c
		}
		if tries == 200 {
			p.t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *twemproxy) bulk(r *bufio.Reader) string {
	line, err := r.ReadString('\n')
	if err != nil || line[0] != '$' {
		p.t.Fatalf("nutcracker answered %q: %v", line, err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
	if err != nil {
		p.t.Fatal(err)
	}
	b := make([]byte, n+2)
	if _, err := io.ReadFull(r, b); err != nil {
		p.t.Fatal(err)
	}
	return string(b[:n])
}

// What testdata tells is what the nutcracker of this system does; go test -update writes it.
func TestTwemproxyPlacesKeysAsTestdataTells(t *testing.T) {
	p := newTwemproxy(t)
	for name, backends := range ketamaPools {
		p.pool(name, slices.Clone(backends), true)
	}
	p.start()
	keys := ketamaKeys(2000)
	for name := range ketamaPools {
		file := filepath.Join("testdata", "ketama", name+".txt")
		owners := p.owners(name, keys)
		if *update {
			writeOwners(t, file, keys, owners)
		}
		if _, want := readOwners(t, file); !slices.Equal(owners, want) {
			t.Errorf("nutcracker places keys of the pool %s otherwise than %s tells", name, file)
		}
	}
}

// Pools of any size and weights, and servers without names.
func TestKetamaPlacesKeysAsTwemproxyDoes(t *testing.T) {
	p := newTwemproxy(t)
	random := rand.New(rand.NewPCG(1, 2))
	pools := map[string][]balance.Backend{"nameless": numbered(4, func(i int) float64 { return float64(1 + i) })}
	p.pool("nameless", pools["nameless"], false)
	for n := 2; n < 20; n++ {
		equal, uneven := fmt.Sprintf("equal%d", n), fmt.Sprintf("uneven%d", n)
		pools[equal] = numbered(n, func(int) float64 { return 1 })
		pools[uneven] = numbered(n, func(int) float64 { return float64(1 + random.IntN(100)) })
		p.pool(equal, pools[equal], true)
		p.pool(uneven, pools[uneven], true)
	}
	p.start()
	keys := ketamaKeys(500)
	for name, backends := range pools {
		want := p.owners(name, keys)
		for i, got := range ketamaOwners(t, backends, keys) {
			if got != want[i] {
				t.Fatalf("of the pool %s the key %q is at %s, and nutcracker has it at %s", name, keys[i], got, want[i])
			}
		}
	}
}
