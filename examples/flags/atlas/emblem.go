package atlas

// Colours that recur from flag to flag; a flag with shades of its own spells
// them out.
const (
	white  ink = 0xFFFFFF
	black  ink = 0x000000
	red    ink = 0xCE1126
	yellow ink = 0xFCD116
)

// The emblems below are drawn around the origin, about one unit in every
// direction; the Union Jack is the exception, 60 by 30 units from its corner.

var union = art{inside{rect{black, 0, 0, 60, 30}, art{
	rect{0x012169, 0, 0, 60, 30},
	line{white, 6, xy{-6, -3, 66, 33}},
	line{white, 6, xy{-6, 33, 66, -3}},
	inside{
		art{
			poly{black, xy{30, 15, 0, 15, 0, 0}}, poly{black, xy{30, 15, 60, 15, 60, 30}},
			poly{black, xy{30, 15, 30, 0, 60, 0}}, poly{black, xy{30, 15, 30, 30, 0, 30}},
		},
		art{line{0xC8102E, 4, xy{-6, -3, 66, 33}}, line{0xC8102E, 4, xy{-6, 33, 66, -3}}},
	},
	rect{white, 25, 0, 10, 30},
	rect{white, 0, 10, 60, 10},
	rect{0xC8102E, 27, 0, 6, 30},
	rect{0xC8102E, 0, 12, 60, 6},
}}}

func shield(k ink) poly {
	return poly{k, xy{-1, -1.1, 1, -1.1, 1, .1, .85, .55, .5, .9, 0, 1.2, -.5, .9, -.85, .55, -1, .1}}
}

func crown(k ink) art {
	return art{
		poly{k, xy{-.8, .7, -1, -.3, -.5, .15, -.35, -.45, 0, .05, .35, -.45, .5, .15, 1, -.3, .8, .7}},
		disc{k, -1, -.4, .16}, disc{k, -.37, -.55, .16}, disc{k, .37, -.55, .16}, disc{k, 1, -.4, .16},
		rect{k, -.08, -.75, .16, .5}, rect{k, -.22, -.62, .44, .14},
	}
}

// spread is the right half of an eagle with open wings, but for its head.
var spread = xy{
	0, -.4, .16, -.3, .3, -.22, .42, -.42, .58, -.78, .8, -.9, .72, -.68, .95, -.62, .82, -.45, 1, -.32,
	.84, -.2, .96, -.02, .78, .05, .85, .25, .66, .22, .66, .42, .48, .32, .3, .3, .36, .5,
	.55, .55, .45, .7, .26, .6, .16, .48, .24, .85, .12, 1, 0, .9,
}

func eagle(k ink) art {
	return art{
		mirror{{k, spread}},
		poly{k, xy{.15, -.35, .18, -.7, .05, -.9, -.15, -.92, -.25, -.82, -.42, -.72, -.2, -.7, -.12, -.6, -.2, -.35}},
	}
}

func twoHeaded(k ink) art {
	return art{mirror{
		{k, spread},
		{k, xy{0, -.3, .02, -.62, .1, -.85, .25, -.95, .38, -.88, .55, -.78, .38, -.74, .28, -.66, .3, -.35}},
	}}
}

// palm is a tree standing on (0, 1).
func palm(leaf, trunk ink) art {
	return art{
		poly{trunk, xy{-.14, 1, -.06, -.3, .06, -.3, .14, 1}},
		poly{leaf, xy{0, -.4, -.5, -.35, -.9, .1, -.85, -.35, -.5, -.75, -.8, -1, -.3, -.95, 0, -.7,
			.3, -.95, .8, -1, .5, -.75, .85, -.35, .9, .1, .5, -.35}},
	}
}

// tree is a broad-leaved tree standing on (0, 1).
func tree(leaf, trunk ink) art {
	return art{
		rect{trunk, -.12, 0, .24, 1},
		disc{leaf, -.5, -.2, .42}, disc{leaf, .5, -.2, .42}, disc{leaf, -.25, -.6, .4}, disc{leaf, .25, -.6, .4},
		disc{leaf, 0, -.25, .5},
	}
}
