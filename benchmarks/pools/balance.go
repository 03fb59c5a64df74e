//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/leat-io/leat/pool/balance"
)

// A share is a policy that is to give each backend its part, whatever the requests are.
type share struct {
	name    string
	policy  func() balance.Policy
	weights bool          // backend i has the weight 1 + i%3; without, all weigh the same
	work    time.Duration // that a request takes; 0 only lets others run. There are a tenth as many then
}

// Peak EWMA follows latencies: of requests that take no time they are noise.
var policies = []share{
	{name: "round robin", policy: balance.RoundRobin},
	{name: "smooth weighted", policy: balance.Weighted, weights: true},
	{name: "least connections", policy: balance.LeastConn},
	{name: "two choices", policy: balance.P2C},
	{name: "random", policy: balance.Random},
	{name: "Maglev", policy: func() balance.Policy { return balance.Maglev() }},
	{name: "rendezvous", policy: balance.Rendezvous},
	{name: "peak EWMA, 1 ms each", policy: func() balance.Policy { return balance.PeakEWMA() }, work: time.Millisecond},
}

// What shares are measured with: ten backends, and users that come again as soon as they are served.
const (
	backends = 10
	served   = 32
)

// measure is how far the backend that is farthest from its share of the requests is away from it, and what a request costs.
func (s share) measure(requests int) (got sample, err error) {
	var all []balance.Backend
	var total float64
	for i := range backends {
		b := balance.Backend{Name: fmt.Sprint(i), Address: fmt.Sprintf("nowhere:%d", 1+i), Weight: 1}
		if s.weights {
			b.Weight = float64(1 + i%3)
		}
		total += b.Weight
		all = append(all, b)
	}
	p, err := leatOf(demand{size: served, dial: dial}, s.policy(), all...)
	if err != nil {
		return got, err
	}
	ctx := context.Background()
	defer func() { _ = p.Close(ctx) }() // all were given back
	var mu sync.Mutex
	var counts [backends]int
	var wg sync.WaitGroup
	if s.work > 0 {
		requests /= 10
	}
	each := max(1, requests/served)
	began := time.Now()
	for range served {
		wg.Go(func() {
			var mine [backends]int
			var failed error
			for range each {
				c, no := p.GetFrom(ctx, balance.Request{Key: rand.Uint64()})
				if failed = no; no != nil {
					break
				}
				mine[c.Backend()[0]-'0']++
				if s.work > 0 {
					time.Sleep(s.work)
				} else {
					runtime.Gosched()
				}
				p.Put(c)
			}
			mu.Lock()
			defer mu.Unlock()
			if failed != nil {
				err = failed
			}
			for i, n := range mine {
				counts[i] += n
			}
		})
	}
	wg.Wait()
	if err != nil {
		return got, err
	}
	elapsed := time.Since(began)
	return sample{Each: float64(elapsed.Nanoseconds()) / float64(each*served), Off: off(counts[:], all, total)}, nil
}

// off is the greatest distance of a count from its share, as a part of the share.
func off(counts []int, all []balance.Backend, total float64) (most float64) {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	for i, n := range counts {
		most = max(most, math.Abs(float64(n)/(float64(sum)*all[i].Weight/total)-1))
	}
	return most
}
