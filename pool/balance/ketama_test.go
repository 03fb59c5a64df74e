package balance_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/pool/balance"
)

// ketamaPools are those whose keys testdata/ketama tells, as nutcracker 0.5.0 placed them.
var ketamaPools = map[string][]balance.Backend{
	"three":     named([]string{"alpha", "beta", "gamma"}, 1, 1, 1),
	"weighted":  named([]string{"alpha", "beta", "gamma", "delta"}, 1, 2, 5, 10),
	"addresses": named([]string{"10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3", "/run/redis.sock", "cache.example:11212"}, 1, 1, 3, 1, 2),
	"many":      numbered(33, func(int) float64 { return 1 }),
	"one":       numbered(1, func(int) float64 { return 1 }),
}

func named(names []string, weights ...float64) []balance.Backend {
	all := make([]balance.Backend, len(names))
	for i, n := range names {
		all[i] = balance.Backend{Name: n, Address: "127.0.0.1:1", Weight: weights[i]}
	}
	return all
}

func numbered(n int, weight func(int) float64) []balance.Backend {
	var names []string
	var weights []float64
	for i := range n {
		names = append(names, fmt.Sprintf("server%d", i+1))
		weights = append(weights, weight(i))
	}
	return named(names, weights...)
}

// ketamaKeys are of several lengths, and some have bytes above 127.
func ketamaKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("key:%d%s", i, []string{"", ":profile", "é", "\xff", strings.Repeat("x", i%50)}[i%5])
	}
	return keys
}

// ketamaOwners says who has each of the keys.
func ketamaOwners(t *testing.T, backends []balance.Backend, keys []string) []string {
	t.Helper()
	s, err := balance.NewSet(balance.Ketama(), backends, balance.Options{})
	if err != nil {
		t.Fatal(err)
	}
	owners := make([]string, len(keys))
	for i, k := range keys {
		m, err := s.Pick(balance.Request{Key: balance.KetamaKey([]byte(k))})
		if err != nil {
			t.Fatal(err)
		}
		owners[i] = m.Name
	}
	return owners
}

func TestKetamaPlacesKeysWhereTwemproxyDid(t *testing.T) {
	for name, backends := range ketamaPools {
		keys, want := readOwners(t, filepath.Join("testdata", "ketama", name+".txt"))
		for i, got := range ketamaOwners(t, backends, keys) {
			if got != want[i] {
				t.Fatalf("of the pool %s the key %q is at %s, and twemproxy had it at %s", name, keys[i], got, want[i])
			}
		}
	}
}

func readOwners(t *testing.T, file string) (keys, owners []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var k, o string
		if _, err := fmt.Sscanf(lines.Text(), "%q %s", &k, &o); err != nil {
			t.Fatalf("%s: %q: %v", file, lines.Text(), err)
		}
		keys, owners = append(keys, k), append(owners, o)
	}
	if len(keys) < 1000 {
		t.Fatalf("%s tells of %d keys", file, len(keys))
	}
	return keys, owners
}

func writeOwners(t *testing.T, file string, keys, owners []string) {
	t.Helper()
	var b strings.Builder
	for i, k := range keys {
		fmt.Fprintf(&b, "%q %s\n", k, owners[i])
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
