//go:build linux

package main

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// versions are those of other people's pools that this program was built with.
func versions() string {
	rivals := map[string]string{"github.com/jackc/puddle/v2": "puddle", "github.com/valyala/fasthttp": "fasthttp", "github.com/redis/go-redis/v9": "go-redis"}
	var said []string
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if name, is := rivals[m.Path]; is {
				said = append(said, fmt.Sprintf("%s %s", name, m.Version))
			}
		}
	}
	return strings.Join(append(said, "database/sql with a driver that does nothing"), ", ") + "."
}
