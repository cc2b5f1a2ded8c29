package poll

func (f *flag) use(fd int) { f.efd = fd }

// BreakTimer has every setting of the timer fail from now on.
func (p *Poller) BreakTimer() (restore func()) {
	sound := p.timer
	p.timer.tfd = p.flag.efd // no timer
	return func() { p.timer = sound }
}
