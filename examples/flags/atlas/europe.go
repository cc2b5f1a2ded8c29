package atlas

var europe = map[string]flag{
	"AD": {"Andorra", 25, 17.5, art{
		rect{0x10069F, 0, 0, 8, 17.5}, rect{0xFEDD00, 8, 0, 9, 17.5}, rect{0xD50032, 17, 0, 8, 17.5},
		at{12.5, 8.75, 3.3, 0, art{
			at{0, 0, 1.08, 0, art{shield(0x9C5A2E)}},
			inside{shield(black), art{
				rect{0xD50032, -1, -1.1, 1, 1.1}, rect{0xFEDD00, 0, -1.1, 1, 1.1},
				rect{0xFEDD00, -1, 0, 1, 1.2}, rect{0xFEDD00, 0, 0, 1, 1.2},
				poly{white, xy{-.6, -.25, -.5, -.85, -.4, -.25}}, rect{0xFEDD00, -.7, -.5, .4, .12},
				blocks{0xD50032, .14, 1.1, xy{.15, -1.1, .43, -1.1, .71, -1.1}},
				blocks{0xD50032, .12, 1.2, xy{-.88, 0, -.62, 0, -.36, 0, -.12, 0}},
				rect{0xD50032, .18, .2, .5, .16}, rect{0xD50032, .18, .55, .5, .16},
			}},
		}},
	}},
	"AL": {"Albania", 7, 5, art{field{0xE41E20}, at{3.5, 2.5, 2.1, 0, twoHeaded(black)}}},
	"AT": {"Austria", 3, 2, art{rows{0xED2939, white, 0xED2939}}},
	"BA": {"Bosnia and Herzegovina", 40, 20, art{
		field{0x002395}, poly{0xFECB00, xy{10.6, 0, 30.6, 0, 30.6, 20}},
		stars{white, 1.6, xy{7.9, 0, 10.4, 2.5, 12.9, 5, 15.4, 7.5, 17.9, 10, 20.4, 12.5, 22.9, 15, 25.4, 17.5, 27.9, 20}},
	}},
	"BE": {"Belgium", 15, 13, art{cols{black, 0xFDDA24, 0xEF3340}}},
	"BG": {"Bulgaria", 5, 3, art{rows{white, 0x00966E, 0xD62612}}},
	"BY": {"Belarus", 36, 18, art{
		rect{0xCE1720, 0, 0, 36, 12}, rect{0x007C30, 0, 12, 36, 6}, rect{white, 0, 0, 4, 18},
		at{2, 3, 1, 0, rushnyk}, at{2, 9, 1, 0, rushnyk}, at{2, 15, 1, 0, rushnyk},
	}},
	"CH": {"Switzerland", 32, 32, art{field{0xDA291C}, rect{white, 13, 6, 6, 20}, rect{white, 6, 13, 20, 6}}},
	"CY": {"Cyprus", 30, 20, art{
		field{white},
		poly{0xD57800, xy{
			9.5, 9.6, 9.4, 8.7, 10.3, 8.2, 11.2, 8.4, 11.6, 7.4, 12.3, 7.7, 14.5, 7.4, 16.5, 6.6, 18.8, 5.2, 20.8, 4,
			18.9, 6, 17.8, 7.2, 18.2, 8.2, 17.6, 8.8, 16.6, 8.7, 15.6, 9.6, 14.2, 9.9, 13.3, 10.8, 12.2, 10.5, 11, 10.8,
			10.1, 10.5,
		}},
		arc{0x4E5B31, .25, 15, 9.5, 6, 45, 135}, wreath{0x4E5B31, 15, 9.5, 6, 5, 1.5, 250},
	}},
	"CZ": {"Czech Republic", 3, 2, art{rows{white, 0xD7141A}, hoist{0x11457E, 1.5}}},
	"DE": {"Germany", 5, 3, art{rows{black, 0xDD0000, 0xFFCE00}}},
	"DK": {"Denmark", 37, 28, art{field{0xC8102E}, cross{white, 14, 14, 4}}},
	"EE": {"Estonia", 11, 7, art{rows{0x0072CE, black, white}}},
	"ES": {"Spain", 30, 20, art{
		rows{0xAA151B, 0xF1BF00, 0xF1BF00, 0xAA151B},
		at{9.5, 10.4, 1.9, 0, art{
			blocks{0xE8E8E8, .3, 2.1, xy{-1.7, -.9, 1.4, -.9}},
			blocks{0xAA151B, .4, .25, xy{-1.75, -.3, 1.35, -.3, -1.75, .3, 1.35, .3}},
			blocks{0xC8951A, .5, .2, xy{-1.8, -1.1, 1.3, -1.1, -1.8, 1.1, 1.3, 1.1}},
			inside{shield(black), art{
				rect{0xAA151B, -1, -1.1, 1, 1.1}, rect{white, 0, -1.1, 1, 1.1},
				rect{0xF1BF00, -1, 0, 1, 1.3}, rect{0xAA151B, 0, 0, 1, 1.3},
				blocks{0xAA151B, .14, 1.3, xy{-.86, 0, -.58, 0, -.3, 0}},
				rect{0xF1BF00, -.7, -.8, .4, .5}, rect{0xB04A8C, .3, -.85, .4, .6}, ring{0xF1BF00, .14, .5, .4, .25},
			}},
			oval{0x0039A0, 0, 0, .25, .3}, line{0x8C1A1A, .08, xy{-1, -1.1, 1, -1.1}},
			at{0, -1.6, .75, 0, crown(0xAA151B)},
		}},
	}},
	"FI": {"Finland", 18, 11, art{field{white}, cross{0x002F6C, 6.5, 5.5, 3}}},
	"FR": {"France", 3, 2, art{cols{0x002654, white, 0xED2939}}},
	"GB": {"United Kingdom", 60, 30, union},
	"GR": {"Greece", 27, 18, art{
		rows{0x0D5EAF, white, 0x0D5EAF, white, 0x0D5EAF, white, 0x0D5EAF, white, 0x0D5EAF},
		rect{0x0D5EAF, 0, 0, 10, 10}, rect{white, 4, 0, 2, 10}, rect{white, 0, 4, 10, 2},
	}},
	"HR": {"Croatia", 40, 20, art{
		rows{0xFF0000, white, 0x171796},
		at{20, 10.4, 4, 0, art{
			at{0, 0, 1.06, 0, art{shield(0xFF0000)}},
			inside{shield(black), art{
				rect{0xFF0000, -1, -1.1, 2, 2.4},
				blocks{white, .4, .46, xy{
					-.6, -1.1, .2, -1.1, -1, -.64, -.2, -.64, .6, -.64, -.6, -.18, .2, -.18,
					-1, .28, -.2, .28, .6, .28, -.6, .74, .2, .74,
				}},
			}},
			blocks{0x0093DD, .36, .5, xy{-.98, -1.65, -.18, -1.8, .62, -1.65}},
			blocks{0x171796, .36, .5, xy{-.58, -1.72, .22, -1.72}},
			blocks{0xF7DB17, .2, .2, xy{-.9, -1.5, -.1, -1.65, .7, -1.5}},
			blocks{0xFF0000, .2, .16, xy{-.5, -1.55, .3, -1.55}},
		}},
	}},
	"HU": {"Hungary", 6, 3, art{rows{0xCE2939, white, 0x477050}}},
	"IE": {"Ireland", 6, 3, art{cols{0x169B62, white, 0xFF883E}}},
	"IS": {"Iceland", 25, 18, art{field{0x02529C}, cross{white, 9, 9, 4}, cross{0xDC1E35, 9, 9, 2}}},
	"IT": {"Italy", 3, 2, art{cols{0x009246, white, 0xCE2B37}}},
	"LI": {"Liechtenstein", 20, 12, art{
		rows{0x002B7F, red},
		at{4.7, 3.2, 2, 0, art{at{0, 0, 1.1, 0, crown(black)}, crown(0xFFD83D), line{black, .12, xy{-.8, .35, .8, .35}}}},
	}},
	"LT": {"Lithuania", 5, 3, art{rows{0xFDB913, 0x006A44, 0xC1272D}}},
	"LU": {"Luxembourg", 5, 3, art{rows{0xEF3340, white, 0x00A3E0}}},
	"LV": {"Latvia", 20, 10, art{rows{0x9E3039, 0x9E3039, white, 0x9E3039, 0x9E3039}}},
	"MC": {"Monaco", 5, 4, art{rows{red, white}}},
	"MD": {"Moldova", 40, 20, art{
		cols{0x0046AE, 0xFFD200, 0xCC092F},
		at{20, 10, 5.2, 0, art{
			eagle(0x7C4A21),
			at{0, .05, .36, 0, art{
				inside{shield(black), art{rect{0xCC092F, -1, -1.1, 2, 1.1}, rect{0x0046AE, -1, 0, 2, 1.2}}},
				star{0xFFD200, 0, -.65, .4}, disc{0xFFD200, 0, .2, .5},
			}},
			rect{0xD9A400, -.04, -1.15, .08, .34}, rect{0xD9A400, -.14, -1.05, .28, .08},
		}},
	}},
	"ME": {"Montenegro", 40, 20, art{
		field{0xD4AF3A}, rect{0xC40308, 1, 1, 38, 18},
		at{20, 10.6, 7.2, 0, twoHeaded(0xD4AF3A)}, at{20, 3.3, 1.5, 0, crown(0xD4AF3A)},
		at{20, 10.6, 2, 0, art{
			inside{shield(black), art{rect{0x1D5E91, -1, -1.1, 2, 1.7}, rect{0x1D7A3E, -1, .4, 2, 1}}},
			oval{0xD4AF3A, 0, 0, .7, .3}, disc{0xD4AF3A, -.6, -.3, .28},
		}},
	}},
	"MK": {"Macedonia", 28, 14, art{
		field{0xD20000},
		poly{0xFFE600, xy{14, 7, 0, 0, 4.2, 0}}, poly{0xFFE600, xy{14, 7, 28, 0, 23.8, 0}},
		poly{0xFFE600, xy{14, 7, 0, 14, 4.2, 14}}, poly{0xFFE600, xy{14, 7, 28, 14, 23.8, 14}},
		poly{0xFFE600, xy{14, 7, 0, 5.6, 0, 8.4}}, poly{0xFFE600, xy{14, 7, 28, 5.6, 28, 8.4}},
		poly{0xFFE600, xy{14, 7, 12.6, 0, 15.4, 0}}, poly{0xFFE600, xy{14, 7, 12.6, 14, 15.4, 14}},
		disc{0xD20000, 14, 7, 2.4}, disc{0xFFE600, 14, 7, 2},
	}},
	"MT": {"Malta", 30, 20, art{
		cols{white, 0xCF142B},
		rays{0xCF142B, 4, 4, 4, 0, 2.7, 1.5, 2.2, 0}, rays{0xB1B4B6, 4, 4, 4, 0, 2.4, 1, 1.7, 0},
		disc{0xB1B4B6, 4, 4, 1.2}, ring{0x6D7175, .25, 4, 4, .9},
	}},
	"NL": {"Netherlands", 3, 2, art{rows{0xAE1C28, white, 0x21468B}}},
	"NO": {"Norway", 22, 16, art{field{0xBA0C2F}, cross{white, 8, 8, 4}, cross{0x00205B, 8, 8, 2}}},
	"PL": {"Poland", 8, 5, art{rows{white, 0xDC143C}}},
	"PT": {"Portugal", 30, 20, art{
		field{0xDA291C}, rect{0x046A38, 0, 0, 12, 20},
		ring{0xFFE900, .8, 12, 10, 4.6},
		arc{0xFFE900, .5, 12, 3.6, 7.3, 45, 135}, arc{0xFFE900, .5, 12, 16.4, 7.3, 225, 315},
		line{0xFFE900, .5, xy{8.6, 6.9, 15.4, 13.1}}, line{0xFFE900, .5, xy{8.6, 13.1, 15.4, 6.9}},
		at{12, 9.9, 2.9, 0, art{
			at{0, 0, 1.06, 0, art{shield(white)}}, shield(0xDA291C), at{0, -.08, .68, 0, art{shield(white)}},
			blocks{0x002D72, .24, .3, xy{-.12, -.65, -.12, -.22, -.12, .22, -.5, -.22, .26, -.22}},
			blocks{0xFFE900, .22, .22, xy{-.95, -1.03, -.11, -1.03, .73, -1.03, -.93, -.3, .71, -.3, -.75, .42, .53, .42}},
		}},
	}},
	"RO": {"Romania", 3, 2, art{cols{0x002B7F, yellow, red}}},
	"RS": {"Serbia", 30, 20, art{
		rows{0xC6363C, 0x0C4076, white},
		at{10.7, 10.2, 4.4, 0, art{
			at{0, 0, 1.08, 0, art{shield(0xEDB92E)}}, shield(0xC6363C),
			at{0, -.02, .9, 0, twoHeaded(white)},
			at{0, 0, .3, 0, art{shield(0xC6363C), rect{white, -.15, -1, .3, 2}, rect{white, -.9, -.3, 1.8, .3}}},
			at{0, -1.55, .62, 0, crown(0xEDB92E)},
		}},
	}},
	"RU": {"Russian Federation", 3, 2, art{rows{white, 0x0039A6, 0xD52B1E}}},
	"SE": {"Sweden", 16, 10, art{field{0x006AA7}, cross{0xFECC00, 6, 5, 2}}},
	"SI": {"Slovenia", 40, 20, art{
		rows{white, 0x005DA4, 0xED1C24},
		at{10, 6.8, 2.9, 0, art{
			at{0, 0, 1.1, 0, art{shield(0xED1C24)}}, shield(0x005DA4),
			inside{shield(black), art{
				poly{white, xy{-1, .5, -.55, -.05, -.35, .15, 0, -.5, .35, .15, .55, -.05, 1, .5, 1, 1.2, -1, 1.2}},
				line{0x005DA4, .14, xy{-1, .6, -.5, .48, 0, .6, .5, .48, 1, .6}},
				line{0x005DA4, .14, xy{-1, .88, -.5, .76, 0, .88, .5, .76, 1, .88}},
			}},
			stars{0xFFDD00, .2, xy{-.35, -.85, .35, -.85, 0, -.62}},
		}},
	}},
	"SK": {"Slovakia", 30, 20, art{
		rows{white, 0x0B4EA2, 0xEE1C25},
		at{9.5, 10, 4.6, 0, art{
			at{0, 0, 1.1, 0, art{shield(white)}}, shield(0xEE1C25),
			inside{shield(black), art{disc{0x0B4EA2, 0, 1.05, .5}, disc{0x0B4EA2, -.65, 1, .42}, disc{0x0B4EA2, .65, 1, .42}}},
			rect{white, -.1, -.9, .2, 1.6}, rect{white, -.38, -.62, .76, .18}, rect{white, -.55, -.2, 1.1, .19},
		}},
	}},
	"SM": {"San Marino", 40, 30, art{
		rows{white, 0x5EB6E4},
		wreath{0x3F7A2E, 20, 15.5, 6.6, 9, 2, 60}, arc{0x9C6B1E, .5, 20, 15.5, 6.4, -20, 200},
		at{20, 15.6, 4.2, 0, art{
			at{0, 0, 1.06, 0, art{shield(0xE6B83C)}}, shield(0x4FA3D8),
			inside{shield(black), art{
				poly{0x4C8C3A, xy{-1, .6, -.6, .1, -.3, .4, 0, 0, .3, .4, .6, .1, 1, .6, 1, 1.2, -1, 1.2}},
			}},
			blocks{white, .3, .75, xy{-.72, -.5, -.15, -.7, .42, -.5}},
			blocks{0xE6B83C, .4, .14, xy{-.77, -.6, -.2, -.8, .37, -.6}},
		}},
		at{20, 8.7, 2, 0, crown(0xE6B83C)},
	}},
	"UA": {"Ukraine", 3, 2, art{rows{0x0057B7, 0xFFD700}}},
	"VA": {"Vatican City", 24, 24, art{
		cols{0xFFE000, white},
		at{18, 12, 4.9, 0, art{
			at{0, .35, 1, 40, key(0xD6A500)}, at{0, .35, 1, -40, key(0xA8ACAF)},
			poly{0xC9C9C9, xy{-.5, -.45, -.55, -.9, -.35, -1.35, 0, -1.55, .35, -1.35, .55, -.9, .5, -.45}},
			blocks{0xD6A500, 1.1, .13, xy{-.55, -.58, -.55, -.9}}, rect{0xD6A500, -.4, -1.22, .8, .12},
			disc{0xD6A500, 0, -1.62, .12}, line{0xC8102E, .1, xy{-.55, 1, 0, .75, .55, 1}},
		}},
	}},
}

// rushnyk is one repeat of the woven pattern of Belarus, 4 by 6 units.
var rushnyk = art{
	burst{0xCE1720, 0, 0, 2, 4, .707, 0}, burst{white, 0, 0, 1.35, 4, .707, 0}, burst{0xCE1720, 0, 0, .75, 4, .707, 0},
	poly{0xCE1720, xy{-1, -3, 1, -3, 0, -2}}, poly{0xCE1720, xy{-1, 3, 1, 3, 0, 2}},
	poly{0xCE1720, xy{-2, -2.4, -1.3, -1.7, -2, -1}}, poly{0xCE1720, xy{2, -2.4, 1.3, -1.7, 2, -1}},
	poly{0xCE1720, xy{-2, 2.4, -1.3, 1.7, -2, 1}}, poly{0xCE1720, xy{2, 2.4, 1.3, 1.7, 2, 1}},
}

// key stands upright, its bit at the top.
func key(k ink) art {
	return art{
		rect{k, -.09, -1.1, .18, 1.8}, ring{k, .18, 0, .9, .25},
		blocks{k, .45, .18, xy{.05, -1.1, .05, -.72}}, rect{k, .35, -1.1, .15, .56},
	}
}
