package doctor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// maxRead bounds what is read of a file; those of interest have a few kilobytes at most.
const maxRead = 1 << 20

// text returns what a file holds, without white space at its ends.
func (x *examination) text(path string) (string, error) {
	f, err := x.Root.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, maxRead))
	return strings.TrimSpace(string(b)), err
}

// numbers returns the numbers in a file.
func (x *examination) numbers(path string, least int) (all []int64, err error) {
	s, err := x.text(path)
	if err != nil {
		return nil, err
	}
	for _, word := range strings.Fields(s) {
		n, err := number(word)
		if err != nil {
			return nil, fmt.Errorf("/%s holds %q, which is not a number", path, word)
		}
		all = append(all, n)
	}
	if len(all) < least {
		return nil, fmt.Errorf("/%s holds %d numbers, not %d", path, len(all), least)
	}
	return all, nil
}

// unlimited stands for "no limit". The kernel writes 2^63-1, something near it, or 2^64-1.
const unlimited = 1<<63 - 1

func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if errors.Is(err, strconv.ErrRange) && !strings.HasPrefix(s, "-") {
		return unlimited, nil
	}
	return n, err
}

// reason says why a file cannot be read, in words.
func (x *examination) reason(err error) string {
	p, _ := errors.AsType[*fs.PathError](err)
	switch {
	case x.System != "linux":
		return "only Linux shows it; this is " + x.System
	case p != nil && errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("there is no /%s here", p.Path)
	case p != nil && errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("/%s may not be read", p.Path)
	}
	return err.Error()
}

// count writes n with its thousands apart.
func count(n int64) string {
	if n >= unlimited/2 {
		return "unlimited"
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// size writes a number of bytes in a unit in which it is readable.
func size(n int64) string {
	switch {
	case n >= unlimited/2:
		return "unlimited"
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
