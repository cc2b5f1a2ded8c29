package atlas

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/gif"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

func draw(t *testing.T, cc string) ([]byte, image.Image) {
	t.Helper()
	data, ok := GIF(cc)
	if !ok {
		t.Fatalf("GIF(%q): no such country", cc)
	}
	m, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("GIF(%q): %v", cc, err)
	}
	return data, m
}

func TestCodes(t *testing.T) {
	codes := Codes()
	if len(codes) != 194 {
		t.Errorf("%d codes, want 194", len(codes))
	}
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Error("codes are not in strictly increasing order")
	}
	for _, cc := range codes {
		if len(cc) != 2 || cc != strings.ToUpper(cc) {
			t.Errorf("%q is not an upper-case code of two letters", cc)
		}
	}
}

func TestPop20(t *testing.T) {
	pop := Pop20()
	if len(pop) != 20 || pop[0] != "CN" || pop[19] != "FR" {
		t.Errorf("Pop20() = %v", pop)
	}
	for _, cc := range pop {
		if _, ok := Name(cc); !ok {
			t.Errorf("Pop20 lists %q, which has no entry", cc)
		}
	}
	pop[0] = "XX"
	if Pop20()[0] != "CN" {
		t.Error("Pop20 handed out its own slice")
	}
}

func TestUnknown(t *testing.T) {
	for _, cc := range []string{"", "X", "XX", "BRA", "../BR", "ıt", "ſe", "ﬁ"} {
		_, name := Name(cc)
		_, picture := GIF(cc)
		_, metadata := Metadata(cc)
		if name || picture || metadata {
			t.Errorf("%q: Name %t, GIF %t, Metadata %t, want false", cc, name, picture, metadata)
		}
	}
}

func TestMetadata(t *testing.T) {
	for _, cc := range Codes() {
		data, _ := Metadata(strings.ToLower(cc))
		var got struct {
			Country string `json:"country"`
			Code    string `json:"iso_cc"`
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", cc, err)
		}
		name, _ := Name(cc)
		if name == "" || got.Country != name || got.Code != cc {
			t.Errorf("%s: metadata %s, name %q", cc, data, name)
		}
	}
}

func TestGIF(t *testing.T) {
	same := make(map[string]string)
	for _, cc := range Codes() {
		data, m := draw(t, cc)
		if len(data) > 6<<10 {
			t.Errorf("%s: %d bytes", cc, len(data))
		}
		if other, ok := same[string(data)]; ok {
			t.Errorf("%s and %s have the same picture", other, cc)
		}
		same[string(data)] = cc

		if n := len(m.ColorModel().(color.Palette)); n > 64 {
			t.Errorf("%s: palette of %d", cc, n)
		}
		f, _ := find(cc)
		w, h := float64(m.Bounds().Dx()), float64(m.Bounds().Dy())
		if math.Abs(w-h*f.w/f.h) > 1 || h < 100 || h > 135 {
			t.Errorf("%s: %g×%g pixels for a grid of %g×%g", cc, w, h, f.w, f.h)
		}
	}
}

func TestProportions(t *testing.T) {
	tests := []struct {
		cc   string
		w, h int
	}{
		{"BE", 15, 13}, {"BR", 10, 7}, {"CA", 2, 1}, {"CD", 4, 3}, {"CH", 1, 1}, {"CN", 3, 2}, {"DE", 5, 3}, {"DK", 37, 28},
		{"FI", 18, 11}, {"GB", 2, 1}, {"ID", 3, 2}, {"IL", 11, 8}, {"IR", 7, 4}, {"IS", 25, 18}, {"MC", 5, 4}, {"MX", 7, 4},
		{"NE", 7, 6}, {"NO", 11, 8}, {"PL", 8, 5}, {"QA", 28, 11}, {"SE", 8, 5}, {"US", 19, 10}, {"VA", 1, 1},
	}
	for _, tt := range tests {
		_, m := draw(t, tt.cc)
		size := m.Bounds().Size()
		if want := float64(size.Y*tt.w) / float64(tt.h); math.Abs(float64(size.X)-want) > 1 {
			t.Errorf("%s: %v pixels, want %d:%d", tt.cc, size, tt.w, tt.h)
		}
	}
}

func TestPixels(t *testing.T) {
	const clear = 1 << 24
	tests := []struct {
		cc   string
		x, y float64 // parts of the width and the height
		want int
	}{
		{"JP", .5, .5, 0xBC002D}, {"JP", .02, .02, 0xFFFFFF},
		{"FR", .2, .5, 0x002654}, {"FR", .5, .5, 0xFFFFFF}, {"FR", .8, .5, 0xED2939},
		{"DE", .5, .1, 0x000000}, {"DE", .5, .5, 0xDD0000}, {"DE", .5, .9, 0xFFCE00},
		{"BR", .02, .02, 0x009739}, {"BR", .2, .5, 0xFEDD00}, {"BR", .5, .35, 0x012169},
		{"US", .02, .02, 0x0A3161}, {"US", .9, .04, 0xB31942}, {"US", .9, .11, 0xFFFFFF}, {"US", .1, .96, 0xB31942},
		{"CN", .16, .25, 0xFFDE00}, {"CN", .7, .5, 0xEE1C25},
		{"BD", .45, .5, 0xF42A41}, {"BD", .8, .5, 0x006A4E},
		{"GB", .5, .5, 0xC8102E}, {"GB", .25, .05, 0x012169},
		{"PK", .1, .5, 0xFFFFFF}, {"PK", .95, .5, 0x01411C},
		{"NP", .3, .2, 0xDC143C}, {"NP", .98, .05, clear}, {"NP", .9, .6, clear},
	}
	for _, tt := range tests {
		_, m := draw(t, tt.cc)
		size := m.Bounds().Size()
		p := color.RGBAModel.Convert(m.At(int(tt.x*float64(size.X)), int(tt.y*float64(size.Y)))).(color.RGBA)
		got := int(p.R)<<16 | int(p.G)<<8 | int(p.B)
		if p.A == 0 {
			got = clear
		}
		if got != tt.want {
			t.Errorf("%s at (%g, %g): %06X, want %06X", tt.cc, tt.x, tt.y, got, tt.want)
		}
	}
}

func TestConcurrent(t *testing.T) {
	want, _ := GIF("KI")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, _ := GIF("ki"); !bytes.Equal(got, want) {
				t.Error("two drawings of one flag differ")
			}
		})
	}
	wg.Wait()
}

func BenchmarkGIF(b *testing.B) {
	for b.Loop() {
		GIF("US")
	}
}
