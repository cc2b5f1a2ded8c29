package atlas

var africa = map[string]flag{
	"AO": {"Angola", 30, 20, art{
		rows{0xCC092F, black},
		inside{pie{black, 15, 10, 8, -80, 110}, art{
			ring{0xFFEC00, 1.1, 15, 10, 3.6}, rays{0xFFEC00, 20, 15, 10, 4, 4.9, .7, .6, 0},
		}},
		line{0xFFEC00, .9, xy{12, 8.2, 16.6, 11.6}}, line{0xFFEC00, 1.2, xy{16.3, 11.4, 19.4, 14.4}},
		burst{0xFFEC00, 14.2, 8.3, 1.7, 5, pentagram, -10},
	}},
	"BF": {"Burkina Faso", 30, 20, art{rows{0xEF2B2D, 0x009E49}, star{yellow, 15, 10, 3.5}}},
	"BI": {"Burundi", 50, 30, art{
		field{red}, poly{0x1EB53A, xy{0, 0, 25, 15, 0, 30}}, poly{0x1EB53A, xy{50, 0, 25, 15, 50, 30}},
		line{white, 4.5, xy{-5, -3, 55, 33}}, line{white, 4.5, xy{-5, 33, 55, -3}}, disc{white, 25, 15, 8.5},
		at{25, 11, 2.6, 0, mullet}, at{21.3, 17.6, 2.6, 0, mullet}, at{28.7, 17.6, 2.6, 0, mullet},
	}},
	"BJ": {"Benin", 30, 20, art{rows{yellow, 0xE8112D}, rect{0x008751, 0, 0, 12, 20}}},
	"BW": {"Botswana", 36, 24, art{field{0x75AADB}, rect{white, 0, 9, 36, 6}, rect{black, 0, 10, 36, 4}}},
	"CD": {"Congo (Kinshasa)", 40, 30, art{
		field{0x007FFF},
		line{0xF7D618, 9, xy{-4, 33, 44, -3}}, line{0xCE1021, 6.2, xy{-4, 33, 44, -3}},
		star{0xF7D618, 7, 7.2, 5},
	}},
	"CF": {"Central African Republic", 30, 20, art{
		rows{0x003082, white, 0x289728, 0xFFCE00}, rect{0xD21034, 12.5, 0, 5, 20}, star{0xFFCE00, 4, 2.7, 2.2},
	}},
	"CG": {"Congo (Brazzaville)", 30, 20, art{
		field{0xFBDE4A}, poly{0x009543, xy{0, 0, 20, 0, 0, 20}}, poly{0xDC241F, xy{30, 0, 30, 20, 10, 20}},
	}},
	"CI": {"Côte d'Ivoire", 3, 2, art{cols{0xFF8200, white, 0x009A44}}},
	"CM": {"Cameroon", 30, 20, art{cols{0x007A5E, red, yellow}, star{yellow, 15, 10.2, 3.2}}},
	"CV": {"Cape Verde", 20.4, 12, art{
		field{0x003893}, rect{white, 0, 6, 20.4, 3}, rect{0xCF2027, 0, 7, 20.4, 1},
		stars{0xF7D116, .62, xy{
			7.65, 4.5, 9.41, 5.07, 10.5, 6.57, 10.5, 8.43, 9.41, 9.93,
			7.65, 10.5, 5.89, 9.93, 4.8, 8.43, 4.8, 6.57, 5.89, 5.07,
		}},
	}},
	"DJ": {"Djibouti", 30, 20, art{rows{0x6AB2E7, 0x12AD2B}, hoist{white, 17.3}, star{0xD7141A, 5.8, 10.2, 2.9}}},
	"DZ": {"Algeria", 30, 20, art{
		cols{0x006233, white}, crescent{0xD21034, 15, 10, 5, 1.25, 4, 0}, burst{0xD21034, 16.9, 10, 2.5, 5, pentagram, -90},
	}},
	"EG": {"Egypt", 30, 20, art{
		rows{red, white, black},
		at{15, 9.9, 3.1, 0, art{
			eagle(0xC09300), rect{0xC09300, -.6, .78, 1.2, .22},
			at{0, 0, .3, 0, art{shield(0xC09300), rect{white, -.3, -1, .6, 1.7}}},
		}},
	}},
	"ER": {"Eritrea", 40, 20, art{
		rows{0x43B02A, 0x418FDE}, hoist{0xE4002B, 40},
		wreath{0xFFC72C, 11, 10, 5, 9, 1.8, 60},
		line{0xFFC72C, .5, xy{11, 14.8, 11, 6.5}}, oval{0xFFC72C, 11, 6.2, .5, 1.2},
		at{11, 8, 1.7, 0, sprig}, at{11, 10, 1.9, 0, sprig}, at{11, 12, 1.7, 0, sprig},
	}},
	"ET": {"Ethiopia", 40, 20, art{
		rows{0x078930, 0xFCDD09, 0xDA121A}, disc{0x0F47AF, 20, 10, 6.6},
		rays{0xFCDD09, 5, 20, 10, 2.4, 5.4, .35, .35, 36}, pentacle{0xFCDD09, .5, 20, 10, 5},
	}},
	"GA": {"Gabon", 4, 3, art{rows{0x009E60, yellow, 0x3A75C4}}},
	"GH": {"Ghana", 30, 20, art{rows{red, yellow, 0x006B3F}, star{black, 15, 10.36, 3.69}}},
	"GM": {"Gambia", 27, 18, art{
		rows{red, white, 0x3A7728}, rect{red, 0, 0, 27, 6}, rect{0x0C1C8C, 0, 7, 27, 4},
	}},
	"GN": {"Guinea", 3, 2, art{cols{red, yellow, 0x009460}}},
	"GQ": {"Equatorial Guinea", 30, 20, art{
		rows{0x3E9A00, white, 0xE32118}, hoist{0x0073CE, 7.5},
		at{15, 10, 2.2, 0, art{
			at{0, 0, 1.1, 0, art{shield(0x7A7A7A)}}, shield(0xD9DCDE), at{0, -.05, .85, 0, tree(0x2F7D32, 0x8A5A2B)},
		}},
		stars{0xF2C100, .38, xy{13.1, 6.9, 13.9, 6.7, 14.65, 6.6, 15.35, 6.6, 16.1, 6.7, 16.9, 6.9}},
		line{0xB9A36B, .35, xy{13.2, 12.7, 15, 13, 16.8, 12.7}},
	}},
	"GW": {"Guinea-Bissau", 36, 18, art{
		rows{yellow, 0x009E49}, rect{red, 0, 0, 12, 18}, star{black, 6, 9.2, 3.4},
	}},
	"KE": {"Kenya", 30, 20, art{
		rows{black, 0xBB0000, 0x006600}, rect{white, 0, 6, 30, 8}, rect{0xBB0000, 0, 7, 30, 6},
		line{white, .45, xy{10.8, 17.4, 18.6, 4}}, line{white, .45, xy{19.2, 17.4, 11.4, 4}},
		poly{white, xy{19.6, 2.3, 19.3, 4.4, 18.1, 3.7}}, poly{white, xy{10.4, 2.3, 10.7, 4.4, 11.9, 3.7}},
		oval{white, 15, 10, 3.3, 6.7}, oval{0xBB0000, 15, 10, 3, 6.4},
		inside{oval{black, 15, 10, 3, 6.4}, art{
			disc{black, 9.7, 10, 4.6}, disc{black, 20.3, 10, 4.6}, oval{white, 15, 10, .45, 1.8},
			oval{white, 15, 5.3, .3, .8}, oval{white, 15, 14.7, .3, .8},
		}},
	}},
	"KM": {"Comoros", 20, 12, art{
		rows{0xFFC61E, white, red, 0x3A75C4}, hoist{0x3D8E33, 9},
		crescent{white, 3, 6, 2.4, .95, 2.1, 0}, stars{white, .55, xy{4.1, 4.25, 4.1, 5.45, 4.1, 6.65, 4.1, 7.85}},
	}},
	"LR": {"Liberia", 20.9, 11, art{
		rows{0xBF0A30, white, 0xBF0A30, white, 0xBF0A30, white, 0xBF0A30, white, 0xBF0A30, white, 0xBF0A30},
		rect{0x002868, 0, 0, 5, 5}, star{white, 2.5, 2.6, 1.75},
	}},
	"LS": {"Lesotho", 15, 10, art{
		field{white}, rect{0x00209F, 0, 0, 15, 3}, rect{0x009543, 0, 7, 15, 3},
		poly{black, xy{
			5.6, 6.3, 5.9, 5.9, 7.1, 4.5, 7.3, 4.2, 7.15, 3.9, 7.5, 3.4, 7.85, 3.9, 7.7, 4.2, 7.9, 4.5, 9.1, 5.9,
			9.4, 6.3, 7.5, 6.6,
		}},
		line{white, .1, xy{6.6, 5.6, 7.5, 5.8, 8.4, 5.6}},
	}},
	"LY": {"Libya", 40, 20, art{
		rows{0xE70013, black, black, 0x239E46},
		crescent{white, 19.3, 10, 2.5, .75, 2.1, 0}, burst{white, 21.9, 10, 1.3, 5, pentagram, -90},
	}},
	"MA": {"Morocco", 30, 20, art{field{0xC1272D}, pentacle{0x006233, .95, 15, 10.4, 5}}},
	"MG": {"Madagascar", 3, 2, art{rows{0xFC3D32, 0x007E3A}, rect{white, 0, 0, 1, 2}}},
	"ML": {"Mali", 3, 2, art{cols{0x14B53A, yellow, red}}},
	"MR": {"Mauritania", 30, 20, art{
		field{0xD01C1F}, rect{0x00A95C, 0, 3, 30, 14},
		crescent{0xFFD700, 15, 7.6, 6.5, 1.9, 6.1, -90}, star{0xFFD700, 15, 7.2, 2.2},
	}},
	"MU": {"Mauritius", 3, 2, art{rows{0xEA2839, 0x1A206D, 0xFFD500, 0x00A551}}},
	"MW": {"Malawi", 30, 20, art{
		rows{black, red, 0x339E35},
		inside{rect{black, 0, 0, 30, 6.67}, art{
			disc{red, 15, 6.67, 3}, rays{red, 44, 15, 6.67, 3.3, 5.6, .3, .15, 0},
		}},
	}},
	"MZ": {"Mozambique", 30, 20, art{
		rows{0x007168, black, 0xFCE100}, rect{white, 0, 6, 30, 8}, rect{black, 0, 7, 30, 6}, hoist{0xD21034, 12.8},
		star{0xFCE100, 4.6, 10.3, 3.7},
		poly{white, xy{2.6, 10.4, 4.6, 11, 6.6, 10.4, 6.6, 11.9, 4.6, 12.5, 2.6, 11.9}},
		line{black, .45, xy{2.4, 12.2, 6.6, 8.6}}, line{black, .8, xy{3.4, 11.3, 4.6, 10.3}},
		line{black, .4, xy{6.8, 12.2, 3.4, 8.9, 2.7, 9.5}},
	}},
	"NA": {"Namibia", 30, 20, art{
		poly{0x003580, xy{0, 0, 30, 0, 0, 20}}, poly{0x009543, xy{30, 0, 30, 20, 0, 20}},
		line{white, 7.4, xy{-6, 24, 36, -4}}, line{0xD21034, 5.4, xy{-6, 24, 36, -4}},
		rays{0xFFCE00, 12, 6, 5.6, 2.3, 4, 1.2, 0, 0}, disc{0xFFCE00, 6, 5.6, 2},
	}},
	"NE": {"Niger", 21, 18, art{rows{0xE05206, white, 0x0DB02B}, disc{0xE05206, 10.5, 9, 2.55}}},
	"NG": {"Nigeria", 6, 3, art{cols{0x008751, white, 0x008751}}},
	"RW": {"Rwanda", 30, 20, art{
		rows{0x00A1DE, 0x00A1DE, 0xFAD201, 0x20603D},
		disc{0xE5BE01, 24.5, 5, 1.7}, rays{0xE5BE01, 24, 24.5, 5, 1.9, 3.7, .45, .1, 0},
	}},
	"SC": {"Seychelles", 40, 20, art{
		field{0xD62828}, poly{0x003F87, xy{0, 20, 0, 0, 13.33, 0}}, poly{0xFCD856, xy{0, 20, 13.33, 0, 26.67, 0}},
		poly{white, xy{0, 20, 40, 6.67, 40, 13.33}}, poly{0x007A3D, xy{0, 20, 40, 13.33, 40, 20}},
	}},
	"SD": {"Sudan", 6, 3, art{rows{0xD21034, white, black}, hoist{0x007229, 2}}},
	"SL": {"Sierra Leone", 3, 2, art{rows{0x1EB53A, white, 0x0072C6}}},
	"SN": {"Senegal", 30, 20, art{cols{0x00853F, 0xFDEF42, 0xE31B23}, star{0x00853F, 15, 10.2, 3.4}}},
	"SO": {"Somalia", 30, 20, art{field{0x4189DD}, star{white, 15, 10.3, 4.8}}},
	"SS": {"South Sudan", 40, 20, art{
		rows{black, 0xDA121A, 0x078930}, rect{white, 0, 6, 40, 8}, rect{0xDA121A, 0, 7, 40, 6}, hoist{0x0F47AF, 17.3},
		star{0xFCDD09, 5.9, 10.2, 4.2},
	}},
	"ST": {"Sao Tome and Principe", 28, 14, art{
		field{0x12AD2B}, rect{0xFFCE00, 0, 4, 28, 6}, hoist{0xD21034, 7}, stars{black, 2, xy{14, 7.2, 21, 7.2}},
	}},
	"SZ": {"Swaziland", 30, 20, art{
		field{0x3E5EB9}, rect{0xFFD900, 0, 3.8, 30, 12.4}, rect{0xB10C0C, 0, 5, 30, 10},
		line{0xFFD900, .35, xy{5.5, 8, 25.5, 8}}, line{0xFFD900, .35, xy{5.5, 12, 25.5, 12}},
		line{0xFFD900, .5, xy{5.5, 10, 24.5, 10}},
		poly{white, xy{26.6, 8, 24.2, 7.5, 24.2, 8.5}}, poly{white, xy{26.6, 12, 24.2, 11.5, 24.2, 12.5}},
		oval{0x3E5EB9, 8.3, 10, .9, .5}, oval{0x3E5EB9, 6.6, 10, .8, .5},
		inside{poly{black, xy{8.8, 10, 10.6, 7.9, 12.6, 7, 17.4, 7, 19.4, 7.9, 21.2, 10, 19.4, 12.1, 17.4, 13, 12.6, 13, 10.6, 12.1}}, art{
			rect{black, 8, 6, 7, 8}, rect{white, 15, 6, 7, 8},
			blocks{white, 1.6, .8, xy{11, 8.2, 12.9, 9.6, 11, 11, 10, 9.6}},
			blocks{black, 1.6, .8, xy{17.4, 8.2, 15.5, 9.6, 17.4, 11, 18.4, 9.6}},
		}},
		rect{0xB5732C, 8.6, 9.85, 12.8, .3},
	}},
	"TD": {"Chad", 3, 2, art{cols{0x002664, 0xFECB00, 0xC60C30}}},
	"TG": {"Togo", 16.18, 10, art{
		rows{0x006A4E, 0xFFCE00, 0x006A4E, 0xFFCE00, 0x006A4E}, rect{0xD21034, 0, 0, 6, 6}, star{white, 3, 3.15, 2.1},
	}},
	"TN": {"Tunisia", 30, 20, art{
		field{0xE70013}, disc{white, 15, 10, 5},
		crescent{0xE70013, 15, 10, 3.75, 1, 3, 0}, burst{0xE70013, 16.4, 10, 2.1, 5, pentagram, -90},
	}},
	"TZ": {"Tanzania", 30, 20, art{
		poly{0x1EB53A, xy{0, 0, 30, 0, 0, 20}}, poly{0x00A3DD, xy{30, 0, 30, 20, 0, 20}},
		line{yellow, 7.9, xy{-6, 24, 36, -4}}, line{black, 5.4, xy{-6, 24, 36, -4}},
	}},
	"UG": {"Uganda", 27, 18, art{
		rows{black, 0xFCDC04, 0xD90000, black, 0xFCDC04, 0xD90000}, disc{white, 13.5, 9, 2.9},
		at{13.5, 9, 2.3, 0, crane},
	}},
	"ZA": {"South Africa", 30, 20, art{
		rows{0xE03C31, 0x001489}, line{white, 6.67, xy{-6, -4, 15, 10, 30, 10}}, line{white, 6.67, xy{-6, 24, 15, 10}},
		hoist{black, 15},
		inside{hoist{black, 15}, art{line{0xFFB81C, 6.67, xy{-6, -4, 15, 10, -6, 24}}}},
		line{0x007749, 4, xy{-6, -4, 15, 10, 30, 10}}, line{0x007749, 4, xy{-6, 24, 15, 10}},
	}},
	"ZM": {"Zambia", 30, 20, art{
		field{0x198A00}, rect{0xDE2010, 20.4, 7, 3.2, 13}, rect{black, 23.6, 7, 3.2, 13}, rect{0xEF7D00, 26.8, 7, 3.2, 13},
		poly{0xEF7D00, xy{
			20.6, 2.6, 22.6, 2, 24, 3.3, 24.5, 2.4, 25.3, 2.3, 25.7, 3.3, 27.2, 2, 29.4, 2.6, 28.4, 3.3, 28.9, 3.8,
			27.6, 4.1, 27.8, 4.7, 26.1, 4.7, 26.7, 6.2, 25.6, 5.7, 25, 6.6, 24.4, 5.7, 23.4, 6.2, 24, 4.7, 22.3, 4.7,
			22.5, 4.1, 21.2, 3.8, 21.7, 3.3,
		}},
	}},
	"ZW": {"Zimbabwe", 28, 14, art{
		rows{0x319208, 0xFFD200, 0xDE2010, black, 0xDE2010, 0xFFD200, 0x319208},
		hoist{black, 12.1}, poly{white, xy{0, .55, 11.2, 7, 0, 13.45}},
		star{0xDE2010, 4.1, 7.1, 3.2},
		poly{0xFFD200, xy{
			2.5, 9.3, 3, 8.9, 3.2, 7.6, 3.1, 6.4, 3.8, 5.5, 3.9, 4.9, 4.6, 4.7, 4.9, 5.2, 4.4, 5.4, 4.5, 6, 5.4, 7, 5.4, 7.8,
			4.6, 8.4, 4.6, 8.9, 5.3, 9.3,
		}},
	}},
}

// mullet is the green-edged six-pointed star of Burundi.
var mullet = art{burst{0x1EB53A, 0, 0, 1.2, 6, .577, 0}, burst{red, 0, 0, .9, 6, .577, 0}}

// sprig is a pair of olive leaves rising from the origin.
var sprig = art{at{.45, -.25, 1, -35, art{oval{0xFFC72C, 0, 0, .5, .18}}}, at{-.45, -.25, 1, 35, art{oval{0xFFC72C, 0, 0, .5, .18}}}}

// crane is the grey crowned crane of Uganda, facing the hoist.
var crane = art{
	line{black, .09, xy{.05, .3, .05, 1}}, line{black, .09, xy{.15, .4, .4, .6, .1, .75}}, line{black, .08, xy{-.2, 1, .25, 1}},
	poly{0x9CA69C, xy{-.35, -.6, -.15, -.6, -.1, -.2, .3, .05, .2, .5, -.15, .4, -.35, .05}},
	poly{0xD90000, xy{.1, -.05, .75, .25, .65, .55, .2, .5}}, poly{white, xy{.1, .05, .55, .4, .2, .5}},
	poly{black, xy{.3, .05, .75, .3, .9, .6, .5, .2}},
	disc{black, -.25, -.65, .17}, poly{0x9CA69C, xy{-.38, -.72, -.75, -.6, -.38, -.58}}, disc{0xD90000, -.3, -.45, .08},
	rays{0xFCDC04, 5, -.22, -.75, 0, .35, .04, .16, 0},
}
