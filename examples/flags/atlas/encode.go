package atlas

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/gif"
	"maps"
	"slices"
)

const maxColors = 64

// encode draws the flag and returns it as a GIF.
func (f flag) encode() []byte {
	c := newCanvas(&f)
	for _, s := range f.art {
		s.paint(c, identity)
	}
	var buf bytes.Buffer
	if err := gif.Encode(&buf, c.image(), nil); err != nil {
		panic(err) // writing to memory does not fail, and no flag is too large
	}
	return buf.Bytes()
}

// image reduces the canvas to its final resolution.
func (c *canvas) image() *image.Paletted {
	w, h := c.w/oversample, c.h/oversample
	pixels := make([]color.RGBA, 0, w*h)
	count := make(map[color.RGBA]int)
	for y := range h {
		for x := range w {
			p := c.average(x*oversample, y*oversample)
			pixels = append(pixels, p)
			count[p]++
		}
	}
	// The blends along edges are many; those seen most often stay, and the
	// rest take the nearest of them.
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(
			cmp.Compare(count[b], count[a]),
			cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B),
		)
	})
	var palette color.Palette
	for _, p := range colors[:min(len(colors), maxColors)] {
		palette = append(palette, p)
	}
	index := make(map[color.RGBA]uint8, len(colors))
	for _, p := range colors {
		index[p] = uint8(palette.Index(p))
	}
	m := image.NewPaletted(image.Rect(0, 0, w, h), palette)
	for i, p := range pixels {
		m.Pix[i] = index[p]
	}
	return m
}

// average returns the mean colour of the samples of one pixel, the upper left
// of them at (x, y). A pixel is transparent if most of its samples are.
func (c *canvas) average(x, y int) color.RGBA {
	var r, g, b, n int
	for dy := range oversample {
		row := (y+dy)*c.w + x
		for _, s := range c.samples[row : row+oversample] {
			if s == 0 {
				continue
			}
			k := (*c.inks)[s]
			r += int(k >> 16)
			g += int(k >> 8 & 0xFF)
			b += int(k & 0xFF)
			n++
		}
	}
	if n < oversample*oversample/2 {
		return color.RGBA{}
	}
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 0xFF}
}
