package rexprog

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"unicode/utf8"
)

// The format pins the sets that \p names to one version of Unicode, as it does
// for folding. So the meaning of an expression does not depend on the tables of
// Go.

// unicodeVersion is the version of Unicode that the format pins.
const unicodeVersion = "15.0.0"

// A unicodeRun is a number of consecutive runes with the same property.
type unicodeRun struct {
	property byte // index in unicodeCategories or unicodeScripts
	length   rune
}

// Each rune has one category and one script. Both tables are runs that cover
// all runes.
var (
	unicodeCategoryRuns = sync.OnceValue(func() []unicodeRun { return decodeRuns(categoryRuns) })
	unicodeScriptRuns   = sync.OnceValue(func() []unicodeRun { return decodeRuns(scriptRuns) })
)

// decodeRuns decodes runs from base64. A run is the property, one byte, and the
// length as a varint.
func decodeRuns(text string) []unicodeRun {
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		panic("rexprog: the table of Unicode is broken: " + err.Error())
	}
	var runs []unicodeRun
	for len(b) > 0 {
		length, n := binary.Uvarint(b[1:])
		runs = append(runs, unicodeRun{b[0], rune(length)})
		b = b[1+n:]
	}
	return runs
}

// runsOf returns the clean set of the runes whose property is wanted.
func runsOf(runs []unicodeRun, wanted func(property byte) bool) runeSet {
	var s runeSet
	at := rune(0)
	for _, r := range runs {
		if wanted(r.property) {
			s = append(s, runeRange{at, at + r.length - 1})
		}
		at += r.length
	}
	return s.clean()
}

// unicodeKey returns the lookup key of a name. It ignores case, spaces, dashes
// and underscores.
func unicodeKey(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '_':
			return -1
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// unicodeSet returns the clean set for a key of unicodeKey. It returns false if
// the name is unknown.
func unicodeSet(key string) (s runeSet, ok bool) {
	switch key {
	case "any":
		return runeSet{{0, utf8.MaxRune}}, true
	case "ascii":
		return posixSets["ascii"], true
	case "assigned":
		return runsOf(unicodeCategoryRuns(), func(p byte) bool { return p != 0 }), true
	}
	if short, ok := unicodeAliases[key]; ok {
		key = short
	}
	if wanted, ok := unicodeCategory(key); ok {
		return runsOf(unicodeCategoryRuns(), wanted), true
	}
	for i, script := range unicodeScripts {
		if i > 0 && unicodeKey(script) == key {
			return runsOf(unicodeScriptRuns(), func(p byte) bool { return int(p) == i }), true
		}
	}
	return nil, false
}

// unicodeCategory returns a function that reports whether a property belongs to
// a category. The name of the category is two letters. One letter stands for
// all categories that start with it.
func unicodeCategory(key string) (wanted func(property byte) bool, ok bool) {
	if key == "lc" {
		return func(p byte) bool { c := unicodeCategories[p]; return c == "Lu" || c == "Ll" || c == "Lt" }, true
	}
	if len(key) < 1 || len(key) > 2 {
		return nil, false
	}
	for _, c := range unicodeCategories {
		if strings.HasPrefix(strings.ToLower(c), key) {
			return func(p byte) bool { return strings.HasPrefix(strings.ToLower(unicodeCategories[p]), key) }, true
		}
	}
	return nil, false
}

// unicodeCategories are the general categories. The first is for runes without
// another category.
var unicodeCategories = [...]string{
	"Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No",
	"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs",
}

// unicodeAliases maps the keys of long names of categories to the keys of their
// short names.
var unicodeAliases = map[string]string{
	"other": "c", "control": "cc", "cntrl": "cc", "format": "cf", "unassigned": "cn", "privateuse": "co", "surrogate": "cs",
	"letter": "l", "casedletter": "lc", "lowercaseletter": "ll", "modifierletter": "lm", "otherletter": "lo",
	"titlecaseletter": "lt", "uppercaseletter": "lu",
	"mark": "m", "combiningmark": "m", "spacingmark": "mc", "enclosingmark": "me", "nonspacingmark": "mn",
	"number": "n", "decimalnumber": "nd", "digit": "nd", "letternumber": "nl", "othernumber": "no",
	"punctuation": "p", "punct": "p", "connectorpunctuation": "pc", "dashpunctuation": "pd", "closepunctuation": "pe",
	"finalpunctuation": "pf", "initialpunctuation": "pi", "otherpunctuation": "po", "openpunctuation": "ps",
	"symbol": "s", "currencysymbol": "sc", "modifiersymbol": "sk", "mathsymbol": "sm", "othersymbol": "so",
	"separator": "z", "lineseparator": "zl", "paragraphseparator": "zp", "spaceseparator": "zs",
}

// unicodeScripts are the scripts. The first has no name and is for runes
// without a script.
var unicodeScripts = [...]string{
	"", "Adlam", "Ahom", "Anatolian_Hieroglyphs", "Arabic", "Armenian", "Avestan", "Balinese", "Bamum",
	"Bassa_Vah", "Batak", "Bengali", "Bhaiksuki", "Bopomofo", "Brahmi", "Braille", "Buginese", "Buhid",
	"Canadian_Aboriginal", "Carian", "Caucasian_Albanian", "Chakma", "Cham", "Cherokee", "Chorasmian",
	"Common", "Coptic", "Cuneiform", "Cypriot", "Cypro_Minoan", "Cyrillic", "Deseret", "Devanagari",
	"Dives_Akuru", "Dogra", "Duployan", "Egyptian_Hieroglyphs", "Elbasan", "Elymaic", "Ethiopic", "Georgian",
	"Glagolitic", "Gothic", "Grantha", "Greek", "Gujarati", "Gunjala_Gondi", "Gurmukhi", "Han", "Hangul",
	"Hanifi_Rohingya", "Hanunoo", "Hatran", "Hebrew", "Hiragana", "Imperial_Aramaic", "Inherited",
	"Inscriptional_Pahlavi", "Inscriptional_Parthian", "Javanese", "Kaithi", "Kannada", "Katakana", "Kawi",
	"Kayah_Li", "Kharoshthi", "Khitan_Small_Script", "Khmer", "Khojki", "Khudawadi", "Lao", "Latin", "Lepcha",
	"Limbu", "Linear_A", "Linear_B", "Lisu", "Lycian", "Lydian", "Mahajani", "Makasar", "Malayalam", "Mandaic",
	"Manichaean", "Marchen", "Masaram_Gondi", "Medefaidrin", "Meetei_Mayek", "Mende_Kikakui",
	"Meroitic_Cursive", "Meroitic_Hieroglyphs", "Miao", "Modi", "Mongolian", "Mro", "Multani", "Myanmar",
	"Nabataean", "Nag_Mundari", "Nandinagari", "New_Tai_Lue", "Newa", "Nko", "Nushu", "Nyiakeng_Puachue_Hmong",
	"Ogham", "Ol_Chiki", "Old_Hungarian", "Old_Italic", "Old_North_Arabian", "Old_Permic", "Old_Persian",
	"Old_Sogdian", "Old_South_Arabian", "Old_Turkic", "Old_Uyghur", "Oriya", "Osage", "Osmanya",
	"Pahawh_Hmong", "Palmyrene", "Pau_Cin_Hau", "Phags_Pa", "Phoenician", "Psalter_Pahlavi", "Rejang", "Runic",
	"Samaritan", "Saurashtra", "Sharada", "Shavian", "Siddham", "SignWriting", "Sinhala", "Sogdian",
	"Sora_Sompeng", "Soyombo", "Sundanese", "Syloti_Nagri", "Syriac", "Tagalog", "Tagbanwa", "Tai_Le",
	"Tai_Tham", "Tai_Viet", "Takri", "Tamil", "Tangsa", "Tangut", "Telugu", "Thaana", "Thai", "Tibetan",
	"Tifinagh", "Tirhuta", "Toto", "Ugaritic", "Vai", "Vithkuqi", "Wancho", "Warang_Citi", "Yezidi", "Yi",
	"Zanabazar_Square",
}
