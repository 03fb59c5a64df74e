package mem_test

import (
	"testing"

	"github.com/leat-io/leat/sources/mem"
	"github.com/leat-io/leat/sources/sourcetest"
)

func engine(loops int) sourcetest.Maker {
	return func(_ testing.TB, o sourcetest.Options) sourcetest.Engine {
		s := mem.New(mem.Loops(loops), mem.Limits(o.Limits), mem.MaxConns(o.MaxConns))
		return sourcetest.Engine{Source: s, Dial: func() (sourcetest.Conn, error) {
			c, err := s.Dial()
			if err != nil { // not a nil *Client in an interface
				return nil, err
			}
			return c, nil
		}}
	}
}

func TestOneLoopKeepsTheContract(t *testing.T) { sourcetest.RunVirtual(t, engine(1)) }
func TestTwoLoopsKeepTheContract(t *testing.T) { sourcetest.RunVirtual(t, engine(2)) }
