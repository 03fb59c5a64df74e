package discovery

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/leat-io/leat/internal/endpoint"
	"github.com/leat-io/leat/pool/balance"
)

// maxBackendWeight keeps what is a slip of the finger from taking all requests.
const maxBackendWeight = 1e6

// ParseLines reads a list of backends, one a line:
//
//	# name, address, weight, where it is
//	alpha=10.0.0.1:6379*2  zone=a region=north
//	10.0.0.2:6379
//	unix:/run/beta.sock
//
// Only the address has to be there. What comes after a # at the beginning of a line or after a space is a comment. An error names
// the line.
func ParseLines(text string) ([]balance.Backend, error) {
	var all []balance.Backend
	of := map[string]int{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := wordsOf(line)
		if len(words) == 0 {
			continue
		}
		b, err := parseBackend(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if first := of[b.Name]; first > 0 {
			return nil, fmt.Errorf("line %d: the name %q is that of line %d already: give each backend one of its own", n, b.Name, first)
		}
		if len(all) == balance.MaxMembers {
			return nil, fmt.Errorf("line %d: there are more than %d backends", n, balance.MaxMembers)
		}
		of[b.Name] = n
		all = append(all, b)
	}
	return all, nil
}

// wordsOf are the words of a line up to the one that begins a comment.
func wordsOf(line string) []string {
	words := strings.Fields(line)
	if i := slices.IndexFunc(words, func(w string) bool { return w[0] == '#' }); i >= 0 {
		words = words[:i]
	}
	return words
}

// parseBackend reads the words of a line.
func parseBackend(words []string) (b balance.Backend, err error) {
	b.Address, b.Weight = words[0], 1
	if name, address, ok := strings.Cut(b.Address, "="); ok {
		if name == "" {
			return b, fmt.Errorf("%q has no name before the =", words[0])
		}
		b.Name, b.Address = name, address
	}
	if i := strings.LastIndexByte(b.Address, '*'); i >= 0 {
		if b.Weight, err = parseWeight(b.Address[i+1:]); err != nil {
			return b, err
		}
		b.Address = b.Address[:i]
	}
	if err := endpoint.Check(b.Address); err != nil {
		return b, err
	}
	b.Name = nameOf(b)
	for _, word := range words[1:] {
		what, value, _ := strings.Cut(word, "=")
		var at *string
		switch what {
		case "zone":
			at = &b.Zone
		case "region":
			at = &b.Region
		default:
			return b, fmt.Errorf("%q is neither zone=NAME nor region=NAME", word)
		}
		if value == "" || *at != "" {
			return b, fmt.Errorf("%q has no value, or there are two of it", word)
		}
		*at = value
	}
	return b, nil
}

func parseWeight(text string) (float64, error) {
	w, err := strconv.ParseFloat(text, 64)
	if err != nil || !(w > 0 && w <= maxBackendWeight) {
		return 0, fmt.Errorf("the weight %q is not a number above 0 and not above %.0f", text, maxBackendWeight)
	}
	return w, nil
}
