package atlas

var americas = map[string]flag{
	"AG": {"Antigua and Barbuda", 30, 20, art{
		field{red},
		inside{poly{black, xy{0, 0, 30, 0, 15, 20}}, art{
			rect{black, 0, 0, 30, 8.6}, burst{yellow, 15, 8.6, 6, 16, .6, 0},
			rect{0x0072C6, 0, 8.6, 30, 4}, rect{white, 0, 12.6, 30, 8},
		}},
	}},
	"AR": {"Argentina", 24, 15, art{
		rows{0x6CACE4, white, 0x6CACE4},
		burst{0x85340A, 12, 7.5, 2.3, 16, .45, 0}, burst{0xF6B40E, 12, 7.5, 2.1, 16, .5, 0},
		burst{0xF6B40E, 12, 7.5, 2.1, 16, .5, 11.25},
		disc{0x85340A, 12, 7.5, 1.15}, disc{0xF6B40E, 12, 7.5, 1.02},
		blocks{0x85340A, .3, .15, xy{11.5, 7.2, 12.2, 7.2}}, line{0x85340A, .12, xy{11.6, 8, 12, 8.1, 12.4, 8}},
	}},
	"BB": {"Barbados", 30, 20, art{
		cols{0x00267F, 0xFFC726, 0x00267F},
		rect{black, 14.55, 6, .9, 8.4}, poly{black, xy{15, 4.6, 15.9, 6.6, 14.1, 6.6}},
		line{black, .85, xy{12.3, 6.2, 12.7, 8.2, 12.9, 10.6, 17.1, 10.6, 17.3, 8.2, 17.7, 6.2}},
		poly{black, xy{11.4, 5.4, 13.4, 6, 12.2, 7.2}}, poly{black, xy{18.6, 5.4, 16.6, 6, 17.8, 7.2}},
	}},
	"BO": {"Bolivia", 22, 15, art{
		rows{0xD52B1E, 0xF9E300, 0x007934},
		line{0xB8860B, .3, xy{8.9, 5.7, 13.1, 9.3}}, line{0xB8860B, .3, xy{13.1, 5.7, 8.9, 9.3}},
		poly{0xD52B1E, xy{8.6, 6, 9.6, 7.2, 9, 8.8}}, poly{0x007934, xy{13.4, 6, 12.4, 7.2, 13, 8.8}},
		oval{0x0A4DA2, 11, 7.6, 1.5, 1.9}, oval{0xB7DFF2, 11, 7.4, 1.1, 1.45},
		inside{oval{black, 11, 7.4, 1.1, 1.45}, art{
			poly{0x8C5A2B, xy{9.8, 8.2, 11, 6.9, 12.2, 8.2}}, rect{0x4C9A2A, 9, 8, 4, 1}, disc{0xF2B705, 11.5, 6.6, .35},
		}},
		at{11, 5.5, .65, 0, art{mirror{{0x5B3A1E, spread}}}},
	}},
	"BR": {"Brazil", 20, 14, art{
		field{0x009739}, poly{0xFEDD00, xy{1.7, 7, 10, 1.7, 18.3, 7, 10, 12.3}}, disc{0x012169, 10, 7, 3.5},
		inside{disc{black, 10, 7, 3.5}, art{ring{white, .5, 8, 14, 8.25}, arc{0x009739, .14, 8, 14, 8.25, -88, -52}}},
		stars{white, .24, xy{
			11.6, 5.2, 7.3, 7.4, 7.9, 8.3, 8.6, 9.2, 9.6, 8.2, 10, 7.6, 10, 9.4, 10.4, 8.3, 11.4, 8.9, 11.9, 8.2,
			12.4, 8.8, 11, 9.9, 9.2, 10,
		}},
	}},
	"BS": {"Bahamas", 6, 3, art{rows{0x00778B, 0xFFC72C, 0x00778B}, hoist{black, 2.6}}},
	"BZ": {"Belize", 40, 24, art{
		field{0x003F87}, rect{0xD90F19, 0, 0, 40, 2.4}, rect{0xD90F19, 0, 21.6, 40, 2.4}, disc{white, 20, 12, 8},
		wreath{0x3A7D34, 20, 12, 7, 13, 1.5, 20},
		at{20, 12.6, 2.5, 0, art{
			inside{shield(black), art{
				rect{white, -1, -1.1, 1, 1.2}, rect{0xFFD90F, 0, -1.1, 1, 1.2}, rect{0x7DC1E8, -1, .1, 2, 1.2},
				line{0x8C5A2B, .15, xy{-.8, -.9, -.2, -.1}}, line{0x8C5A2B, .15, xy{.2, -.1, .8, -.9}},
				poly{0x8C5A2B, xy{-.5, .65, .5, .65, .3, .9, -.3, .9}}, poly{white, xy{-.3, .6, 0, .15, .3, .6}},
			}},
			line{0x5B3A1E, .1, xy{-1, -1.1, 1, -1.1, 1, .1, .85, .55, .5, .9, 0, 1.2, -.5, .9, -.85, .55, -1, .1, -1, -1.1}},
		}},
		at{20, 8, 1.9, 0, tree(0x2F6B2B, 0x5B3A1E)},
		rect{0x8C5A2B, 16.2, 11, .8, 3.6}, rect{0x5B3A1E, 23, 11, .8, 3.6}, disc{0x8C5A2B, 16.6, 10.5, .6},
		disc{0x5B3A1E, 23.4, 10.5, .6},
		rect{white, 16.1, 12.8, 1, 2}, rect{white, 22.9, 12.8, 1, 2},
	}},
	"CA": {"Canada", 40, 20, art{cols{0xFF0000, white, white, 0xFF0000}, at{20, 10, 1, 0, art{mirror{{0xFF0000, maple}}}}}},
	"CL": {"Chile", 30, 20, art{rows{white, 0xD52B1E}, rect{0x0039A6, 0, 0, 10, 10}, star{white, 5, 5.15, 2.5}}},
	"CO": {"Colombia", 3, 2, art{rows{yellow, yellow, 0x003893, red}}},
	"CR": {"Costa Rica", 30, 18, art{
		rows{0x002B7F, white, red, red, white, 0x002B7F},
		oval{white, 10, 9, 3.6, 2.7},
		inside{oval{black, 10, 9.1, 1.7, 2.1}, art{
			field{0x9CD3F0}, poly{0x2E7D32, xy{8.2, 9.4, 9, 8, 9.5, 8.8, 10, 7.8, 10.5, 8.8, 11, 8, 11.8, 9.4}},
			rect{0x1F6FB5, 8, 9.4, 4, 2}, poly{white, xy{9.4, 10.4, 10, 9.3, 10.6, 10.4}}, disc{0xF2B705, 8.9, 8.2, .3},
		}},
		ring{0xC9A227, .3, 10, 9.1, 2.05}, arc{0x1F6FB5, .3, 10, 9, 2.4, 220, 320},
	}},
	"CU": {"Cuba", 30, 15, art{rows{0x002A8F, white, 0x002A8F, white, 0x002A8F}, hoist{0xCB1515, 13}, star{white, 4.3, 7.7, 2.4}}},
	"DM": {"Dominica", 40, 20, art{
		field{0x006B3F},
		rect{yellow, 0, 8.2, 40, 1.2}, rect{black, 0, 9.4, 40, 1.2}, rect{white, 0, 10.6, 40, 1.2},
		rect{yellow, 18.2, 0, 1.2, 20}, rect{black, 19.4, 0, 1.2, 20}, rect{white, 20.6, 0, 1.2, 20},
		disc{0xD41C30, 20, 10, 5.6},
		stars{0x009E49, .75, xy{
			20, 5.5, 22.65, 6.36, 24.28, 8.61, 24.28, 11.39, 22.65, 13.64, 20, 14.5, 17.35, 13.64, 15.72, 11.39,
			15.72, 8.61, 17.35, 6.36,
		}},
		at{20, 10, 3.1, 0, art{
			poly{0x009E49, xy{-.1, -.95, .2, -.95, .35, -.6, .4, .1, .2, .5, .1, 1.05, -.1, 1.05, -.1, .45, -.35, 0, -.3, -.45}},
			poly{0x5A2D82, xy{-.25, -.45, .1, -.5, .15, .3, -.1, .4, -.35, 0}}, disc{0x5A2D82, 0, -.75, .25},
			poly{yellow, xy{-.2, -.8, -.45, -.65, -.2, -.62}}, rect{0x8C5A2B, -.5, .5, 1, .12},
		}},
	}},
	"EC": {"Ecuador", 30, 20, art{
		rows{0xFFDD00, 0xFFDD00, 0x034EA2, 0xED1C24},
		line{0xB8860B, .3, xy{12, 5.8, 18, 13}}, line{0xB8860B, .3, xy{18, 5.8, 12, 13}},
		poly{0xED1C24, xy{11.6, 7, 13.4, 8.6, 12.2, 12}}, poly{0x034EA2, xy{18.4, 7, 16.6, 8.6, 17.8, 12}},
		oval{0xC9A227, 15, 9.9, 2.5, 3.3}, oval{0x9CD3F0, 15, 9.9, 2.1, 2.9},
		inside{oval{black, 15, 9.9, 2.1, 2.9}, art{
			poly{0x7A8B6F, xy{13, 10.4, 15.4, 7.9, 17.2, 10.4}}, poly{white, xy{14.7, 8.7, 15.4, 7.9, 16, 8.7}},
			rect{0x2E7D32, 12, 10.2, 6, .9}, rect{0x1F6FB5, 12, 11.1, 6, 2}, disc{0xFFDD00, 14.1, 8.2, .5},
			poly{white, xy{14.4, 12, 15, 10.9, 15.6, 12}},
		}},
		at{15, 5.6, 2, 0, art{mirror{{0x4A3423, spread}}}}, disc{0x4A3423, 15, 4.5, .4},
		wreath{0x2E7D32, 15, 11.6, 3.2, 3, 1.1, 230},
	}},
	"GD": {"Grenada", 50, 30, art{
		field{red}, rect{yellow, 4, 4, 42, 22}, poly{0x007A5E, xy{4, 4, 25, 15, 4, 26}},
		poly{0x007A5E, xy{46, 4, 25, 15, 46, 26}},
		disc{red, 25, 15, 4}, star{yellow, 25, 15.2, 3.4},
		stars{yellow, 1.7, xy{9, 2.1, 25, 2.1, 41, 2.1, 9, 28.1, 25, 28.1, 41, 28.1}},
		at{11, 15, 2.8, 0, art{
			poly{yellow, xy{-.9, -1, -.2, -.7, .6, -.6, .9, 0, .7, .7, .1, .9, -.5, .6, -.8, 0}},
			poly{red, xy{-.5, -.5, .4, -.1, .5, .5, .1, .6, -.2, .2}},
		}},
	}},
	"GT": {"Guatemala", 24, 15, art{
		cols{0x4997D0, white, 0x4997D0},
		wreath{0x4C8C3A, 12, 7.6, 2.5, 7, .9, 80},
		line{0x8A6D3B, .25, xy{10.4, 9.1, 13.6, 6.1}}, line{0x8A6D3B, .25, xy{13.6, 9.1, 10.4, 6.1}},
		rect{0xF3EBC5, 11.2, 6.8, 1.6, 1.7}, blocks{0xB9A36B, 1, .12, xy{11.5, 7.2, 11.5, 7.6, 11.5, 8}},
		poly{0x1E8F5A, xy{11.4, 5.9, 11.9, 5.4, 12.2, 5.5, 12.6, 6.2, 13.2, 7.4, 13.4, 9.2, 12.9, 8, 12.2, 6.9}},
		disc{0xC8102E, 12, 6.3, .3},
	}},
	"GY": {"Guyana", 50, 30, art{
		field{0x009E49}, hoist{white, 50}, poly{yellow, xy{0, 1.5, 46.5, 15, 0, 28.5}}, hoist{black, 26},
		poly{red, xy{0, 1.8, 22.8, 15, 0, 28.2}},
	}},
	"HN": {"Honduras", 36, 18, art{rows{0x00BCE4, white, 0x00BCE4}, stars{0x00BCE4, 1.15, xy{18, 9, 13.8, 7.3, 22.2, 7.3, 13.8, 10.9, 22.2, 10.9}}}},
	"HT": {"Haiti", 50, 30, art{
		rows{0x00209F, 0xD21034}, rect{white, 20, 9.5, 10, 11},
		poly{0x4C8C3A, xy{20, 20.5, 21, 18.6, 25, 17.6, 29, 18.6, 30, 20.5}},
		at{25, 14.6, 3.4, 0, palm(0x2E7D32, 0x8A6D3B)},
		line{0xD21034, .5, xy{21.6, 17.6, 23, 12.6}}, line{0x00209F, .5, xy{28.4, 17.6, 27, 12.6}},
		poly{0xD21034, xy{21, 13, 22.8, 13.6, 22.2, 16}}, poly{0x00209F, xy{29, 13, 27.2, 13.6, 27.8, 16}},
		rect{0xC9A227, 21.4, 18, 2.6, .7}, rect{0xC9A227, 26, 18, 2.6, .7},
	}},
	"JM": {"Jamaica", 40, 20, art{
		field{0x009B3A}, poly{black, xy{0, 0, 20, 10, 0, 20}}, poly{black, xy{40, 0, 20, 10, 40, 20}},
		line{0xFED100, 3.7, xy{-4, -2, 44, 22}}, line{0xFED100, 3.7, xy{-4, 22, 44, -2}},
	}},
	"KN": {"Saint Kitts and Nevis", 30, 20, art{
		poly{0x009E49, xy{0, 0, 30, 0, 0, 20}}, poly{red, xy{30, 0, 30, 20, 0, 20}},
		line{yellow, 8.2, xy{-6, 24, 36, -4}}, line{black, 6.4, xy{-6, 24, 36, -4}},
		burst{white, 8.7, 14, 2.5, 5, pentagram, -34}, burst{white, 21.3, 6, 2.5, 5, pentagram, -34},
	}},
	"LC": {"Saint Lucia", 40, 20, art{
		field{0x65CFFF}, poly{white, xy{20, 2, 27.4, 17.2, 12.6, 17.2}}, poly{black, xy{20, 4.3, 26.4, 17.2, 13.6, 17.2}},
		poly{yellow, xy{20, 10, 27.4, 17.2, 12.6, 17.2}},
	}},
	"MX": {"Mexico", 28, 16, art{
		cols{0x006847, white, red},
		arc{0x30914C, .5, 14, 7.8, 3.3, 15, 165}, wreath{0x30914C, 14, 7.8, 3.3, 5, .9, 220},
		poly{0x2F9BB3, xy{11.9, 10.2, 16.1, 10.2, 15.4, 10.9, 12.6, 10.9}},
		oval{0x4FA05A, 14, 9.2, .5, .9}, oval{0x4FA05A, 12.9, 9.3, .8, .4}, oval{0x4FA05A, 15.1, 9.3, .8, .4},
		at{14, 7.1, 2.1, 0, art{
			poly{0x8C5A2B, xy{
				-.5, -.75, -.3, -.98, 0, -.95, .15, -.7, .1, -.4, .5, -.9, .95, -1.05, .75, -.75, 1.15, -.75, .8, -.5, 1.15, -.35,
				.8, -.25, 1, 0, .7, -.05, .75, .25, .5, .15, .55, .55, .3, .4, .2, .8, 0, .55, -.2, .6, -.3, .1,
				-.6, .2, -.8, -.1,
				-.65, -.3, -.35, -.3, -.15, -.55, -.3, -.68,
			}},
			poly{0xF2B705, xy{-.5, -.78, -.72, -.6, -.42, -.62}},
			line{0x1F7A3D, .13, xy{-.62, -.55, -.95, -.45, -.85, -.15, -1.05, .15, -.7, .4, -.3, .35}},
			line{0xD9A400, .1, xy{-.1, .55, -.15, .8}}, line{0xD9A400, .1, xy{.15, .6, .2, .85}},
		}},
		disc{red, 14, 11.1, .3},
	}},
	"NI": {"Nicaragua", 30, 18, art{
		rows{0x0067C6, white, 0x0067C6},
		ring{0xC9A227, .25, 15, 9, 2.7}, poly{0xC9A227, xy{15, 6.6, 17.2, 10.3, 12.8, 10.3}},
		inside{poly{black, xy{15, 7.1, 16.8, 10.1, 13.2, 10.1}}, art{
			field{0x9CD3F0}, arc{red, .3, 15, 9.4, 1.3, 180, 360}, arc{yellow, .3, 15, 9.4, 1, 180, 360},
			poly{0x2E7D32, xy{13, 10, 13.9, 9, 14.5, 9.6, 15, 8.9, 15.5, 9.6, 16.1, 9, 17, 10}}, rect{0x1F6FB5, 12, 9.7, 6, 1},
		}},
	}},
	"PA": {"Panama", 30, 20, art{
		field{white}, rect{0xDA121A, 15, 0, 15, 10}, rect{0x072357, 0, 10, 15, 10},
		star{0x072357, 7.5, 5.2, 2.4}, star{0xDA121A, 22.5, 15.2, 2.4},
	}},
	"PE": {"Peru", 3, 2, art{cols{0xD91023, white, 0xD91023}}},
	"PY": {"Paraguay", 40, 22, art{
		rows{0xD52B1E, white, 0x0038A8},
		ring{0x6D7175, .25, 20, 11, 3.1}, wreath{0x009B3A, 20, 11, 2.3, 5, .9, 70}, star{0xFEDF00, 20, 11, 1.2},
		arc{0xD52B1E, .4, 20, 11, 2.75, 215, 325},
	}},
	"SR": {"Suriname", 30, 20, art{
		rows{0x377E3F, 0x377E3F, white, 0xB40A2D, 0xB40A2D, 0xB40A2D, 0xB40A2D, white, 0x377E3F, 0x377E3F},
		star{0xECC81D, 15, 10.3, 3.6},
	}},
	"SV": {"El Salvador", 33.5, 18.9, art{
		rows{0x0F47AF, white, 0x0F47AF},
		wreath{0x1E8F3A, 16.75, 9.5, 2.4, 7, .8, 60}, poly{0xE8B923, xy{16.75, 7.4, 18.6, 10.6, 14.9, 10.6}},
		inside{poly{black, xy{16.75, 7.9, 18.1, 10.3, 15.4, 10.3}}, art{
			field{0x9CD3F0}, poly{0x1E8F3A, xy{15, 10.2, 16, 9.2, 16.75, 9.8, 17.5, 9.2, 18.5, 10.2}},
			rect{0x0F47AF, 15, 10, 4, 1},
			disc{red, 16.75, 9, .25},
		}},
		line{0x0F47AF, .45, xy{14.9, 11.4, 16.75, 11.8, 18.6, 11.4}},
	}},
	"TT": {"Trinidad and Tobago", 50, 30, art{
		field{0xDA1A35}, poly{white, xy{0, 0, 16, 0, 50, 30, 34, 30}}, poly{black, xy{2.6, 0, 13.4, 0, 47.4, 30, 36.6, 30}},
	}},
	"US": {"United States of America", 24.7, 13, art{
		rows{
			0xB31942, white, 0xB31942, white, 0xB31942, white, 0xB31942, white, 0xB31942, white, 0xB31942, white, 0xB31942,
		},
		rect{0x0A3161, 0, 0, 9.88, 7}, fifty(),
	}},
	"UY": {"Uruguay", 27, 18, art{
		rows{white, 0x0038A8, white, 0x0038A8, white, 0x0038A8, white, 0x0038A8, white}, rect{white, 0, 0, 10, 10},
		burst{0x7B3F00, 5, 5, 4.3, 16, .45, 0}, burst{yellow, 5, 5, 4, 16, .5, 0},
		disc{0x7B3F00, 5, 5, 2.3}, disc{yellow, 5, 5, 2.1},
		blocks{0x7B3F00, .5, .25, xy{4.1, 4.4, 5.4, 4.4}}, line{0x7B3F00, .22, xy{4.2, 5.9, 5, 6.2, 5.8, 5.9}},
	}},
	"VC": {"Saint Vincent and the Grenadines", 30, 20, art{
		cols{0x002674, 0xFCD022, 0xFCD022, 0x007C2E},
		poly{0x007C2E, xy{12, 5, 14, 8.3, 12, 11.6, 10, 8.3}}, poly{0x007C2E, xy{18, 5, 20, 8.3, 18, 11.6, 16, 8.3}},
		poly{0x007C2E, xy{15, 10.2, 17, 13.5, 15, 16.8, 13, 13.5}},
	}},
	"VE": {"Venezuela", 30, 20, art{
		rows{0xFFCC00, 0x00247D, 0xCF142B},
		stars{white, .85, xy{10.3, 11.6, 11.17, 10.1, 12.5, 9, 14.13, 8.4, 15.87, 8.4, 17.5, 9, 18.83, 10.1, 19.7, 11.6}},
	}},
}

// maple is the left half of the leaf of Canada.
var maple = xy{
	0, 8.4, -.3, 8.4, -.19, 4.86, -.65, 4.45, -4.23, 5.08, -3.75, 3.75, -3.83, 3.45, -7.75, .27, -6.87, -.14, -6.72, -.47,
	-7.5, -2.85, -5.24, -2.37, -4.94, -2.53, -4.5, -3.56, -2.74, -1.67, -2.28, -1.91, -3.12, -6.29, -1.76, -5.5,
	-1.38, -5.62, 0, -8.33,
}

// fifty returns the stars of the states, nine staggered rows of six and five.
func fifty() stars {
	s := stars{ink: white, r: .4}
	for row := range 9 {
		for col := row % 2; col < 11; col += 2 {
			s.xy = append(s.xy, 9.88/12*float64(col+1), .7*float64(row+1))
		}
	}
	return s
}
