package atlas

import "math"

// A shape is one thing painted on a flag. Lengths are in units of the grid;
// angles are in degrees, clockwise, 0 pointing to the fly.
type shape interface {
	paint(c *canvas, t transform)
}

// An art is a picture: shapes painted in order.
type art []shape

func (a art) paint(c *canvas, t transform) {
	for _, s := range a {
		s.paint(c, t)
	}
}

// xy lists coordinates in pairs: x, y, x, y, ...
type xy []float64

func (v xy) points() []point {
	p := make([]point, 0, len(v)/2)
	for i := 0; i < len(v); i += 2 {
		p = append(p, point{v[i], v[i+1]})
	}
	return p
}

// A transform carries points from a picture of its own to the grid.
type transform struct{ a, b, x, y float64 }

var identity = transform{a: 1}

func (t transform) apply(p point) point {
	return point{t.x + t.a*p.x - t.b*p.y, t.y + t.b*p.x + t.a*p.y}
}

// then returns the transform that applies u first and t after it.
func (t transform) then(u transform) transform {
	o := t.apply(point{u.x, u.y})
	return transform{t.a*u.a - t.b*u.b, t.b*u.a + t.a*u.b, o.x, o.y}
}

func (t transform) fill(c *canvas, k ink, p []point) {
	q := make([]point, len(p))
	for i := range p {
		q[i] = t.apply(p[i])
	}
	c.fill(k, q)
}

// polar returns the point at a distance and an angle from (x, y).
func polar(x, y, r, deg float64) point {
	sin, cos := math.Sincos(deg * math.Pi / 180)
	return point{x + r*cos, y + r*sin}
}

// sweep returns points along the ellipse around (x, y).
func sweep(x, y, rx, ry, from, to float64) []point {
	const step = 5
	n := int(math.Ceil(math.Abs(to-from) / step))
	p := make([]point, 0, n+1)
	for i := range n + 1 {
		sin, cos := math.Sincos((from + (to-from)*float64(i)/float64(n)) * math.Pi / 180)
		p = append(p, point{x + rx*cos, y + ry*sin})
	}
	return p
}

// at places a picture: its origin at (x, y), its units size long, turned.
type at struct {
	x, y, size, turn float64
	art              art
}

func (s at) paint(c *canvas, t transform) {
	p := polar(0, 0, s.size, s.turn)
	s.art.paint(c, t.then(transform{p.x, p.y, s.x, s.y}))
}

// inside paints the part of a picture that falls on a shape. The shape itself
// stays invisible, whatever its ink.
type inside struct {
	shape shape
	art   art
}

func (s inside) paint(c *canvas, t transform) {
	stencil, l := c.layer(), c.layer()
	s.shape.paint(stencil, t)
	s.art.paint(l, t)
	for i, k := range l.samples {
		if k != 0 && stencil.samples[i] != 0 {
			c.samples[i] = k
		}
	}
}

// mirror paints a picture and its reflection in the axis x = 0.
type mirror []poly

func (s mirror) paint(c *canvas, t transform) {
	for _, m := range s {
		m.paint(c, t)
		p := m.xy.points()
		for i := range p {
			p[i].x = -p[i].x
		}
		t.fill(c, m.ink, p)
	}
}

// poly is a polygon.
type poly struct {
	ink ink
	xy  xy
}

func (s poly) paint(c *canvas, t transform) { t.fill(c, s.ink, s.xy.points()) }

// rect is a rectangle, its upper hoist corner at (x, y).
type rect struct {
	ink        ink
	x, y, w, h float64
}

func (s rect) paint(c *canvas, t transform) {
	poly{s.ink, xy{s.x, s.y, s.x + s.w, s.y, s.x + s.w, s.y + s.h, s.x, s.y + s.h}}.paint(c, t)
}

// oval is an ellipse.
type oval struct {
	ink          ink
	x, y, rx, ry float64
}

func (s oval) paint(c *canvas, t transform) {
	t.fill(c, s.ink, sweep(s.x, s.y, s.rx, s.ry, 0, 360))
}

// disc is a circle.
type disc struct {
	ink     ink
	x, y, r float64
}

func (s disc) paint(c *canvas, t transform) { oval{s.ink, s.x, s.y, s.r, s.r}.paint(c, t) }

// pie is the part of a disc between two angles.
type pie struct {
	ink               ink
	x, y, r, from, to float64
}

func (s pie) paint(c *canvas, t transform) {
	t.fill(c, s.ink, append(sweep(s.x, s.y, s.r, s.r, s.from, s.to), point{s.x, s.y}))
}

// arc is a piece of a circle drawn with a pen of width pen.
type arc struct {
	ink                    ink
	pen, x, y, r, from, to float64
}

func (s arc) paint(c *canvas, t transform) {
	in, out := s.r-s.pen/2, s.r+s.pen/2
	p := sweep(s.x, s.y, out, out, s.from, s.to)
	t.fill(c, s.ink, append(p, sweep(s.x, s.y, in, in, s.to, s.from)...))
}

// ring is a circle drawn with a pen of width pen.
type ring struct {
	ink          ink
	pen, x, y, r float64
}

func (s ring) paint(c *canvas, t transform) {
	arc{s.ink, s.pen, s.x, s.y, s.r, 0, 360}.paint(c, t)
}

// line is drawn from point to point with a pen of width pen, its ends square
// and its corners round.
type line struct {
	ink ink
	pen float64
	xy  xy
}

func (s line) paint(c *canvas, t transform) {
	p := s.xy.points()
	for i, b := range p[1:] {
		a := p[i]
		d := math.Hypot(b.x-a.x, b.y-a.y)
		dx, dy := (b.x-a.x)/d*s.pen/2, (b.y-a.y)/d*s.pen/2
		t.fill(c, s.ink, []point{
			{a.x - dy, a.y + dx}, {a.x + dy, a.y - dx}, {b.x + dy, b.y - dx}, {b.x - dy, b.y + dx},
		})
		if i > 0 {
			disc{s.ink, a.x, a.y, s.pen / 2}.paint(c, t)
		}
	}
}

// burst is a star of n points, or a sun: inner is the radius of the hollows
// as a part of r, and one point lies turn degrees from the upright.
type burst struct {
	ink     ink
	x, y, r float64
	n       int
	inner   float64
	turn    float64
}

func (s burst) paint(c *canvas, t transform) {
	var p []point
	for i := range 2 * s.n {
		r := s.r
		if i%2 == 1 {
			r *= s.inner
		}
		p = append(p, polar(s.x, s.y, r, s.turn-90+float64(i)*180/float64(s.n)))
	}
	t.fill(c, s.ink, p)
}

// star is an upright five-pointed star in a circle of radius r.
type star struct {
	ink     ink
	x, y, r float64
}

// pentagram is the radius of the hollows of a regular five-pointed star.
const pentagram = .382

func (s star) paint(c *canvas, t transform) {
	burst{s.ink, s.x, s.y, s.r, 5, pentagram, 0}.paint(c, t)
}

// stars are upright five-pointed stars of one size.
type stars struct {
	ink ink
	r   float64
	xy  xy
}

func (s stars) paint(c *canvas, t transform) {
	for _, p := range s.xy.points() {
		star{s.ink, p.x, p.y, s.r}.paint(c, t)
	}
}

// rays are n wedges around (x, y), from radius in, where they are base wide,
// to radius out, where they are tip wide. One lies turn degrees from the
// upright.
type rays struct {
	ink       ink
	n         int
	x, y      float64
	in, out   float64
	base, tip float64
	turn      float64
}

func (s rays) paint(c *canvas, t transform) {
	for i := range s.n {
		p := polar(0, 0, 1, s.turn-90+360*float64(i)/float64(s.n))
		u := transform{p.x, p.y, s.x, s.y}
		t.then(u).fill(c, s.ink, []point{
			{s.in, -s.base / 2}, {s.out, -s.tip / 2}, {s.out, s.tip / 2}, {s.in, s.base / 2},
		})
	}
}

// crescent is a disc of radius r less one of radius cut, whose centre lies
// dist away at angle turn.
type crescent struct {
	ink                      ink
	x, y, r, dist, cut, turn float64
}

func (s crescent) paint(c *canvas, t transform) {
	// The circles meet at angles ±α seen from the first centre and ±β seen
	// from the second.
	along := (s.dist*s.dist + s.r*s.r - s.cut*s.cut) / (2 * s.dist)
	α := math.Acos(along/s.r) * 180 / math.Pi
	β := math.Acos((along-s.dist)/s.cut) * 180 / math.Pi
	o := polar(s.x, s.y, s.dist, s.turn)
	p := sweep(s.x, s.y, s.r, s.r, s.turn+α, s.turn+360-α)
	t.fill(c, s.ink, append(p, sweep(o.x, o.y, s.cut, s.cut, s.turn+360-β, s.turn+β)...))
}

// wreath is n pairs of leaves of a given length on either side of a circle,
// climbing from its foot and leaving a gap, in degrees, at its top.
type wreath struct {
	ink     ink
	x, y, r float64
	n       int
	leaf    float64
	gap     float64
}

func (s wreath) paint(c *canvas, t transform) {
	leaf := art{oval{s.ink, 0, 0, .5, .2}}
	for i := range s.n {
		climb := (180 - s.gap/2) * (float64(i) + .5) / float64(s.n)
		for _, side := range []float64{-1, 1} {
			for _, lean := range []float64{-1, 1} {
				p := polar(s.x, s.y, s.r+.3*lean*s.leaf, 90+side*climb)
				at{p.x, p.y, s.leaf, side * (climb - 30*lean), leaf}.paint(c, t)
			}
		}
	}
}

// pentacle is a five-pointed star drawn with a pen, its lines crossing.
type pentacle struct {
	ink          ink
	pen, x, y, r float64
}

func (s pentacle) paint(c *canvas, t transform) {
	for i := range 5 {
		a := polar(s.x, s.y, s.r, -90+float64(i)*72)
		b := polar(s.x, s.y, s.r, 54+float64(i)*72)
		line{s.ink, s.pen, xy{a.x, a.y, b.x, b.y}}.paint(c, t)
	}
}

// blocks are rectangles of one size, their upper hoist corners listed.
type blocks struct {
	ink  ink
	w, h float64
	xy   xy
}

func (s blocks) paint(c *canvas, t transform) {
	for _, p := range s.xy.points() {
		rect{s.ink, p.x, p.y, s.w, s.h}.paint(c, t)
	}
}
