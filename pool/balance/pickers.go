package balance

// pickers are the one for requests that change nothing and the one for all others, which leaves out replicas. They are the
// same one where there are no replicas.
type pickers struct {
	reads, writes Picker
	apart         bool
}

// of is the one for the request.
func (p *pickers) of(r Request) Picker {
	if r.Read {
		return p.reads
	}
	return p.writes
}

// isReplicaAware says whether a policy tells replicas from others by itself, as [Groups] does.
func isReplicaAware(p Policy) bool {
	r, ok := p.(interface{ replicaAware() bool })
	return ok && r.replicaAware()
}

// refresh has the pickers know of members that have changed, and makes those that there are none of yet.
func (p pickers) refresh(policy Policy, members []*Member, seed uint64, rebuild bool) pickers {
	p.reads = renew(p.reads, policy, members, seed, rebuild)
	primaries := members
	if !isReplicaAware(policy) {
		primaries = withoutReplicas(members)
	}
	if len(primaries) == len(members) {
		return pickers{p.reads, p.reads, false}
	}
	if !p.apart {
		p.writes = nil
	}
	return pickers{p.reads, renew(p.writes, policy, primaries, seed, rebuild), true}
}

func renew(p Picker, policy Policy, members []*Member, seed uint64, rebuild bool) Picker {
	if r, ok := p.(Refresher); ok {
		r.Refresh(members)
		return p
	}
	if p == nil || rebuild {
		return policy.Build(members, seed)
	}
	return p
}

func withoutReplicas(members []*Member) []*Member {
	var primaries []*Member
	for _, m := range members {
		if !m.Replica {
			primaries = append(primaries, m)
		}
	}
	return primaries
}
