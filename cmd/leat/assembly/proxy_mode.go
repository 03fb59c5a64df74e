package assembly

import (
	"errors"
	"fmt"

	"github.com/leat-io/leat/pool/balance"
)

// validateFor says everything that is wrong with c in a mode.
func (c *Proxied) validateFor(mode string) error {
	switch mode {
	case "frame":
		return errors.Join(c.some(len(c.Servers)+len(c.Discover)), c.validateBalanced(mode))
	case "tunnel":
		return errors.Join(c.some(len(c.Servers)+len(c.Discover)+len(c.Names)), c.validateBalanced(mode))
	}
	return c.Validate()
}

// some is an error unless there are servers.
func (c *Proxied) some(n int) error {
	if n == 0 {
		return errors.New("there are no servers: name some with --servers, or in a file")
	}
	return nil
}

// validateBalanced says what is wrong with servers of which any may serve anybody.
func (c *Proxied) validateBalanced(mode string) error {
	errs := []error{word("balance", c.Balance, ClientBalances)}
	for _, servers := range c.everybody() {
		for _, s := range servers.Servers {
			if len(s.Replicas) > 0 {
				errs = append(errs, fmt.Errorf("server %s has replicas, which the mode %s does not know: name them as servers", s.Name, mode))
			}
		}
	}
	if len(c.Servers) > 0 && len(c.Discover) > 0 {
		errs = append(errs, errors.New("servers are either named or found: leave out --servers or --discover"))
	}
	if c.Eject {
		errs = append(errs, fmt.Errorf("the mode %s has no keys that others could have: leave out --eject", mode))
	}
	return errors.Join(errs...)
}

// policyFor says who serves a request in a mode.
func (c *Proxied) policyFor(mode string) balance.Policy {
	if mode == "redis" {
		return c.policy()
	}
	return clientBalances[c.Balance]()
}
