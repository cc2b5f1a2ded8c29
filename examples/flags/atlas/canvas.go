package atlas

import (
	"math"
	"slices"
)

// An ink is a colour, 0xRRGGBB.
type ink uint32

// A point is a place on the grid of a flag.
type point struct{ x, y float64 }

// A canvas holds one flag at oversample times its final resolution. A sample
// is an index into inks; 0, which no ink has, leaves it transparent.
type canvas struct {
	flag    *flag
	scale   float64 // samples per unit
	w, h    int     // samples
	samples []uint8
	inks    *[]ink
}

const (
	height     = 120 // pixels, about
	oversample = 4
)

// newCanvas returns a transparent canvas. A unit becomes a whole number of
// pixels, so that what the grid aligns stays aligned.
func newCanvas(f *flag) *canvas {
	unit := math.Round(height / f.h)
	c := &canvas{
		flag:  f,
		scale: unit * oversample,
		w:     int(math.Round(f.w*unit)) * oversample,
		h:     int(math.Round(f.h*unit)) * oversample,
		inks:  &[]ink{0},
	}
	c.samples = make([]uint8, c.w*c.h)
	return c
}

// layer returns a transparent canvas to be merged into c.
func (c *canvas) layer() *canvas {
	l := *c
	l.samples = make([]uint8, len(c.samples))
	return &l
}

// index returns the sample that stands for colour k.
func (c *canvas) index(k ink) uint8 {
	if i := slices.Index((*c.inks)[1:], k); i >= 0 {
		return uint8(i + 1)
	}
	*c.inks = append(*c.inks, k)
	return uint8(len(*c.inks) - 1)
}

// fill paints the inside of a closed polygon, by the even-odd rule: for every
// row of samples it collects the places where the outline crosses the row and
// paints between the first and the second, the third and the fourth, ...
func (c *canvas) fill(k ink, p []point) {
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, v := range p {
		top, bottom = min(top, v.y), max(bottom, v.y)
	}
	first := max(0, int(math.Ceil(top*c.scale-.5)))
	last := min(c.h-1, int(math.Floor(bottom*c.scale-.5)))
	index := c.index(k)
	var cross []float64
	for row := first; row <= last; row++ {
		y := (float64(row) + .5) / c.scale
		cross = cross[:0]
		for i, b := range p {
			a := p[(i+len(p)-1)%len(p)]
			if a.y <= y != (b.y <= y) {
				cross = append(cross, (a.x+(y-a.y)/(b.y-a.y)*(b.x-a.x))*c.scale)
			}
		}
		slices.Sort(cross)
		for ; len(cross) > 1; cross = cross[2:] {
			from := max(0, int(math.Ceil(cross[0]-.5)))
			to := min(c.w, int(math.Ceil(cross[1]-.5)))
			for i := row*c.w + from; i < row*c.w+to; i++ {
				c.samples[i] = index
			}
		}
	}
}
