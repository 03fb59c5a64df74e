// Package recordtest tests benchmarks that keep a record.
package recordtest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leat-io/leat/benchmarks/record"
)

// Twice runs a benchmark, and again from its record, which must show the same. It returns the page, in which every figure must be
// a number.
func Twice(t *testing.T, run func(to record.Output, shown io.Writer) error) (page string) {
	t.Helper()
	dir := t.TempDir()
	to := record.Output{Record: filepath.Join(dir, "rows.jsonl"), Page: filepath.Join(dir, "results.md")}
	var first, second strings.Builder
	if err := run(to, &first); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(to.Page)
	if err != nil {
		t.Fatal(err)
	}
	if page = string(b); strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Error(page)
	}
	to.Resume = true
	if err := run(to, &second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("a run that is resumed measures again")
	}
	return page
}
