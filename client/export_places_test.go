package client

// Places returns the numbers of c's pool: places that are taken or idle, those of them that
// are idle, and tasks that wait for one.
func Places(c *Client) (open, idle, waiting int) {
	s := c.pool.Stats()
	return s.Open, s.Idle, s.Waiting
}
