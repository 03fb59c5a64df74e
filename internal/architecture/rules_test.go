package architecture

import (
	"fmt"
	"slices"
	"strings"
)

// module is the path that our own imports begin with.
const module = "github.com/leat-io/leat"

// A rule says what the packages that match a pattern may import of ours, in patterns too. A pattern is a path below the
// module; one that ends with "/..." stands for the package and everything below it.
type rule struct {
	of  string
	may []string
}

// rules are the package map. The first that matches holds: a package comes before the pattern that it is an exception from.
var rules = []rule{
	{"stage", nil},
	{"stage/stagetest", []string{"stage"}},

	{"pipeline/queue/jetstream", []string{"stage", "pipeline/..."}},
	{"pipeline/queue/queuetest", []string{"stage", "pipeline/queue"}},
	{"pipeline/queue", []string{"stage"}},
	{"pipeline/compare", []string{"stage", "pipeline/...", "internal/chart"}},
	{"pipeline/inspect", []string{"stage", "pipeline/..."}},
	{"pipeline", []string{"stage", "pipeline/queue"}},

	{"codec/mux", []string{"stage"}},
	{"codec/mux/compress", []string{"codec/mux"}},
	{"codec/mux/record", nil},
	{"codec/mux/session", []string{"stage", "codec/mux"}},
	{"codec/mux/streams", []string{"stage", "codec/mux", "codec/mux/compress", "codec/mux/session"}},
	{"codec/...", []string{"stage", "codec/..."}},

	{"sources/sourcetest", []string{"stage", "pipeline", "pipeline/queue", "codec/...", "sinks", "internal/..."}}, // assembles whole pipelines
	{"sources/udp/udptest", []string{"stage", "pipeline", "pipeline/queue", "codec/...", "sources/udp"}},
	{"sources/muxnet", []string{"stage", "pipeline", "codec/mux", "codec/mux/compress", "codec/mux/session", "sources/tcp", "internal/..."}},
	{"sources/udp/*", []string{"stage", "pipeline", "sources/udp", "internal/..."}}, // engines, apart because of what they link
	{"sources/tcp/tlsconf", nil}, // it links crypto/tls alone
	{"sources/*", []string{"stage", "pipeline", "internal/..."}},
	{"sinks", []string{"stage", "pipeline", "internal/..."}},
	{"pool/...", []string{"stage", "pipeline", "pool/...", "internal/..."}},

	{"internal/plainmux", nil}, // written from the specification alone
	{"internal/...", []string{"stage", "internal/..."}},
	{"cmd/leat/...", []string{"..."}},
	{"benchmarks/...", []string{"..."}},
}

// matches says whether a path below the module is one that the pattern stands for.
func matches(pattern, path string) bool {
	if base, all := strings.CutSuffix(pattern, "..."); all {
		return strings.HasPrefix(path+"/", base)
	}
	if base, wild := strings.CutSuffix(pattern, "/*"); wild {
		rest, below := strings.CutPrefix(path, base+"/")
		return below && !strings.Contains(rest, "/")
	}
	return path == pattern
}

// A unit is one package: its path below the module, and what it imports.
type unit struct {
	path    string
	imports []string
}

// violations are the imports that no rule allows, each as a sentence.
func violations(units []unit) (found []string) {
	for _, u := range units {
		i := slices.IndexFunc(rules, func(r rule) bool { return matches(r.of, u.path) })
		if i < 0 {
			found = append(found, fmt.Sprintf("package %s is not in the package map", u.path))
			continue
		}
		for _, imp := range u.imports {
			path, ours := strings.CutPrefix(imp, module+"/")
			if ours && !slices.ContainsFunc(rules[i].may, func(p string) bool { return matches(p, path) }) {
				found = append(found, fmt.Sprintf("package %s may not import %s", u.path, path))
			}
		}
	}
	return found
}

// folders are the top-level ones that there may be. Hidden ones are for tools, and bin for what was built.
var folders = []string{"stage", "pipeline", "sources", "sinks", "codec", "pool", "cmd", "benchmarks", "internal", "docs", "bin"}

// lean packages are what a small program is made of. They link few modules of other people, all that they import together.
var lean = []string{"stage", "pipeline", "sources/tcp", "codec/frame"}

const mostModules = 7

// foreign are the modules among those given that are not ours, each once.
func foreign(modules []string) []string {
	modules = slices.DeleteFunc(slices.Sorted(slices.Values(modules)), func(m string) bool { return m == "" || m == module })
	return slices.Compact(modules)
}
