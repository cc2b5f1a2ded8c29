package atlas

var asia = map[string]flag{
	"AE": {"United Arab Emirates", 6, 3, art{rows{0x00732F, white, black}, rect{0xEF3340, 0, 0, 1.5, 3}}},
	"AF": {"Afghanistan", 30, 20, art{
		cols{black, 0xBE0000, 0x007A36},
		wreath{white, 15, 10.2, 4, 9, 1.2, 90},
		poly{white, xy{12.9, 12, 12.9, 9.8, 13.4, 9.2, 14.2, 9.2, 14.2, 8.6, 15, 7.8, 15.8, 8.6, 15.8, 9.2, 16.6, 9.2, 17.1, 9.8, 17.1, 12}},
		poly{0xBE0000, xy{14.3, 12, 14.3, 10.5, 15, 9.8, 15.7, 10.5, 15.7, 12}}, rect{white, 12.4, 12.4, 5.2, .5},
		arc{white, .4, 15, 7.6, 1.2, 190, 350}, arc{white, .3, 15, 15.6, 2.6, 240, 300},
	}},
	"AM": {"Armenia", 6, 3, art{rows{0xD90012, 0x0033A0, 0xF2A800}}},
	"AZ": {"Azerbaijan", 48, 24, art{
		rows{0x00B5E2, 0xEF3340, 0x509E2F}, crescent{white, 23, 12, 3.6, .9, 3, 0}, burst{white, 26.4, 12, 2, 8, .55, 0},
	}},
	"BD": {"Bangladesh", 10, 6, art{field{0x006A4E}, disc{0xF42A41, 4.5, 3, 2}}},
	"BH": {"Bahrain", 50, 30, art{field{white}, saw{red, 5, 12, 9}}},
	"BN": {"Brunei Darussalam", 40, 20, art{
		field{0xF7E017}, poly{white, xy{0, 0, 0, 7.4, 40, 17, 40, 8.8, 5, 0}},
		poly{black, xy{0, 4.2, 0, 8.6, 40, 19.2, 40, 14.6}},
		at{20, 10, 5, 0, art{
			arc{0xCF1126, .28, 0, .1, .75, 15, 165}, rect{0xCF1126, -.1, -.5, .2, 1.2},
			poly{0xCF1126, xy{-.75, -.1, -.55, -.5, -.45, -.1, -.2, -.3, -.1, .3, -.45, .15}},
			poly{0xCF1126, xy{.75, -.1, .55, -.5, .45, -.1, .2, -.3, .1, .3, .45, .15}},
			rect{0xCF1126, -.45, -.62, .9, .12},
			poly{0xCF1126, xy{0, -1.05, .35, -.8, .05, -.75, .05, -.55, -.05, -.55, -.05, -.95}},
			line{0xCF1126, .16, xy{-.6, 1.1, 0, 1.2, .6, 1.1}}, rect{0xCF1126, -1, -.3, .12, .9},
			rect{0xCF1126, .88, -.3, .12, .9},
			arc{0xF7E017, .06, 0, .1, .77, 40, 140},
		}},
	}},
	"BT": {"Bhutan", 30, 20, art{
		field{0xFF4E12}, poly{0xFFD520, xy{0, 0, 30, 0, 0, 20}},
		line{white, 1.8, xy{
			24.5, 4.2, 22.4, 3.6, 20.6, 5, 20.8, 7.2, 18.6, 8.6, 16.4, 7.8, 14.6, 9.2, 14.8, 11.4, 12.6, 12.6,
			10.6, 11.8, 8.8, 13.2, 8.6, 15.6, 6.2, 16.4, 4.8, 15.2,
		}},
		poly{white, xy{24, 2.6, 26.6, 3, 27.4, 4.6, 25.8, 4.6, 27, 6, 24.4, 5.6, 23.2, 4.4}},
		line{white, .6, xy{20.6, 6.4, 23.4, 7.6, 24.6, 7}}, line{white, .6, xy{18.4, 8.6, 20.6, 10.8, 22.2, 10.4}},
		line{white, .6, xy{14.8, 9.6, 12.6, 8, 11.4, 8.8}}, line{white, .6, xy{10.6, 12, 8, 10.8, 7, 11.6}},
		line{white, .6, xy{12.6, 12.6, 14.6, 15, 16.2, 14.6}},
		disc{white, 24.8, 7, .9}, disc{white, 22.4, 10.4, .9}, disc{white, 11.2, 8.8, .9}, disc{white, 16.4, 14.6, .9},
	}},
	"CN": {"China", 30, 20, art{
		field{0xEE1C25}, star{0xFFDE00, 5, 5, 3},
		burst{0xFFDE00, 10, 2, 1, 5, pentagram, -121}, burst{0xFFDE00, 12, 4, 1, 5, pentagram, -98.1},
		burst{0xFFDE00, 12, 7, 1, 5, pentagram, -74.1}, burst{0xFFDE00, 10, 9, 1, 5, pentagram, -51.3},
	}},
	"GE": {"Georgia", 30, 20, art{
		field{white}, cross{0xFF0000, 15, 10, 4},
		rays{0xFF0000, 4, 6.5, 4, 0, 2, .5, 1.5, 0}, rays{0xFF0000, 4, 23.5, 4, 0, 2, .5, 1.5, 0},
		rays{0xFF0000, 4, 6.5, 16, 0, 2, .5, 1.5, 0}, rays{0xFF0000, 4, 23.5, 16, 0, 2, .5, 1.5, 0},
	}},
	"ID": {"Indonesia", 3, 2, art{rows{red, white}}},
	"IL": {"Israel", 22, 16, art{
		field{white}, rect{0x0038B8, 0, 1.5, 22, 2.5}, rect{0x0038B8, 0, 12, 22, 2.5},
		line{0x0038B8, .55, xy{11, 5, 13.6, 9.5, 8.4, 9.5, 11, 5, 13.6, 9.5}},
		line{0x0038B8, .55, xy{11, 11, 13.6, 6.5, 8.4, 6.5, 11, 11, 13.6, 6.5}},
	}},
	"IN": {"India", 30, 20, art{
		rows{0xFF9933, white, 0x138808},
		ring{0x000080, .45, 15, 10, 2.75}, rays{0x000080, 24, 15, 10, 0, 2.6, .1, .22, 0}, disc{0x000080, 15, 10, .55},
	}},
	"IQ": {"Iraq", 30, 20, art{rows{red, white, black}, at{15, 10, 1, 0, takbir}}},
	"IR": {"Iran", 35, 20, art{
		rows{0x239F40, white, 0xDA0000}, kufic(6.67, -1), kufic(13.33, 1),
		crescent{0xDA0000, 16.9, 9.9, 2.3, 1, 2, -35}, crescent{0xDA0000, 18.1, 9.9, 2.3, 1, 2, 215},
		poly{0xDA0000, xy{17.5, 8, 18, 9.4, 17.8, 12.6, 17.5, 13, 17.2, 12.6, 17, 9.4}},
		arc{0xDA0000, .4, 17.5, 6.6, .7, 20, 160},
	}},
	"JO": {"Jordan", 42, 21, art{rows{black, white, 0x007A3D}, hoist{red, 21}, burst{white, 7, 10.5, 1.5, 7, .45, 0}}},
	"JP": {"Japan", 3, 2, art{field{white}, disc{0xBC002D, 1.5, 1, .6}}},
	"KG": {"Kyrgyzstan", 50, 30, art{
		field{0xE8112D}, burst{0xFFEF00, 25, 15, 9, 40, .78, 0}, disc{0xE8112D, 25, 15, 5.8}, disc{0xFFEF00, 25, 15, 5.2},
		ring{0xE8112D, .8, 25, 15, 4},
		inside{disc{black, 25, 15, 4}, art{
			arc{0xE8112D, .5, 31, 20.5, 7.1, 180, 270}, arc{0xE8112D, .5, 31, 20.5, 8.1, 180, 270},
			arc{0xE8112D, .5, 31, 20.5, 9.1, 180, 270},
			arc{0xE8112D, .5, 19, 20.5, 7.1, 270, 360}, arc{0xE8112D, .5, 19, 20.5, 8.1, 270, 360},
			arc{0xE8112D, .5, 19, 20.5, 9.1, 270, 360},
		}},
	}},
	"KH": {"Cambodia", 25, 16, art{
		rows{0x032EA1, 0xE00025, 0xE00025, 0x032EA1},
		blocks{white, 10, .6, xy{7.5, 10.8}}, blocks{white, 9, .6, xy{8, 10}}, rect{white, 8.4, 8.9, 8.2, 1},
		at{12.5, 8.4, 1.5, 0, prang}, at{9.4, 9.1, 1, 0, prang}, at{15.6, 9.1, 1, 0, prang},
		blocks{black, .25, .9, xy{9.3, 9.2, 10.4, 9.2, 11.4, 9.2, 12.4, 9.2, 13.4, 9.2, 14.4, 9.2, 15.4, 9.2}},
		line{black, .12, xy{7.5, 10.7, 17.5, 10.7}},
	}},
	"KP": {"Korea, North", 48, 24, art{
		field{0x024FA2}, rect{white, 0, 4, 48, 16}, rect{0xED1C27, 0, 5.3, 48, 13.4}, disc{white, 16, 12, 5.3},
		star{0xED1C27, 16, 12.2, 5},
	}},
	"KR": {"Korea, South", 36, 24, art{
		field{white},
		at{18, 12, 6, 33.7, art{
			pie{0xCD2E3A, 0, 0, 1, 180, 360}, pie{0x0047A0, 0, 0, 1, 0, 180},
			disc{0xCD2E3A, -.5, 0, .5}, disc{0x0047A0, .5, 0, .5},
		}},
		at{7.6, 5.1, 1, -56.3, art{blocks{black, 6, 1, xy{-3, -2, -3, -.5, -3, 1}}}},
		at{28.4, 18.9, 1, -56.3, art{blocks{black, 2.75, 1, xy{-3, -2, .25, -2, -3, -.5, .25, -.5, -3, 1, .25, 1}}}},
		at{28.4, 5.1, 1, 56.3, art{blocks{black, 2.75, 1, xy{-3, -2, .25, -2, -3, 1, .25, 1}}, rect{black, -3, -.5, 6, 1}}},
		at{7.6, 18.9, 1, 56.3, art{blocks{black, 6, 1, xy{-3, -2, -3, 1}}, blocks{black, 2.75, 1, xy{-3, -.5, .25, -.5}}}},
	}},
	"KW": {"Kuwait", 6, 3, art{rows{0x007A3D, white, red}, poly{black, xy{0, 0, 1.5, 1, 1.5, 2, 0, 3}}}},
	"KZ": {"Kazakhstan", 40, 20, art{
		field{0x00AFCA}, rays{0xFEC50C, 32, 20.8, 8.4, 3.6, 5.6, .45, .1, 0}, disc{0xFEC50C, 20.8, 8.4, 3.3},
		poly{0xFEC50C, xy{
			13, 9, 14.6, 12.8, 17.4, 14.6, 19.6, 14.8, 20, 14.2, 21, 13.9, 21.6, 14.8, 24.2, 14.6, 27, 12.8, 28.6, 9,
			28.4, 12.4, 26.8, 14.8, 24, 16.4, 22, 16.8, 20.8, 17.8, 19.6, 16.8, 17.6, 16.4, 14.8, 14.8, 13.2, 12.4,
		}},
		at{1.7, 2, 1, 0, horn}, at{1.7, 6, 1, 0, horn}, at{1.7, 10, 1, 0, horn}, at{1.7, 14, 1, 0, horn}, at{1.7, 18, 1, 0, horn},
	}},
	"LA": {"Laos", 30, 20, art{rows{red, 0x002868, 0x002868, red}, disc{white, 15, 10, 4}}},
	"LB": {"Lebanon", 30, 20, art{
		rows{0xEE161F, white, white, 0xEE161F},
		at{15, 10, 4.7, 0, art{mirror{{0x00A850, xy{
			0, -1, .1, -.8, .4, -.72, .2, -.62, .55, -.45, .35, -.38, .75, -.15, .45, -.1, .95, .2, .5, .22, 1.15, .58, .6, .52,
			.8, .68, .2, .6, .12, .75, .2, .95, 0, .95,
		}}}}},
	}},
	"LK": {"Sri Lanka", 40, 20, art{
		field{0xFFB700}, rect{0x005641, 2, 2, 5, 16}, rect{0xDF7500, 7, 2, 5, 16}, rect{0x8D2029, 14, 2, 24, 16},
		at{26, 10, 6, 0, lion},
		at{15.6, 3.6, 1.4, 45, bo}, at{36.4, 3.6, 1.4, 135, bo}, at{15.6, 16.4, 1.4, -45, bo}, at{36.4, 16.4, 1.4, 225, bo},
	}},
	"MM": {"Myanmar", 30, 20, art{rows{0xFECB00, 0x34B233, 0xEA2839}, star{white, 15, 10.7, 6.7}}},
	"MN": {"Mongolia", 36, 18, art{
		cols{0xC4272F, 0x015197, 0xC4272F},
		at{6, 9, 3.2, 0, art{
			blocks{0xF9CF02, .3, 1.9, xy{-1, -.2, .7, -.2}}, poly{0xF9CF02, xy{-.6, -.2, .6, -.2, 0, .12}},
			poly{0xF9CF02, xy{-.6, 1.4, .6, 1.4, 0, 1.7}},
			blocks{0xF9CF02, 1.2, .13, xy{-.6, .2, -.6, 1.2}}, disc{0xF9CF02, 0, .75, .4},
			arc{0xC4272F, .08, .1, .75, .2, 90, 270}, arc{0xC4272F, .08, -.1, .75, .2, -90, 90},
			crescent{0xF9CF02, 0, -.8, .5, .3, .45, -90}, disc{0xF9CF02, 0, -1, .3},
			poly{0xF9CF02, xy{-.3, -1.3, -.15, -1.75, -.07, -1.5, 0, -2, .07, -1.5, .15, -1.75, .3, -1.3}},
		}},
	}},
	"MV": {"Maldives", 30, 20, art{field{0xD21034}, rect{0x007E3A, 5, 5, 20, 10}, crescent{white, 15.8, 10, 3.4, 1.6, 3.1, 0}}},
	"MY": {"Malaysia", 28, 14, art{
		rows{
			0xCC0001, white, 0xCC0001, white, 0xCC0001, white, 0xCC0001, white, 0xCC0001, white, 0xCC0001, white, 0xCC0001, white,
		},
		rect{0x010066, 0, 0, 14, 8}, crescent{0xFFCC00, 5.6, 4, 2.8, .9, 2.5, 0}, burst{0xFFCC00, 8.7, 4, 2.1, 14, .5, 0},
	}},
	"NP": {"Nepal", 24.6, 30, art{
		poly{0x003893, xy{0, 0, 24.6, 15.2, 9.6, 15.2, 24, 30, 0, 30}},
		poly{0xDC143C, xy{1.1, 2, 20.7, 14.1, 6.9, 14.1, 21.3, 28.9, 1.1, 28.9}},
		burst{white, 6, 10.2, 2, 16, .65, 0}, crescent{white, 6, 9.2, 3.4, 1.6, 3.1, -90},
		burst{white, 6.6, 21.8, 4.1, 12, .6, 0},
	}},
	"OM": {"Oman", 36, 18, art{
		rows{white, 0xDB161B, 0x008000}, rect{0xDB161B, 0, 0, 9, 18},
		line{white, .5, xy{2.6, 2, 6.4, 5.4}}, line{white, .5, xy{6.4, 2, 2.6, 5.4}},
		poly{white, xy{4.1, 1.4, 4.9, 1.4, 4.9, 3.4, 5.6, 4.6, 5, 5.2, 4.3, 4.2, 4.1, 3.2}},
		rect{white, 2.9, 3.1, 3.2, .6}, rect{white, 3.9, 1, 1.2, .4},
	}},
	"PH": {"Philippines", 40, 20, art{
		rows{0x0038A8, red}, hoist{white, 17.3},
		rays{yellow, 8, 5.8, 10, 0, 3.9, .9, 1.2, 0}, disc{yellow, 5.8, 10, 2},
		burst{yellow, 1.5, 2.6, 1.1, 5, pentagram, 30}, burst{yellow, 1.5, 17.4, 1.1, 5, pentagram, 150},
		burst{yellow, 14.8, 10, 1.1, 5, pentagram, 90},
	}},
	"PK": {"Pakistan", 30, 20, art{
		field{0x01411C}, rect{white, 0, 0, 7.5, 20},
		crescent{white, 18.75, 10, 6, 1.75, 5.5, -41.6}, burst{white, 21.3, 7.4, 2, 5, pentagram, -41.6},
	}},
	"QA": {"Qatar", 28, 11, art{field{white}, saw{0x8A1538, 9, 8.2, 2.8}}},
	"SA": {"Saudi Arabia", 30, 20, art{
		field{0x006C35}, at{15, 7.6, 1, 0, shahada},
		rect{white, 8.4, 14.2, 12.4, .55}, poly{white, xy{8.6, 14.2, 6.6, 14.9, 8.6, 14.75}},
		rect{white, 19.8, 13.6, .5, 1.8}, line{white, .6, xy{20.4, 14.5, 22, 14.4, 22.6, 15.2}},
	}},
	"SG": {"Singapore", 36, 24, art{
		rows{0xEF3340, white}, crescent{white, 7.2, 6, 4.4, 2, 4.4, 0},
		stars{white, 1.1, xy{10.6, 3.2, 8.1, 5.1, 13.1, 5.1, 9.05, 8, 12.15, 8}},
	}},
	"SY": {"Syria", 30, 20, art{rows{0x007A3D, white, black}, stars{red, 2.4, xy{7.5, 10.2, 15, 10.2, 22.5, 10.2}}}},
	"TH": {"Thailand", 27, 18, art{rows{0xA51931, 0xF4F5F8, 0x2D2A4A, 0x2D2A4A, 0xF4F5F8, 0xA51931}}},
	"TJ": {"Tajikistan", 28, 14, art{
		field{white}, rect{0xCC0000, 0, 0, 28, 4}, rect{0x006600, 0, 10, 28, 4},
		at{14, 7.9, 1.35, 0, crown(0xF8C300)},
		stars{0xF8C300, .42, xy{11.6, 7.7, 11.9, 6.5, 12.8, 5.6, 14, 5.2, 15.2, 5.6, 16.1, 6.5, 16.4, 7.7}},
	}},
	"TL": {"Timor-Leste", 40, 20, art{field{0xDC241F}, hoist{0xFFC726, 20}, hoist{black, 13.3}, burst{white, 4.7, 10, 2.9, 5, pentagram, -30}}},
	"TM": {"Turkmenistan", 36, 24, art{
		field{0x00843D}, rect{0xD22630, 3.6, 0, 6, 24},
		at{6.6, 3, 1, 0, gul}, at{6.6, 7.5, 1, 0, gul}, at{6.6, 12, 1, 0, gul}, at{6.6, 16.5, 1, 0, gul},
		wreath{0xFFC72C, 6.6, 20.3, 1.9, 4, 1, 150},
		crescent{white, 15.4, 5, 2.9, 1, 2.7, 205}, stars{white, .6, xy{13.3, 2.2, 11.9, 3.5, 13.6, 4.2, 12, 5.4, 13.9, 6}},
	}},
	"TR": {"Turkey", 30, 20, art{field{0xE30A17}, crescent{white, 10, 10, 5, 1.25, 4, 0}, burst{white, 16.4, 10, 2.5, 5, pentagram, -90}}},
	"TW": {"Taiwan", 30, 20, art{
		field{0xFE0000}, rect{0x000095, 0, 0, 15, 10}, burst{white, 7.5, 5, 3.75, 12, .6, 0},
		disc{0x000095, 7.5, 5, 2.13}, disc{white, 7.5, 5, 1.88},
	}},
	"UZ": {"Uzbekistan", 48, 24, art{
		rows{0x0099B5, white, 0x1EB53A}, rect{red, 0, 7.68, 48, .64}, rect{red, 0, 15.68, 48, .64},
		crescent{white, 6.8, 3.9, 2.9, 1.1, 2.75, 0},
		stars{white, .6, xy{
			17.2, 1.6, 19.5, 1.6, 21.8, 1.6, 14.9, 3.9, 17.2, 3.9, 19.5, 3.9, 21.8, 3.9, 12.6, 6.2, 14.9, 6.2,
			17.2, 6.2, 19.5, 6.2, 21.8, 6.2,
		}},
	}},
	"VN": {"Vietnam", 30, 20, art{field{0xDA251D}, star{0xFFFF00, 15, 10.3, 6}}},
	"YE": {"Yemen", 3, 2, art{rows{red, white, black}}},
}

// takbir suggests the script of Iraq by its strokes, 12 by 4 units.
var takbir = art{
	line{0x007A3D, .6, xy{5.6, -1.6, 5.6, 1.2}},
	line{0x007A3D, .6, xy{4.6, -1.6, 4.6, 1.2, 1.6, 1.2, 1.6, -.4, 2.8, -.4, 2.8, 1.2}},
	line{0x007A3D, .6, xy{3.6, -1.6, 3.6, 1.2}}, line{0x007A3D, .6, xy{-1, -1.6, -1, 1.2}},
	line{0x007A3D, .6, xy{-2, 1.2, -2, -.2, -3.4, -.2, -3.4, 1.2, -1.7, 1.2}},
	line{0x007A3D, .6, xy{-2.4, -1.6, -4.4, -.9, -4.4, 1.2, -3.4, 1.2}},
	line{0x007A3D, .6, xy{-4.4, 1.2, -5.6, 1.2, -5.6, 2.2}},
}

// shahada suggests the script of Saudi Arabia by its strokes, 16 by 8 units.
var shahada = art{
	line{white, .6, xy{7.4, -2.6, 7.2, 1.2, 6.2, 2.4, 5.2, 1.6}}, line{white, .6, xy{6, -2.4, 6, .4}},
	line{white, .6, xy{4.6, -2.6, 4.6, 1, 3.4, 1.6, 2.8, .6}},
	line{white, .6, xy{3.4, -2.4, 3.4, -.2}}, line{white, .6, xy{2, -2.6, 2, 1.4, .8, 2.4, -.4, 1.8, -.6, .6}},
	line{white, .6, xy{.6, -2.4, .6, .6}},
	line{white, .6, xy{-.8, -2.6, -.8, -.4, -2, -.2, -2.2, -1.2}}, line{white, .6, xy{-2.2, 1, -2.2, 2.2, -4, 2.4, -4.4, 1.2}},
	line{white, .6, xy{-3.4, -2.6, -3.4, .4}}, line{white, .6, xy{-4.8, -2.4, -4.8, .2, -5.8, .4, -6, -.6}},
	line{white, .6, xy{-5.6, 1.4, -6.2, 2.4, -7.4, 2.2, -7.4, .8}}, line{white, .6, xy{-7.2, -2.6, -7.2, -.4}},
	line{white, .45, xy{-6.6, 3.6, -3, 3.1, 1, 3.6, 6.8, 3}},
	blocks{white, .5, .5, xy{5.2, 2.6, 1.4, -3.4, -4.2, 1.6, -2.4, -3.4, 3.9, 2.2, -.2, 1}},
}

// kufic is the row of script along an edge of the white band of Iran, at
// height y, its strokes rising in the direction up.
func kufic(y, up float64) art {
	var v xy
	for x := .55; x < 35; x += 1.6 {
		v = append(v, x, y+.45*up-.3)
	}
	return art{
		blocks{white, 1, .6, v},
	}
}

// prang is a tower of Angkor Wat.
var prang = art{poly{white, xy{-.6, .6, -.6, -.2, -.4, -.5, -.35, -1, -.12, -1.4, 0, -2, .12, -1.4, .35, -1, .4, -.5, .6, -.2, .6, .6}}}

// horn is one repeat of the ram's horn ornament of Kazakhstan, 2 by 4 units.
var horn = art{
	rect{0xFEC50C, -.12, -2, .24, 4}, ring{0xFEC50C, .3, -.55, -.9, .45}, ring{0xFEC50C, .3, .55, -.9, .45},
	ring{0xFEC50C, .3, -.55, .9, .45}, ring{0xFEC50C, .3, .55, .9, .45}, burst{0xFEC50C, 0, 0, .6, 4, .707, 0},
}

// gul is a carpet medallion of Turkmenistan.
var gul = art{
	burst{0xFFC72C, 0, 0, 2.1, 8, .8, 0}, burst{white, 0, 0, 1.5, 8, .8, 0}, burst{0x00843D, 0, 0, 1.1, 4, .707, 0},
	burst{0xD22630, 0, 0, .55, 4, .707, 0},
}

// bo is the leaf of the sacred fig, pointing to the fly.
var bo = art{poly{0xFFB700, xy{-1, 0, -.2, -.6, .4, -.6, .8, -.2, .8, .2, .4, .6, -.2, .6}}}

// lion is the lion of Sri Lanka, facing the hoist with a sword.
var lion = art{
	poly{0xFFB700, xy{
		-.9, -.25, -.95, -.45, -.7, -.8, -.4, -.75, -.2, -.5, .3, -.35, .75, -.35, .95, -.1, .95, .4, 1.1, .8, 1.1, .95, .85, .95,
		.65, .4, .4, .2, .3, .5, .35, .95, .05, .95, .05, .3, -.3, .25, -.35, .95, -.65, .95, -.55, .1, -.95, .2,
		-1.15, .1, -.75, -.1,
	}},
	line{0xFFB700, .13, xy{.85, -.25, 1.15, -.3, 1.1, -.65, .8, -.8, .85, -1}},
	line{0xFFB700, .12, xy{-1.1, .3, -1.15, -1}}, line{0xFFB700, .1, xy{-1.35, -.05, -.9, -.05}},
}
