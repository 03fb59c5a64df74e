package pool

import "time"

// A usage adds up how much of what was open was in use, by what the keeper saw.
type usage struct {
	at          int64
	most        int // in use or waited for since the interval of the demand began
	inUse, open int
	busy, held  float64 // seconds times connections
}

// sample ends the time since the last sample, for which what was seen then is taken to have held.
func (u *usage) sample(b *backend, now int64) {
	passed := time.Duration(now - u.at).Seconds()
	u.busy += passed * float64(u.inUse)
	u.held += passed * float64(u.open)
	u.at = now
	u.open = int(b.open.Load() - b.dialing.Load())
	u.inUse = max(u.open-b.idle(), 0)
	u.most = max(u.most, u.inUse+b.state.waiting())
}

// share is how much of what was open was in use, from 0 to 1.
func (u *usage) share() float64 {
	if u.held == 0 {
		return 0
	}
	return u.busy / u.held
}
