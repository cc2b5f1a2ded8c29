package atlas

// The shapes of this file divide the whole flag, whatever its size, and take
// no notice of where they are placed.

// field fills the flag.
type field struct{ ink ink }

func (s field) paint(c *canvas, _ transform) {
	rect{s.ink, 0, 0, c.flag.w, c.flag.h}.paint(c, identity)
}

// rows are horizontal bands of equal height; a wider band repeats its ink.
type rows []ink

func (s rows) paint(c *canvas, _ transform) {
	h := c.flag.h / float64(len(s))
	for i, k := range s {
		rect{k, 0, float64(i) * h, c.flag.w, h}.paint(c, identity)
	}
}

// cols are vertical bands of equal width; a wider band repeats its ink.
type cols []ink

func (s cols) paint(c *canvas, _ transform) {
	w := c.flag.w / float64(len(s))
	for i, k := range s {
		rect{k, float64(i) * w, 0, w, c.flag.h}.paint(c, identity)
	}
}

// hoist is a triangle on the whole hoist, its point at mid height, depth away.
type hoist struct {
	ink   ink
	depth float64
}

func (s hoist) paint(c *canvas, _ transform) {
	poly{s.ink, xy{0, 0, s.depth, c.flag.h / 2, 0, c.flag.h}}.paint(c, identity)
}

// saw fills the fly from a toothed edge: n points of the hoist colour reach
// from x to x+depth.
type saw struct {
	ink      ink
	n        int
	x, depth float64
}

func (s saw) paint(c *canvas, _ transform) {
	v := xy{c.flag.w, c.flag.h, c.flag.w, 0, s.x, 0}
	tooth := c.flag.h / float64(s.n)
	for i := range s.n {
		y := float64(i) * tooth
		v = append(v, s.x+s.depth, y+tooth/2, s.x, y+tooth)
	}
	poly{s.ink, v}.paint(c, identity)
}

// cross runs to the four edges, its arms pen wide and crossing at (x, y).
type cross struct {
	ink       ink
	x, y, pen float64
}

func (s cross) paint(c *canvas, _ transform) {
	rect{s.ink, 0, s.y - s.pen/2, c.flag.w, s.pen}.paint(c, identity)
	rect{s.ink, s.x - s.pen/2, 0, s.pen, c.flag.h}.paint(c, identity)
}
