package tlsconf_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leat-io/leat/internal/certtest"
	"github.com/leat-io/leat/sources/tcp/tlsconf"
)

// connect makes a handshake and says what both sides think of it.
func connect(t *testing.T, server, client *tls.Config) (state tls.ConnectionState, serverErr, clientErr error) {
	t.Helper()
	a, b := certtest.Sockets(t)
	defer a.Close()
	s, c := tls.Server(a, server), tls.Client(b, client)
	failed := make(chan error, 1)
	go func() {
		err := c.Handshake()
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // the ticket, and what the server thinks
		}
		b.Close()
		failed <- err
	}()
	if serverErr = s.Handshake(); serverErr == nil {
		s.Write([]byte{1})
	}
	clientErr = <-failed
	return c.ConnectionState(), serverErr, clientErr
}

func opened(t *testing.T, s tlsconf.Server) *tlsconf.Live {
	t.Helper()
	l, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func pair(t *testing.T, dir, name string, c tls.Certificate) tlsconf.Pair {
	t.Helper()
	cert, key := certtest.WriteFiles(t, dir, name, c)
	return tlsconf.Pair{Cert: cert, Key: key}
}

func TestTheCertificateIsThatOfTheNameAskedFor(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{pair(t, dir, "one", a.Issue("one.test")), pair(t, dir, "two", a.Issue("two.test", "*.wild.test"))}})
	for name, want := range map[string]string{"one.test": "one.test", "two.test": "two.test", "x.wild.test": "two.test"} {
		st, _, err := connect(t, l.Config(), a.Client(name))
		if err != nil || st.PeerCertificates[0].Subject.CommonName != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := connect(t, l.Config(), a.Client("three.test")); err == nil || !strings.Contains(err.Error(), "one.test") {
		t.Errorf("a name that nobody has gets the first: %v", err)
	}
}

func TestABrokenFileKeepsTheOldCertificate(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	p := pair(t, dir, "server", a.Issue("old.test", "both.test"))
	ca := filepath.Join(dir, "ca.crt")
	a.WriteFile(ca)
	l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{p}, ClientCA: ca, ClientAuth: tlsconf.Optional})
	for _, path := range []string{p.Cert, p.Key, ca} {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", string(good[:len(good)/2])} {
			os.WriteFile(path, []byte(bad), 0o600)
			if err := l.Reload(); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s of %d bytes: %v", path, len(bad), err)
			}
			if _, _, err := connect(t, l.Config(), a.Client("old.test")); err != nil {
				t.Errorf("the old certificate is not there any more: %v", err)
			}
		}
		os.Remove(path)
		if err := l.Reload(); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("without %s: %v", path, err)
		}
		os.WriteFile(path, good, 0o600)
	}
	pair(t, dir, "server", a.Issue("new.test", "both.test"))
	if err := l.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := connect(t, l.Config(), a.Client("new.test")); err != nil {
		t.Error(err)
	}
}

func TestSessionsAreResumedAfterAReload(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{pair(t, dir, "server", a.Issue("both.test"))}})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client := a.Client("both.test")
		client.MaxVersion, client.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
		for i := range 3 {
			st, _, err := connect(t, l.Config(), client)
			if err != nil || st.DidResume != (i > 0) {
				t.Errorf("%s, connection %d: resumed %v, %v", tls.VersionName(version), i, st.DidResume, err)
			}
			if err := l.Reload(); err != nil {
				t.Fatal(err)
			}
		}
	}
	none := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{pair(t, dir, "server", a.Issue("both.test"))}, NoTickets: true})
	client := a.Client("both.test")
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for range 2 {
		if st, _, err := connect(t, none.Config(), client); err != nil || st.DidResume {
			t.Errorf("resumed %v, %v", st.DidResume, err)
		}
	}
}

func TestPoliciesSayWhatIsOffered(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	p := []tlsconf.Pair{pair(t, dir, "server", a.Issue("a.test"))}
	for _, c := range []struct {
		server  tlsconf.Server
		version uint16
		served  bool
	}{
		{tlsconf.Server{Pairs: p}, tls.VersionTLS11, false},
		{tlsconf.Server{Pairs: p}, tls.VersionTLS12, true},
		{tlsconf.Server{Pairs: p}, tls.VersionTLS13, true},
		{tlsconf.Server{Pairs: p, Policy: tlsconf.Modern}, tls.VersionTLS12, false},
		{tlsconf.Server{Pairs: p, Policy: tlsconf.Modern}, tls.VersionTLS13, true},
	} {
		client := a.Client("a.test")
		client.MinVersion, client.MaxVersion = tls.VersionTLS10, c.version
		if _, _, err := connect(t, opened(t, c.server).Config(), client); (err == nil) != c.served {
			t.Errorf("%q with %s: %v", c.server.Policy, tls.VersionName(c.version), err)
		}
	}
	for want, curves := range map[tls.CurveID][]string{tls.X25519MLKEM768: nil, tls.CurveP256: {"p256"}, tls.X25519: {"X25519", "p384"}} {
		st, _, err := connect(t, opened(t, tlsconf.Server{Pairs: p, Curves: curves}).Config(), a.Client("a.test"))
		if err != nil || st.CurveID != want {
			t.Errorf("%v: %v, %v", curves, st.CurveID, err)
		}
	}
	client := a.Client("a.test")
	client.NextProtos = []string{"x", "y"}
	if st, _, err := connect(t, opened(t, tlsconf.Server{Pairs: p, Protocols: []string{"y"}}).Config(), client); err != nil || st.NegotiatedProtocol != "y" {
		t.Errorf("%q, %v", st.NegotiatedProtocol, err)
	}
	cbc := a.Client("a.test")
	cbc.MaxVersion, cbc.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}
	if _, _, err := connect(t, opened(t, tlsconf.Server{Pairs: p}).Config(), cbc); err == nil {
		t.Error("a cipher without authenticated encryption was agreed on")
	}
}

func TestClientsAreVerifiedByTheAuthoritiesAlone(t *testing.T) {
	a, stranger, dir := certtest.New(t), certtest.New(t), t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	a.WriteFile(ca)
	p := []tlsconf.Pair{pair(t, dir, "server", a.Issue("a.test"))}
	good, bad, old := a.Issue("client"), stranger.Issue("client"), a.Expired("client")
	for _, c := range []struct {
		auth string
		cert *tls.Certificate
		in   bool
	}{
		{"", nil, false}, {"", &good, true}, {"", &bad, false}, {"", &old, false},
		{tlsconf.Required, nil, false}, {tlsconf.Required, &good, true}, {tlsconf.Required, &bad, false}, {tlsconf.Required, &old, false},
		{tlsconf.Optional, nil, true}, {tlsconf.Optional, &good, true}, {tlsconf.Optional, &bad, false}, {tlsconf.Optional, &old, false},
	} {
		client := a.Client("a.test")
		client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if c.cert == nil {
				return new(tls.Certificate), nil
			}
			return c.cert, nil
		}
		if _, err, _ := connect(t, opened(t, tlsconf.Server{Pairs: p, ClientCA: ca, ClientAuth: c.auth}).Config(), client); (err == nil) != c.in {
			t.Errorf("%q: %v", c.auth, err)
		}
	}
}

// When another authority is read, sessions of clients that the old one had signed cannot be resumed.
func TestAnotherAuthorityEndsOldSessions(t *testing.T) {
	a, next, dir := certtest.New(t), certtest.New(t), t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	a.WriteFile(ca)
	l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{pair(t, dir, "server", a.Issue("a.test"))}, ClientCA: ca})
	client := a.Client("a.test")
	client.Certificates, client.ClientSessionCache = []tls.Certificate{a.Issue("client")}, tls.NewLRUClientSessionCache(1)
	for i := range 2 {
		if st, err, _ := connect(t, l.Config(), client); err != nil || st.DidResume != (i > 0) {
			t.Fatalf("resumed %v, %v", st.DidResume, err)
		}
	}
	next.WriteFile(ca)
	if err := l.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err, _ := connect(t, l.Config(), client); err == nil {
		t.Error("a client of the old authority was let in")
	}
}

func TestWhatCannotServeIsRefused(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	p, other := pair(t, dir, "server", a.Issue("a.test")), pair(t, dir, "other", a.Issue("b.test"))
	empty := filepath.Join(dir, "empty")
	os.WriteFile(empty, nil, 0o600)
	ok := []tlsconf.Pair{p}
	for want, s := range map[string]tlsconf.Server{
		"needs a certificate":                     {},
		"needs two files":                         {Pairs: []tlsconf.Pair{{Cert: p.Cert}}},
		"private key does not match":              {Pairs: []tlsconf.Pair{{Cert: p.Cert, Key: other.Key}}},
		"no such file":                            {Pairs: []tlsconf.Pair{{Cert: "nowhere", Key: p.Key}}},
		`no policy "old"`:                         {Pairs: ok, Policy: "old"},
		`no key exchange "p1"`:                    {Pairs: ok, Curves: []string{"p1"}},
		"no file of their authorities":            {Pairs: ok, ClientAuth: tlsconf.Required},
		`no way "maybe"`:                          {Pairs: ok, ClientAuth: "maybe", ClientCA: p.Cert},
		"verify nobody":                           {Pairs: ok, ClientAuth: tlsconf.Off, ClientCA: p.Cert},
		"there is no certificate in " + empty:     {Pairs: ok, ClientCA: empty},
		"the authorities: stat " + dir + "/none:": {Pairs: ok, ClientCA: dir + "/none"},
	} {
		if _, err := s.Open(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

func TestOddFilesAreWarnedOf(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	p := pair(t, dir, "server", a.Expired("a.test"))
	l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{p}})
	if w := strings.Join(l.Warnings(), "\n"); !strings.Contains(w, "has expired") || strings.Contains(w, "others") {
		t.Error(w)
	}
	if runtime.GOOS == "windows" {
		t.Skip("this system has no such permissions")
	}
	os.Chmod(p.Key, 0o644)
	if err := l.Reload(); err != nil {
		t.Fatal(err)
	}
	if w := strings.Join(l.Warnings(), "\n"); !strings.Contains(w, p.Key+" may be read by others") {
		t.Error(w)
	}
}

func TestWatchReadsWhatHasChanged(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	p := pair(t, dir, "server", a.Issue("old.test"))
	key, _ := os.ReadFile(p.Key)
	next := a.Issue("new.test")
	synctest.Test(t, func(t *testing.T) {
		l := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{p}})
		var logged bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan struct{})
		go func() {
			l.Watch(ctx, time.Second, slog.New(slog.NewTextHandler(&logged, nil)))
			close(watched)
		}()
		said := func() string {
			time.Sleep(1500 * time.Millisecond)
			synctest.Wait()
			defer logged.Reset()
			return logged.String()
		}
		if s := said(); s != "" {
			t.Errorf("nothing has changed: %s", s)
		}
		os.WriteFile(p.Key, []byte("garbage"), 0o600)
		if s := said(); !strings.Contains(s, "refused") || !strings.Contains(s, p.Key) || strings.Contains(s, "garbage") {
			t.Errorf("a broken file: %s", s)
		}
		if s := said(); s != "" {
			t.Errorf("it was said already: %s", s)
		}
		os.WriteFile(p.Key, key, 0o600)
		if s := said(); !strings.Contains(s, "read again") {
			t.Errorf("it is back: %s", s)
		}
		pair(t, dir, "server", next)
		if s := said(); !strings.Contains(s, "read again") {
			t.Errorf("another one: %s", s)
		}
		cancel()
		<-watched
	})
}

func TestAClientNeedsItsServerAndItsFiles(t *testing.T) {
	a, dir := certtest.New(t), t.TempDir()
	ca := filepath.Join(dir, "ca.crt")
	a.WriteFile(ca)
	own := pair(t, dir, "client", a.Issue("client"))
	server := opened(t, tlsconf.Server{Pairs: []tlsconf.Pair{pair(t, dir, "server", a.Issue("a.test"))}, ClientCA: ca, Protocols: []string{"x"}})
	c, err := tlsconf.Client{Name: "a.test", CA: ca, Pair: own, Protocols: []string{"x"}, Policy: tlsconf.Modern, Curves: []string{"p256"}}.Config()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		st, serverErr, err := connect(t, server.Config(), c)
		if err != nil || serverErr != nil || st.DidResume != (i > 0) || st.CurveID != tls.CurveP256 {
			t.Errorf("%v, %v, %+v", err, serverErr, st)
		}
	}
	for want, c := range map[string]tlsconf.Client{
		"no certificate in": {Name: "a", CA: own.Key}, "needs two files": {Name: "a", Pair: tlsconf.Pair{Key: own.Key}}, "no policy": {Name: "a", Policy: "x"},
	} {
		if _, err := c.Config(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}
