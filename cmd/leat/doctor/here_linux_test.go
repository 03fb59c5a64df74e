package doctor_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/leat-io/leat/cmd/leat/doctor"
)

func TestThisMachineIsSeenAsItIs(t *testing.T) {
	found := doctor.Here().Examine(16384)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	f := find(t, found, files)
	if got := strings.ReplaceAll(f.Limits, " ", ""); limit.Cur < 1<<62 && !strings.HasPrefix(got, fmt.Sprintf("%ddescriptors", limit.Cur)) {
		t.Errorf("the limit is %d; found %+v", limit.Cur, f)
	}
	for _, f := range found {
		if f.Name == "" || f.Value == "" || f.Limits == "" || f.Verdict == "" {
			t.Errorf("something is missing in %+v", f)
		}
	}
	check(t, found, want{"kernel", find(t, found, "kernel").Verdict, ".", "", ""})
}
