package coroutine

const RaceEnabled = raceEnabled

// Yielder is what the body of g gets.
func (g *Generator[Y, S, R]) Yielder() *Yielder[Y, S] { return &g.y }

// Goroutine tells the calling goroutine from others.
func Goroutine() uintptr { return getg() }

// Idle is how many stacks p keeps.
func Idle(p *Pool) int { return len(p.idle) }

// Stacks is how many stacks p has, idle or in use.
func Stacks(p *Pool) int { return p.stacks.n }

// Peak is how many stacks the memory of p has room for.
func Peak(p *Pool) int {
	t := p.stacks.table.Load()
	if t == nil {
		return cap(p.idle)
	}
	return max(len(*t)/4, cap(p.idle))
}
