package atlas

import "math"

var oceania = map[string]flag{
	"AU": {"Australia", 40, 20, art{
		field{0x012169}, at{0, 0, 1. / 3, 0, union},
		burst{white, 10, 15, 3, 7, .444, 0},
		burst{white, 30, 16.7, 1.45, 7, .444, 0}, burst{white, 25, 8.9, 1.45, 7, .444, 0},
		burst{white, 30, 3.5, 1.45, 7, .444, 0}, burst{white, 34.4, 7.4, 1.45, 7, .444, 0}, star{white, 32, 10.9, .85},
	}},
	"FJ": {"Fiji", 40, 20, art{
		field{0x62B5E5}, at{0, 0, 1. / 3, 0, union},
		at{30, 10, 4, 0, art{
			shield(white), inside{shield(black), art{
				rect{0xC8102E, -1, -1.1, 2, .7}, rect{0xC8102E, -.11, -.4, .22, 2}, rect{0xC8102E, -1, .2, 2, .22},
			}},
			oval{0xFFB81C, 0, -.75, .5, .2},
			blocks{0x2E7D32, .12, .45, xy{-.7, -.28, -.5, -.28, -.3, -.28}}, at{.55, -.08, .25, 0, palm(0x2E7D32, 0x6B4A2B)},
			at{-.5, .65, .3, 20, dove}, oval{0xFFB81C, .42, .68, .28, .16},
		}},
	}},
	"FM": {"Micronesia", 38, 20, art{field{0x75B2DD}, stars{white, 2.2, xy{19, 4.2, 19, 16, 10.5, 10.1, 27.5, 10.1}}}},
	"KI": {"Kiribati", 40, 20, art{
		field{red},
		inside{rect{black, 0, 0, 40, 10.4}, art{
			rays{yellow, 34, 20, 10.4, 4, 6.1, .65, 0, 5}, disc{yellow, 20, 10.4, 3.8},
		}},
		rect{0x003F87, 0, 11, 40, 9}, wave(11), wave(14.2), wave(17.4),
		poly{yellow, xy{
			12.8, 2, 15.6, 1.3, 18, 2, 19.6, 2.5, 21.4, 1.4, 23.8, .9, 27.4, 1.2, 24.6, 1.7, 22.6, 2.7, 21, 3.3,
			19, 3.9, 17.2, 3.7,
			18.4, 3.1, 15.6, 2.2,
		}},
	}},
	"MH": {"Marshall Islands", 38, 20, art{
		field{0x003893}, poly{0xDD7500, xy{0, 20, 38, 2.2, 38, 5.8}}, poly{white, xy{0, 20, 38, 5.8, 38, 9.4}},
		rays{white, 24, 9, 7, 0, 4.2, .9, 0, 0}, rays{white, 4, 9, 7, 0, 5.6, 1.1, 0, 0},
	}},
	"NR": {"Nauru", 40, 20, art{
		field{0x002B7F}, rect{0xFFC61E, 0, 9.2, 40, 1.6}, burst{white, 10, 15, 3.2, 12, .55, 0},
	}},
	"NZ": {"New Zealand", 40, 20, art{
		field{0x012169}, at{0, 0, 1. / 3, 0, union},
		stars{white, 1.55, xy{30.2, 4.1, 30.2, 16, 26.3, 9, 33.8, 7.8}},
		stars{0xC8102E, 1.1, xy{30.2, 4.1, 30.2, 16, 26.3, 9, 33.8, 7.8}},
	}},
	"PG": {"Papua New Guinea", 40, 30, art{
		field{black}, poly{red, xy{0, 0, 40, 0, 40, 30}},
		stars{white, 1.9, xy{10, 13, 6, 17.6, 14, 16.8, 10, 25}}, star{white, 12, 20.4, 1.1},
		at{27.5, 9.5, 6.4, 0, art{
			poly{yellow, xy{
				-.7, -.35, -.3, -.5, -.05, -.3, .15, -.75, .5, -1, .4, -.65, .75, -.75, .5, -.45, .95, -.4, .55, -.2, .85, .05,
				.5, -.02, .3, .15, .7, .5, 1.05, .55, .8, .75, .4, .6, 0, .2, -.2, .25, -.35, .65, -.7, .95, -.55, .55,
				-.3, .15, -.25, -.1,
			}},
			arc{yellow, .06, .3, .9, .9, 190, 250}, disc{yellow, -.6, -.42, .15},
		}},
	}},
	"PW": {"Palau", 16, 10, art{field{0x4AADD6}, disc{0xFFDE00, 7, 5, 3}}},
	"SB": {"Solomon Islands", 40, 20, art{
		field{0x215B33}, poly{0x0051BA, xy{0, 0, 40, 0, 0, 20}}, line{yellow, 1.2, xy{-4, 22, 44, -2}},
		stars{white, 1.7, xy{3, 3, 11, 3, 7, 6, 3, 9, 11, 9}},
	}},
	"TO": {"Tonga", 40, 20, art{
		field{0xC10000}, rect{white, 0, 0, 16.7, 10}, rect{0xC10000, 7, 1.6, 2.6, 6.8}, rect{0xC10000, 4.9, 3.7, 6.8, 2.6},
	}},
	"TV": {"Tuvalu", 40, 20, art{
		field{0x5B97B1}, at{0, 0, 1. / 3, 0, union},
		stars{0xFFCE00, 1.5, xy{22, 17.6, 25.5, 14.4, 25.5, 18.2, 29.6, 11.6, 29.6, 15.4, 32.6, 8.4, 33, 12.6, 36.6, 3.2, 36.6, 7.6}},
	}},
	"VU": {"Vanuatu", 50, 30, art{
		rows{0xD21034, 0x009543},
		line{black, 6.6, xy{-5, -3, 21, 15, 55, 15}}, line{black, 6.6, xy{-5, 33, 21, 15}},
		line{0xFDCE12, 2.2, xy{-5, -3, 21, 15, 55, 15}}, line{0xFDCE12, 2.2, xy{-5, 33, 21, 15}},
		poly{black, xy{0, 1.8, 19.1, 15, 0, 28.2}},
		arc{0xFDCE12, 1.1, 7.5, 15, 4.2, 100, 430}, at{7.5, 15, 3.2, 30, fern}, at{7.5, 15, 3.2, -30, fern},
	}},
	"WS": {"Samoa", 40, 20, art{
		field{red}, rect{0x002B7F, 0, 0, 20, 10},
		stars{white, 1.3, xy{10, 1.7, 10, 8.2, 6.6, 4.4, 13.2, 3.9}}, star{white, 11.4, 5.7, .8},
	}},
}

// dove is the bird on the shield of Fiji, facing the fly.
var dove = art{poly{0x9BA3AA, xy{
	-1, .35, -.4, .05, -.75, -.55, -.1, -.25, .1, -.9, .4, -.3, .65, -.4, 1, -.3, .7, -.15, .45, .2, 0, .35, -.5, .4,
}}}

// wave is one of the three white crests of Kiribati, at height y.
func wave(y float64) line {
	l := line{ink: white, pen: 1.6}
	for x := -1.0; x <= 41; x++ {
		l.xy = append(l.xy, x, y+.55*math.Sin(x*math.Pi/4))
	}
	return l
}

// fern is a leaf of the namele palm, upright.
var fern = art{
	rect{0xFDCE12, -.05, -1, .1, 2},
	line{0xFDCE12, .12, xy{-.3, -.75, 0, -.5, .3, -.75}}, line{0xFDCE12, .12, xy{-.35, -.4, 0, -.15, .35, -.4}},
	line{0xFDCE12, .12, xy{-.35, -.05, 0, .2, .35, -.05}}, line{0xFDCE12, .12, xy{-.3, .3, 0, .55, .3, .3}},
}
