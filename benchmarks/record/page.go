package record

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// title is how a new page begins.
const title = `# Results

What leat costs beside other people's software. ` + "`make bench-peers`, `-udp`, `-proxy`, `-pools`, `-edge` and `-mux`" + ` write this page; each part says how it was measured, and
where.
`

// Write replaces one part of a page, between two comments that name it, or adds it at the end. The page is made when there is none.
func Write(path, part, text string) error {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		old, err = []byte(title), nil
	}
	if err != nil {
		return err
	}
	begin, end := "<!-- "+part+": begin -->\n", "<!-- "+part+": end -->\n"
	page := string(old)
	before, rest, found := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		before, after = strings.TrimRight(page, "\n")+"\n\n", ""
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+after), 0o644)
}
