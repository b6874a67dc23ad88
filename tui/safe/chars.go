package safe

import "unicode"

// joiningScripts are written with ZWJ and ZWNJ. The table is never changed.
var joiningScripts = [...]*unicode.RangeTable{
	unicode.Arabic, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
	unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer,
	unicode.Myanmar, unicode.Mongolian, unicode.Syriac, unicode.Nko,
	unicode.Tibetan, unicode.Javanese, unicode.Balinese, unicode.Chakma,
	unicode.Mandaic, unicode.Adlam, unicode.Hanifi_Rohingya, unicode.Phags_Pa,
	unicode.Kaithi, unicode.Brahmi, unicode.Newa, unicode.Tirhuta,
}

// joins reports whether a joiner may stand between a and b.
func joins(a, b rune) bool {
	if !unicode.IsLetter(b) || !unicode.In(a, unicode.L, unicode.M) {
		return false
	}
	for _, script := range joiningScripts {
		if unicode.Is(script, b) {
			return unicode.Is(script, a)
		}
	}
	return false
}

// joiner reports whether r is ZWNJ or ZWJ.
func joiner(r rune) bool { return r == 0x200c || r == zwj }

// filler reports whether r is a letter that shows nothing.
func filler(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return false
}

// ignorable reports whether r controls direction or is Default_Ignorable:
// something that a terminal does not show.
func ignorable(r rune) bool {
	if unicode.In(r, unicode.Bidi_Control, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
		return true
	}
	return unicode.Is(unicode.Cf, r) && !visibleFormat(r)
}

// attached reports whether r, a letter by its category, is drawn onto the
// character before it as a mark is: voiced sound marks, Thai and Lao am.
func attached(r rune) bool {
	return r == 0xff9e || r == 0xff9f || r == 0xe33 || r == 0xeb3
}

// prepended reports whether r is a historic letter that is drawn onto the
// character after it, which may be one of ours.
func prepended(r rune) bool {
	switch r {
	case 0xd4e, 0x111c2, 0x111c3, 0x1193f, 0x11941, 0x11a3a, 0x11d46, 0x11f02:
		return true
	}
	return r >= 0x11a84 && r <= 0x11a89
}

// visibleFormat reports whether r is a format character that has a shape.
// Nobody agrees on its width, so a stand-in is drawn.
func visibleFormat(r rune) bool {
	return r >= 0xfff9 && r <= 0xfffb || r >= 0x13430 && r <= 0x1345f ||
		unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// printable reports whether r has a shape that is known to everyone: not a C1
// control, not private use, where a font may have our own icons, not a noncharacter, and
// not unassigned, unless it lies where new emoji are added every year. What
// would be drawn onto our own text is not printable either.
func printable(r rune) bool {
	return unicode.IsGraphic(r) && !prepended(r) || r >= 0x1f000 && r <= 0x1faff
}

// jamo reports whether r is a Hangul letter that is joined to a syllable.
func jamo(r rune) bool {
	return r >= 0x1100 && r <= 0x11ff || r >= 0xa960 && r <= 0xa97c || r >= 0xd7b0 && r <= 0xd7fb
}

// leadingJamo reports whether r begins a syllable.
func leadingJamo(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0xa960 && r <= 0xa97c
}

// regional reports whether r is a letter of which two make a flag.
func regional(r rune) bool { return r >= firstRegional && r <= 0x1f1ff }

// skinTone reports whether r colours the emoji before it.
func skinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// keycapBase reports whether r can be drawn as a key.
func keycapBase(r rune) bool {
	return r >= '0' && r <= '9' || r == '#' || r == '*'
}

// pictograph reports whether r can begin an emoji sequence.
func pictograph(r rune) bool {
	switch {
	case r < 0x80, regional(r), skinTone(r):
		return false
	case r >= 0x1f000 && r <= 0x1faff:
		return true
	case r >= 0x2190 && r <= 0x21ff, r >= 0x2300 && r <= 0x23ff, r >= 0x25a0 && r <= 0x27bf, r >= 0x2b00 && r <= 0x2bff:
		return unicode.Is(unicode.S, r) && r != noBase
	}
	switch r {
	case 0xa9, 0xae, 0x203c, 0x2049, 0x2122, 0x2139, 0x24c2, 0x2934, 0x2935, 0x3030,
		0x303d, 0x3297, 0x3299:
		return true
	}
	return false
}

// continues reports whether r belongs to the cluster of the character before
// it, or may do so.
func continues(r rune) bool {
	return unicode.Is(unicode.M, r) || joiner(r) || skinTone(r) || regional(r) ||
		jamo(r) || r >= 0xe0020 && r <= lastTag
}
