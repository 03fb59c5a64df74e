package balance

// available are the members that get new requests now.
func available(members []*Member) []*Member {
	var all []*Member
	for _, m := range members {
		if m.Available() {
			all = append(all, m)
		}
	}
	return all
}

// A detour is for requests whose own member cannot serve them, when a few looks at who comes next have found nobody: any of
// those that are available, by the hash of the key.
func detour(available []*Member, h uint64, avoid *Member) *Member {
	n := len(available)
	if n == 0 {
		return nil
	}
	i := scale(h, n)
	if m := available[i]; m != avoid || n == 1 {
		return m
	}
	return available[(i+1)%n]
}
