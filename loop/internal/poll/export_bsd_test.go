//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package poll

func (f *flag) use(fd int) { f.r, f.w = fd, fd }
