//go:build linux

package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// BuildGo makes a program of a package below the benchmarks. It does without libc, of which nothing is used and more than a
// megabyte would be resident; what a build adds of the repository's state is left out, so that equal code gives equal programs.
func BuildGo(ctx context.Context, folder, path string) error {
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", path, "github.com/leat-io/leat/benchmarks/"+folder)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	return build(c, folder)
}

// BuildC makes a program of C that is given as text, with these arguments of the compiler besides.
func BuildC(ctx context.Context, source, path string, args ...string) error {
	cc := CompilerC()
	if cc == "" {
		return errors.New("there is no C compiler")
	}
	c := exec.CommandContext(ctx, cc, append([]string{"-O2", "-pthread", "-o", path, "-x", "c", "-", "-x", "none"}, args...)...)
	c.Stdin = strings.NewReader(source)
	return build(c, path)
}

func build(c *exec.Cmd, what string) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", what, err, out)
	}
	return nil
}

// CompilerC is the name of a C compiler, or empty.
func CompilerC() string {
	for _, name := range []string{"cc", "gcc", "clang"} {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return ""
}
