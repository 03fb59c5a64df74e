//go:build linux

package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// Again runs the program that runs once more, as a process of its own on the processors given, with one thread of Go: with a word
// and what it is to do, as JSON, for arguments. What the process prints is its result.
func Again[Result any](ctx context.Context, word string, what any, cpus ...int) (res Result, err error) {
	self, err := os.Executable()
	if err != nil {
		return res, err
	}
	arg, err := json.Marshal(what)
	if err != nil {
		return res, err
	}
	c := exec.CommandContext(ctx, self, word, string(arg))
	c.Env, c.Stderr = append(os.Environ(), "GOMAXPROCS=1"), os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return res, err
	}
	if err := Pinned(c.Start, cpus...); err != nil {
		return res, err
	}
	decoded := json.NewDecoder(out).Decode(&res)
	if err := c.Wait(); err != nil {
		return res, fmt.Errorf("the process %q: %w", word, err)
	}
	return res, decoded
}
