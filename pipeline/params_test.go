package pipeline_test

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/leat-io/leat/pipeline"
	"github.com/leat-io/leat/pipeline/queue"
	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/stage"
)

// An echoer answers with its level, which is a parameter, and fails at "fail".
type echoer struct{ level, made int }

func (e *echoer) Process(_, src []*row) ([]*row, error) {
	for _, m := range src {
		if string(m.Text) == "fail" {
			return nil, errBroken
		}
		m.Text = fmt.Appendf(nil, "level %d", e.level)
	}
	return src, nil
}

func (e *echoer) Params() []stage.Param {
	return []stage.Param{
		{Name: "level", Get: func() string { return strconv.Itoa(e.level) }, Set: func(v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 0 {
				return fmt.Errorf("level wants a number of at least 0, not %q", v)
			}
			e.level = n
			return nil
		}},
		{Name: "made", Get: func() string { return strconv.Itoa(e.made) }},
	}
}

func echoing(opts ...stage.Option) (func(f flow) flow, *int) {
	n := new(int)
	return func(f flow) flow {
		return f.Via("echo", func(*stage.Lane) stage.Stage[row, row] {
			*n++
			return &echoer{level: 1, made: *n}
		}, opts...)
	}, n
}

func TestSetReachesEveryLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("set"), mem.New(mem.Limits(unlimited))
		echo, n := echoing()
		reply(echo(decoded(p, s).Shard("shard", 4, stage.ByRequest, queue.Chan)))
		stop := start(t, p)
		synctest.Wait()
		equal(t, "instances", *n, 4)
		c := dial(t, s)
		levels := func() string {
			seen := map[string]bool{}
			for range 50 {
				seen[c.ask(t, "?")] = true
			}
			return fmt.Sprint(seen)
		}
		equal(t, "levels before", levels(), "map[level 1:true]")
		noError(t, p.Set("echo", "level", "7"))
		equal(t, "levels after", levels(), "map[level 7:true]")
		v, err := p.Get("echo", "level")
		equal(t, "value", v, "7")
		noError(t, err)
		contains(t, p.String(), "echo.level = 7", "echo.made = ")
		noError(t, stop())
	})
}

func TestAValueThatIsRefusedChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("set"), mem.New(mem.Limits(unlimited))
		echo, _ := echoing()
		reply(echo(decoded(p, s)))
		stop := start(t, p)
		synctest.Wait()
		for _, c := range []struct{ node, name, value, want string }{
			{"echo", "level", "loud", `pipeline set: parameter "level" of "echo": level wants a number of at least 0, not "loud"`},
			{"echo", "made", "3", `pipeline set: parameter "made" of "echo": can only be read`},
			{"echo", "tone", "3", `pipeline set: node "echo" has no parameter "tone"; there are echo.level, echo.made`},
			{"reply", "level", "3", `pipeline set: node "reply" has no parameter "level"; there are echo.level, echo.made`},
		} {
			err := p.Set(c.node, c.name, c.value)
			equal(t, "error", fmt.Sprint(err), c.want)
		}
		_, err := p.Get("nobody", "level")
		contains(t, fmt.Sprint(err), `node "nobody" has no parameter "level"`)
		equal(t, "answer", dial(t, s).ask(t, "?"), "level 1")
		var all []string
		for _, v := range p.Params() {
			all = append(all, fmt.Sprint(v.Node, ".", v.Name, "=", v.Value, " ", v.ReadOnly))
		}
		equal(t, "parameters", strings.Join(all, ", "), "echo.level=1 false, echo.made=1 true")
		noError(t, stop())
	})
}

func TestAnAssemblyWithoutParametersSaysSo(t *testing.T) {
	p, s := pipeline.New("none"), mem.New()
	reply(decoded(p, s))
	err := p.Set("decode", "limit", "3")
	contains(t, fmt.Sprint(err), "no node of this pipeline that runs has any")
}

// An instance that is made anew starts with what was set, like its predecessor.
func TestARestartedStageKeepsItsSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("set", quiet), mem.New(mem.Limits(unlimited))
		echo, n := echoing(stage.OnError(stage.Restart))
		reply(echo(decoded(p, s).Queue("queue", queue.Chan)))
		stop := start(t, p)
		synctest.Wait()
		noError(t, p.Set("echo", "level", "5"))
		c := dial(t, s)
		c.say("fail")
		synctest.Wait()
		equal(t, "answer", c.ask(t, "?"), "level 5")
		equal(t, "instances", *n, 2)
		v, err := p.Get("echo", "made")
		noError(t, err)
		equal(t, "the one that is asked", v, "2")
		noError(t, stop())
	})
}

// Lanes that are made after a Set, or while it runs, have the value too.
func TestLanesThatAreMadeLaterGetTheSetting(t *testing.T) {
	p, s := pipeline.New("set"), bind(t)
	var levels sync.Map
	reply(decoded(p, s).Via("level", func(*stage.Lane) stage.Stage[row, row] {
		e := &echoer{level: 1}
		return tuned{e, &levels}
	}))
	stop := start(t, p)
	waitFor(t, "the first lane", func() bool { return p.Stats().Node("level").Lanes == 1 })
	noError(t, p.Set("level", "level", "2"))
	gate, changed := make(chan struct{}), make(chan struct{})
	levels.Store("gate", gate)
	var wg sync.WaitGroup
	for range 8 { // each occupies a lane
		c := connect(t, s)
		wg.Go(func() {
			b := make([]byte, 8)
			for _, want := range []string{"level 2\n", "level 9\n"} {
				c.Write([]byte("?\n"))
				if _, err := io.ReadFull(c, b); string(b) != want {
					t.Errorf("a lane answers %q, %v", b, err)
				}
				<-changed
			}
		})
	}
	set := make(chan error)
	waitFor(t, "some lanes", func() bool { return p.Stats().Node("level").Lanes > 2 })
	go func() { set <- p.Set("level", "level", "9") }() // waits for the lanes that are occupied
	waitFor(t, "eight lanes", func() bool { return p.Stats().Node("level").Lanes == 8 })
	close(gate)
	noError(t, <-set) // each lane took it behind the batch that was held
	close(changed)
	wg.Wait()
	noError(t, stop())
}

// An opener is a source whose lanes the test asks for.
type opener struct {
	feed[row]
	open func(func()) *pipeline.Inlet[row]
}

func (s *opener) Start(open func(func()) *pipeline.Inlet[row]) error {
	s.open = open
	open(nil)
	return nil
}

// A lane that is made while Set is on its way to the others, and so starts with the old value, is not forgotten.
func TestALaneThatIsMadeDuringASetGetsTheValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s := pipeline.New("set"), &opener{}
		var all []*hooked
		p.From[row](s).Via("level", func(*stage.Lane) stage.Stage[row, row] {
			h := &hooked{echoer: &echoer{level: 1}}
			if len(all) == 0 {
				h.hook = func() { s.open(nil) }
			}
			all = append(all, h)
			return h
		}).To("drop", tallied[row](new(int)))
		stop := start(t, p)
		synctest.Wait()
		noError(t, p.Set("level", "level", "4"))
		noError(t, stop())
		equal(t, "lanes", len(all), 2)
		equal(t, "levels", fmt.Sprint(all[0].level, all[1].level), "4 4")
	})
}

// hooked does something in the middle of its Set.
type hooked struct {
	*echoer
	hook func()
}

func (h *hooked) Params() []stage.Param {
	level := h.echoer.Params()[0]
	set := level.Set
	level.Set = func(v string) error {
		if hook := h.hook; hook != nil {
			h.hook = nil
			hook()
		}
		return set(v)
	}
	return []stage.Param{level}
}

// tuned holds its lane until the gate is open.
type tuned struct {
	*echoer
	shared *sync.Map
}

func (s tuned) Process(dst, src []*row) ([]*row, error) {
	if g, ok := s.shared.Load("gate"); ok {
		<-g.(chan struct{})
	}
	return s.echoer.Process(dst, src)
}
