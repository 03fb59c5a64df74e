package compare_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheProgramOfTheDocumentRuns(t *testing.T) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command to build it")
	}
	doc, err := os.ReadFile("../../docs/compare.md")
	if err != nil {
		t.Fatal(err)
	}
	_, program, ok := strings.Cut(string(doc), "```go\n")
	program, _, ended := strings.Cut(program, "```\n")
	if !ok || !ended {
		t.Fatal("the document has no program")
	}
	for long, short := range map[string]string{"10,": "2,", "2 * time.Second": "100 * time.Millisecond", "Conns: 64": "Conns: 4"} {
		if !strings.Contains(program, long) {
			t.Fatalf("the program has no %q", long)
		}
		program = strings.Replace(program, long, short, 1)
	}
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "designs")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(goCommand, "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(binary).Output()
	if err != nil || !strings.HasPrefix(string(out), "fused or sharded: 2 variants, all 2 rounds of 0.1 s; ratios to fused in the same round\n\nthroughput") {
		t.Errorf("%v: %s", err, out)
	}
}
