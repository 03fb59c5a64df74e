package accesslog

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var entry = Entry{
	Began: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Client: netip.MustParseAddrPort("10.0.0.7:4000"), Server: netip.MustParseAddrPort("10.0.0.1:443"),
	ServerName: "a.example.org", Backend: "alpha", Address: "10.1.0.1:8443", Connect: 120 * time.Microsecond, Lasted: 2 * time.Second, In: 300, Out: 70_000, Tries: 2,
	End: "reset",
}

func TestALineSaysWhatBecameOfAConnection(t *testing.T) {
	var b bytes.Buffer
	l := To(&b)
	l.Write(entry)
	l.Write(Entry{Began: entry.Began, Backend: "127.0.0.1:1", Address: "127.0.0.1:1", Tries: 1})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2026-01-02T03:04:05.000006Z","client":"10.0.0.7:4000","server":"10.0.0.1:443","name":"a.example.org","backend":"alpha",` +
		`"address":"10.1.0.1:8443","in":300,"out":70000,"connect_us":120,"lasted_us":2000000,"tries":2,"end":"reset"}
{"time":"2026-01-02T03:04:05.000006Z","backend":"127.0.0.1:1","in":0,"out":0,"connect_us":0,"lasted_us":0}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// What a client says of itself cannot make a second line.
func TestANameIsQuoted(t *testing.T) {
	var b bytes.Buffer
	l := To(&b)
	l.Write(Entry{ServerName: "a\n{\"time\":\"b"})
	l.Close()
	var got map[string]any
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got["name"] != "a\n{\"time\":\"b" || strings.Count(b.String(), "\n") != 1 {
		t.Errorf("%v: %q", err, b.String())
	}
}

// slow is a disk that takes nothing until it is told to.
type slow struct {
	mu   sync.Mutex
	b    bytes.Buffer
	free chan struct{}
}

func (s *slow) Write(b []byte) (int, error) {
	<-s.free
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func TestNobodyWaitsForADiskThatDoesNotWrite(t *testing.T) {
	s := &slow{free: make(chan struct{})}
	l := To(s)
	const n = 3 * waiting
	for range n {
		l.Write(entry)
	}
	if l.Dropped() == 0 {
		t.Error("nothing was dropped")
	}
	close(s.free)
	l.Close()
	if got := bytes.Count(s.b.Bytes(), newline) + int(l.Dropped()); got != n {
		t.Errorf("%d lines and %d dropped, of %d", bytes.Count(s.b.Bytes(), newline), l.Dropped(), n)
	}
}

func TestAFewEntriesAreWrittenSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{free: make(chan struct{})}
		close(s.free)
		l := To(s)
		l.Write(entry)
		time.Sleep(flushEvery + time.Millisecond)
		synctest.Wait()
		s.mu.Lock()
		if s.b.Len() == 0 {
			t.Error("it waits for others")
		}
		s.mu.Unlock()
		l.Close()
	})
}

func TestARenamedFileIsLeftForANewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.log")
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Write(entry)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	l.Write(entry)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, path + ".1"} {
		if b, err := os.ReadFile(p); err != nil || bytes.Count(b, newline) != 1 {
			t.Errorf("%s: %v, %q", p, err, b)
		}
	}
	if err := l.Reopen(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed log was opened again: %v", err)
	}
}

func TestAPathThatCannotBeOpenedIsAnError(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "the access log: open") {
		t.Errorf("got %v", err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWhatCannotBeWrittenIsCounted(t *testing.T) {
	l := To(full{})
	l.Write(entry)
	l.Write(entry)
	if err := l.Close(); err == nil || !strings.Contains(err.Error(), "no space left") || l.Dropped() != 2 {
		t.Errorf("%v, and %d dropped", err, l.Dropped())
	}
}
