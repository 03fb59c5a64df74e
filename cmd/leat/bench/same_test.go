package bench

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leat-io/leat/cmd/leat/assembly"
	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/stage"
)

// servers are leat tcp with every codec and app, and with every kind of node.
var servers = map[string]func(*assembly.TCP){
	"raw echo":             func(c *assembly.TCP) { c.Codec = "raw" },
	"frame echo":           func(c *assembly.TCP) { c.Codec = "frame" },
	"line echo":            func(*assembly.TCP) {},
	"raw upper":            func(c *assembly.TCP) { c.Codec, c.App = "raw", "upper" },
	"frame upper":          func(c *assembly.TCP) { c.Codec, c.App = "frame", "upper" },
	"line upper":           func(c *assembly.TCP) { c.App = "upper" },
	"line upper by 2":      func(c *assembly.TCP) { c.App, c.Workers = "upper", 2 },
	"line by connection":   func(c *assembly.TCP) { c.App, c.Workers, c.By, c.Queue = "upper", 2, "connection", "workiva" },
	"frame by shortest":    func(c *assembly.TCP) { c.Codec, c.Workers, c.By = "frame", 2, "shortest" },
	"line that blocks":     func(c *assembly.TCP) { c.App, c.Workers, c.Delay = "upper", 2, time.Microsecond },
	"kv":                   func(c *assembly.TCP) { c.App = "kv" },
	"kv by 2":              func(c *assembly.TCP) { c.App, c.Workers = "kv", 2 },
	"kv with a journal":    func(c *assembly.TCP) { c.App, c.Journal, c.JournalSync = "kv", "journal", "never" },
	"kv without a bound":   func(c *assembly.TCP) { c.App, c.Workers, c.MaxMemory = "kv", 1, 0 },
	"kv behind a password": func(c *assembly.TCP) { c.App, c.Password = "kv", "secret" },
}

func subject(t *testing.T, change func(*assembly.TCP)) Subject {
	t.Helper()
	cfg := assembly.DefaultTCP()
	change(&cfg)
	cfg.Suit(func(string) bool { return false })
	if cfg.Journal != "" {
		cfg.Workers = 1
	}
	s, err := TCP(cfg, Traffic{Conns: 8, Depth: 8, Message: 32}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// recorded runs a server until enough has come to all its nodes.
func recorded(t *testing.T, s Subject, messages int) *pipeline.Recording {
	t.Helper()
	rec := s.Pipeline().Record(messages)
	if err := s.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr := begin(t.Context(), s, rec)
	err := tr.wait(t.Context(), time.Minute, nil, rec.Full)
	tr.stop()
	for _, e := range []error{err, tr.driveErr, tr.runErr} {
		if e != nil {
			t.Fatal(e)
		}
	}
	return rec
}

// A label says which message of a node it is: pieces of a request that was split have the same.
type label struct {
	node string
	conn uint64
	seq  uint32
}

// What a node makes of its recording is what the nodes behind it were given: so it is the real thing that is measured.
func TestEveryNodeMakesTheSameOfItsRecordingAsUnderLoad(t *testing.T) {
	for name, change := range servers {
		t.Run(name, func(t *testing.T) {
			s := subject(t, change)
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			rec := recorded(t, s, 400)
			given := map[label][]string{}
			for _, n := range rec.Nodes() {
				in, err := rec.Inputs(n.Name)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range in {
					l := label{m.Node, m.Conn, m.Seq}
					given[l] = append(given[l], show(m.Message))
				}
			}
			for _, n := range rec.Nodes() {
				for _, batch := range []int{1, 32} {
					compare(t, rec, n, batch, given)
				}
			}
		})
	}
}

func compare(t *testing.T, rec *pipeline.Recording, n pipeline.Recorded, batch int, given map[label][]string) {
	t.Helper()
	r, err := rec.Replay(n.Name, batch)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, err := r.Outputs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, m := range out {
		l := label{m.Node, m.Conn, m.Seq}
		want, known := given[l]
		if !known {
			continue // it came later than what was recorded there
		}
		if got := show(m.Message); !slices.Contains(want, got) {
			t.Fatalf("batch %d: %s makes %s of %v, under load it was %q", batch, n.Name, got, l, want)
		}
		same++
	}
	if n.Kind == "sink" {
		sample, err := r.Run(context.Background(), n.Messages/batch*batch)
		if err != nil || len(out) > 0 || sample.Wrote == 0 && n.Name == "reply" {
			t.Fatalf("%s: %v, %d messages come out of it, and %d bytes are written", n.Name, err, len(out), sample.Wrote)
		}
		return
	}
	if same < 20 {
		t.Errorf("batch %d: of what %s makes, only %d of %d messages were recorded behind it", batch, n.Name, same, len(out))
	}
}

// show describes a message, but for what is somebody else's (pointers) and for the time at which it came.
func show(m any) string {
	var b strings.Builder
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[stage.Head]() {
				return
			}
			for i := range v.NumField() {
				if v.Type().Field(i).Name != "now" {
					walk(v.Field(i))
				}
			}
		case reflect.Slice, reflect.Array:
			if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
				fmt.Fprintf(&b, "%q ", v.Bytes())
				return
			}
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Map, reflect.Chan:
			fmt.Fprint(&b, v.IsNil(), " ")
		default:
			fmt.Fprint(&b, v, " ")
		}
	}
	walk(reflect.ValueOf(m).Elem())
	return b.String()
}
