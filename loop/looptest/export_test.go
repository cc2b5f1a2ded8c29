package looptest

// Impatient has a test that leaves something fail at once.
func Impatient() (restore func()) {
	was := patience
	patience = 0
	return func() { patience = was }
}
