package redis

// refuseWhy says that a command is not served, and why.
func (c *Request) refuseWhy() {
	c.refuse("ERR '" + c.spec.upper() + "' is not served through the proxy: " + c.spec.why)
}
