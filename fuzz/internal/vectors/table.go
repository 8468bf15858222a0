// Package vectors makes the test vectors of package corpus: channel files and events, with the
// instances that match and the steps charged. The table states the matches and the reasons.
// The test writes the files and checks that independent implementations agree with the table.
package vectors

import (
	"math"
	"net/netip"
	"strings"

	cf "github.com/cfcheck/cfcheck/channelfile"
)

// A Set is a channel file and events for it.
type Set struct {
	Name   string
	Why    string
	Inputs string // a letter for each input: s string, i integer, a address
	Rules  []cf.Expr
	Events []Event
	Origin *cf.Origin // the provenance of each rule; nil means that the file has none
}

// An Event is one event of a set.
type Event struct {
	Why    string
	Values []any // a nil, string, int64 or netip.Addr for each input; nil means absent
	Match  []int // numbers of the rules that match
}

// yes and no return events of one input, for a set whose rules are a criterion and its negation.
// The criterion matches the event of yes, and the negation matches the event of no.
func yes(value any, why string) Event { return Event{why, []any{value}, []int{0}} }
func no(value any, why string) Event  { return Event{why, []any{value}, []int{1}} }

// yes2 and no2 are yes and no for events of two inputs.
func yes2(a, b any, why string) Event { return Event{why, []any{a, b}, []int{0}} }
func no2(a, b any, why string) Event  { return Event{why, []any{a, b}, []int{1}} }

// single returns a set of one input. Its first rule is the criterion e, its second the negation
// of e. single adds an event in which the input is absent.
func single(name, inputs, why string, e cf.Expr, events ...Event) Set {
	events = append(events, no(nil, "an absent input fails every criterion, so the opposite holds"))
	return Set{Name: name, Why: why, Inputs: inputs, Rules: []cf.Expr{e, cf.Not(e)}, Events: events}
}

// text returns a set of one string, as single does.
func text(name, why string, e cf.Expr, events ...Event) Set {
	return single(name, "s", why, e, events...)
}

// pair returns a set of two inputs. The criterion e compares them; the second rule is its
// negation. pair adds events in which one input or both are absent.
func pair(name, inputs, why string, e cf.Expr, events ...Event) Set {
	present := events[0].Values
	return Set{Name: name, Why: why, Inputs: inputs, Rules: []cf.Expr{e, cf.Not(e)}, Events: append(events,
		no2(nil, present[1], "the input itself is absent"),
		no2(present[0], nil, "the input that is compared with is absent"),
		no2(nil, nil, "two absent inputs are not equal: neither has a value"),
	)}
}

// triple returns a set of three strings. The criterion e compares the first with the other two;
// the second rule is its negation. triple adds events in which strings are absent.
func triple(name, why string, e cf.Expr, events ...Event) Set {
	return Set{Name: name, Why: why, Inputs: "sss", Rules: []cf.Expr{e, cf.Not(e)}, Events: append(events,
		three(nil, "a", "a", false, "the input itself is absent"),
		three("a", nil, nil, false, "both others are absent"),
	)}
}

// three returns an event for the set of triple. holds states whether the criterion holds.
func three(a, b, c any, holds bool, why string) Event {
	if holds {
		return Event{why, []any{a, b, c}, []int{0}}
	}
	return Event{why, []any{a, b, c}, []int{1}}
}

func ip(s string) netip.Addr        { return netip.MustParseAddr(s) }
func prefix(s string) netip.Prefix  { return netip.MustParsePrefix(s) }
func repeat(s string, n int) string { return strings.Repeat(s, n) }
func n(v int64) any                 { return v }
func rules(e ...cf.Expr) []cf.Expr  { return e }
func match(i ...int) []int          { return i }
func values(v ...any) []any         { return v }

// Sets returns all sets.
func Sets() []Set {
	var all []Set
	for _, list := range [][]Set{bytesSets(), foldSets(), foldListSets(), patternSets(), inputSets(), integerSets(), addressSets(), regexpSets(), conditionSets()} {
		all = append(all, list...)
	}
	return all
}

func bytesSets() []Set {
	return []Set{
		text("exists", "exists asks whether there is a value", cf.Exists(0),
			yes("a", "present"), yes("", "empty is present"), yes("-", "a dash is a string like any other"), yes("\x00", "a zero byte is a value"), yes("\xFF", "an invalid byte is a value")),
		single("exists-integer", "i", "exists on an integer", cf.Exists(0), yes(n(0), "zero is present"), yes(n(-1), "as is any other number")),
		single("exists-address", "a", "exists on an address", cf.Exists(0), yes(ip("::"), "the address of zeros is present"), yes(ip("10.0.0.1"), "as is any other")),

		text("equals", "equals compares all bytes", cf.Equals(0, "abc"),
			yes("abc", "the operand itself"), no("abcd", "one byte more"), no("ab", "one byte less"), no("ABC", "case matters without fold"), no("", "empty is not the operand"), no("abc\x00", "a zero byte ends nothing"), no(" abc", "nothing is trimmed"), no("abc\n", "a line end is a byte")),
		text("equals-empty", "the empty operand is a value like any other", cf.Equals(0, ""),
			yes("", "empty"), no("a", "not empty"), no("\x00", "a zero byte is not nothing")),
		text("equals-any", "any of several operands", cf.Equals(0, "a", "bb", "ccc"),
			yes("a", "the first"), yes("bb", "the second"), yes("ccc", "the third"), no("b", "a part of one"), no("abbccc", "all joined"), no("", "none of them")),
		text("equals-all", "all of several different operands never hold", cf.Equals(0, "a", "b").All(),
			no("a", "one of two"), no("b", "the other of two"), no("ab", "both joined")),
		text("equals-zero-byte", "values have a length and no end mark", cf.Equals(0, "a\x00b"),
			yes("a\x00b", "the operand itself"), no("a", "up to the zero byte"), no("a\x00c", "after the zero byte bytes still count")),
		text("equals-invalid", "without fold an invalid byte is that byte", cf.Equals(0, "a\xFFb"),
			yes("a\xFFb", "the same byte"), no("a\xFEb", "another invalid byte"), no("a\uFFFDb", "U+FFFD has three bytes"), no("a?b", "nothing stands for it")),
		text("equals-replacement", "U+FFFD as an operand is three bytes", cf.Equals(0, "\uFFFD"),
			yes("\uFFFD", "the same three bytes"), no("\xFF", "an invalid byte is not U+FFFD without fold"), no("\xEF\xBF", "two of three bytes")),
		text("equals-composed", "nothing is normalised", cf.Equals(0, "\u00E9"),
			yes("\u00E9", "the composed letter"), no("e\u0301", "letter and accent"), no("\u00C9", "the capital one")),

		text("prefix", "prefix compares bytes from the start", cf.Prefix(0, "ab"),
			yes("ab", "the operand alone"), yes("abc", "with more behind"), no("a", "shorter"), no("Ab", "case matters"), no("xab", "elsewhere"), no("", "empty"), yes("ab\xFF", "whatever follows")),
		text("prefix-in-a-rune", "without fold a match may end inside of a rune", cf.Prefix(0, "\xC3"),
			yes("\u00E9", "the first byte of U+00E9"), yes("\xC3", "that byte alone"), no("\u0101", "another first byte"), no("", "empty")),
		text("prefix-any", "any of several prefixes", cf.Prefix(0, "http://", "https://"),
			yes("http://a", "the first"), yes("https://a", "the second"), no("ftp://a", "neither"), no("http:/", "one byte less")),
		text("prefix-all", "all of two prefixes, of which one starts with the other", cf.Prefix(0, "a", "ab").All(),
			yes("abc", "both"), no("ac", "the shorter alone"), no("b", "neither")),

		text("suffix", "suffix compares bytes up to the end", cf.Suffix(0, `\a.exe`),
			yes(`C:\a.exe`, "a path"), yes(`\a.exe`, "the operand alone"), no("a.exe", "shorter"), no(`C:\a.exe `, "a space behind"), no(`C:\A.EXE`, "case matters"), no("", "empty")),
		text("suffix-in-a-rune", "without fold a match may start inside of a rune", cf.Suffix(0, "\xA9"),
			yes("\u00E9", "the last byte of U+00E9"), yes("\xA9", "that byte alone"), no("\u00E8", "another last byte")),
		text("suffix-any-all", "all of two suffixes", cf.Suffix(0, "b", "ab").All(),
			yes("ab", "both"), no("b", "the shorter alone"), no("ba", "neither")),

		text("contains", "contains finds the operand anywhere", cf.Contains(0, "bc"),
			yes("bc", "the operand alone"), yes("abcd", "in the middle"), yes("bcd", "at the start"), yes("abc", "at the end"), no("b c", "with something between"), no("bBC", "case matters"), no("b", "shorter"), no("", "empty"), yes("bbc", "after a false start")),
		text("contains-overlap", "a false start may overlap the match", cf.Contains(0, "aab"),
			yes("aaab", "the match starts at the second byte"), no("aaaa", "no end"), yes("xaabx", "in the middle")),
		text("contains-any", "any of several", cf.Contains(0, "x", "yy"),
			yes("ax", "the first"), yes("ayy", "the second"), no("ay", "half of the second"), yes("yyx", "both")),
		text("contains-all", "all of several", cf.Contains(0, "x", "yy").All(),
			no("ax", "the first alone"), no("ayy", "the second alone"), yes("yyx", "both, in any order"), yes("xyy", "both")),
		text("contains-in-a-rune", "without fold bytes are found inside of runes", cf.Contains(0, "\x82\xAC"),
			yes("\u20AC", "the last two bytes of U+20AC"), no("\u20AD", "another last byte"), yes("\x82\xAC", "the bytes alone")),
		text("contains-long", "an operand may be longer than the value", cf.Contains(0, repeat("ab", 100)),
			yes(repeat("ab", 101), "longer by two"), no(repeat("ab", 99), "shorter by two"), no(repeat("ba", 100), "as long, but shifted")),
	}
}

func foldSets() []Set {
	return []Set{
		text("equals-fold", "fold compares the folds of runes", cf.Equals(0, "Abc").Fold(),
			yes("abc", "small"), yes("ABC", "capital"), yes("aBc", "mixed"), no("abcd", "one more"), no("ab", "one less"), no("abd", "another letter"), no("", "empty")),
		text("equals-fold-kelvin", "U+212A folds to k, of another length", cf.Equals(0, "k").Fold(),
			yes("k", "small"), yes("K", "capital"), yes("\u212A", "the Kelvin sign, of three bytes"), no("\u212Ak", "two runes"), no("\u212B", "the Angstrom sign folds to another letter")),
		text("equals-fold-long-s", "U+017F folds to s", cf.Equals(0, "ss").Fold(),
			yes("\u017FS", "long and capital"), yes("ss", "small"), no("\u00DF", "simple folding never makes two runes of one")),
		text("equals-fold-sharp-s", "simple folding of the sharp s", cf.Equals(0, "stra\u00DFe").Fold(),
			yes("STRA\u1E9EE", "U+1E9E folds to U+00DF"), yes("Stra\u00DFe", "the same letter"), no("STRASSE", "two letters are not one")),
		text("equals-fold-sigma", "three sigmas fold to one", cf.Equals(0, "\u03C3").Fold(),
			yes("\u03A3", "capital"), yes("\u03C2", "final"), yes("\u03C3", "small"), no("\u03C4", "tau")),
		text("equals-fold-dotted-i", "folding knows no language", cf.Equals(0, "i").Fold(),
			yes("I", "capital I"), no("\u0130", "capital I with a dot has no simple fold"), no("\u0131", "small i without a dot neither")),
		text("equals-fold-titlecase", "a letter of three cases", cf.Equals(0, "\u01C6").Fold(),
			yes("\u01C4", "capital"), yes("\u01C5", "title case"), yes("\u01C6", "small"), no("d\u017E", "two letters")),
		text("equals-fold-cherokee", "Cherokee folds to the capital letter", cf.Equals(0, "\uAB70").Fold(),
			yes("\uAB70", "small, which folds to U+13A0"), yes("\u13A0", "capital"), no("\u13F0", "another letter"), no("\u13A1", "the next letter")),
		text("equals-fold-beyond", "letters beyond U+FFFF fold too", cf.Equals(0, "\U00010428").Fold(),
			yes("\U00010400", "Deseret, capital"), yes("\U00010428", "small"), no("\U00010401", "another letter"), no("\xF0\x90\x90", "three of four bytes")),
		text("equals-fold-ypogegrammeni", "U+0345, U+0399 and U+1FBE fold to iota", cf.Equals(0, "\u03B9").Fold(),
			yes("\u0345", "combining"), yes("\u0399", "capital"), yes("\u1FBE", "prosgegrammeni"), no("i", "a Latin letter")),
		text("equals-fold-invalid", "with fold an invalid byte is the rune U+FFFD", cf.Equals(0, "a\xFFb").Fold(),
			yes("A\xFFB", "the same byte"), yes("a\xFEb", "another invalid byte"), yes("a\uFFFDb", "U+FFFD itself"), no("a\xE2\x82b", "of a truncated rune each byte is one rune"), no("ab", "nothing is left out")),
		text("equals-fold-truncated", "of a truncated rune each byte is U+FFFD", cf.Equals(0, "\uFFFD\uFFFD").Fold(),
			yes("\xE2\x82", "the first two of three bytes"), yes("\xFF\xFE", "two bytes that never occur"), yes("\uFFFD\xC0", "one of each"), no("\xE2", "one byte"), no("\xF0\x9F\x98", "three bytes of four")),
		text("equals-fold-surrogate", "a surrogate in UTF-8 is three invalid bytes", cf.Equals(0, "\uFFFD\uFFFD\uFFFD").Fold(),
			yes("\xED\xA0\x80", "U+D800"), yes("\xED\xBF\xBF", "U+DFFF"), no("\xED\x9F\xBF", "U+D7FF is valid"), yes("\xE0\x80\xAF", "an overlong form")),
		text("equals-fold-overlong", "overlong and too large forms are invalid bytes", cf.Equals(0, "\uFFFD\uFFFD").Fold(),
			yes("\xC0\xAF", "a slash in two bytes"), yes("\xC1\x81", "an A in two bytes"), no("\xF4\x90\x80\x80", "U+110000: four bytes, four runes"), no("/", "a slash")),
		text("equals-fold-above", "a form above U+10FFFF is four runes", cf.Equals(0, "\uFFFD\uFFFD\uFFFD\uFFFD").Fold(),
			yes("\xF4\x90\x80\x80", "U+110000"), yes("\xF5\x80\x80\x80", "U+140000"), no("\xF4\x8F\xBF\xBF", "U+10FFFF is valid")),
		text("equals-fold-zero", "a zero byte is a rune", cf.Equals(0, "A\x00B").Fold(),
			yes("a\x00b", "folded"), no("a", "up to the zero byte"), no("ab", "without it")),

		text("prefix-fold", "prefix with fold ends at a rune", cf.Prefix(0, "\u00C9a").Fold(),
			yes("\u00E9Ab", "small"), yes("\u00C9A", "the operand alone"), no("e\u0301a", "nothing is normalised"), no("\u00C9", "shorter"), no("", "empty")),
		text("prefix-fold-rune", "with fold a match never ends inside of a rune", cf.Prefix(0, "\xC3").Fold(),
			yes("\xC3", "an invalid byte"), yes("\xFFa", "any invalid byte"), no("\u00E9", "the first byte of a rune is no rune"), yes("\uFFFDx", "U+FFFD itself")),
		text("suffix-fold", "suffix with fold", cf.Suffix(0, ".EXE").Fold(),
			yes("a.exe", "small"), yes(".ExE", "the operand alone"), no("exe", "shorter"), no("a.exe ", "something behind"), yes("\xFF.eXe", "after an invalid byte")),
		text("suffix-fold-rune", "with fold a match never starts inside of a rune", cf.Suffix(0, "\xA9").Fold(),
			no("\u00E9", "the last byte of a rune is no rune"), yes("a\xA9", "a byte that continues nothing"), yes("\xE2\x82", "the last byte of a truncated rune"), no("\u20AC", "the whole rune")),
		text("suffix-fold-kelvin", "a rune of another length at the end", cf.Suffix(0, "ok").Fold(),
			yes("O\u212A", "the Kelvin sign"), yes("took", "small"), no("o\u212Ax", "not at the end"), no("\u212A", "shorter")),
		text("contains-fold", "contains with fold", cf.Contains(0, "BC").Fold(),
			yes("abcd", "small"), yes("ABCD", "capital"), yes("bBc", "after a false start"), no("b c", "with something between"), no("b", "shorter"), no("", "empty")),
		text("contains-fold-kelvin", "runes of other lengths in the middle", cf.Contains(0, "kK").Fold(),
			yes("a\u212A\u212Ab", "two Kelvin signs"), yes("xkKx", "two letters"), yes("k\u212A", "one of each"), no("k", "one")),
		text("contains-fold-invalid", "contains with fold on invalid bytes", cf.Contains(0, "\xFFa").Fold(),
			yes("x\xFEA", "another invalid byte"), yes("\xE2\x82a", "the end of a truncated rune"), no("\u20ACa", "a whole rune"), yes("\uFFFDA", "U+FFFD itself"), no("a", "nothing before")),
		text("contains-fold-all", "all with fold", cf.Contains(0, "AA", "Bb").Fold().All(),
			yes("aabb", "both"), no("aab", "one"), yes("xBBxAax", "both, in any order")),
		text("contains-fold-any", "any with fold", cf.Contains(0, "\u00C4", "\u00D6").Fold(),
			yes("x\u00E4", "the first"), yes("\u00F6", "the second"), no("a\u0308", "nothing is normalised")),
	}
}

func foldListSets() []Set {
	return []Set{
		text("equals-fold-any", "equals with fold, any of several", cf.Equals(0, "Aa", "\u00C9").Fold(),
			yes("aA", "the first"), yes("\u00E9", "the second"), no("a", "half of the first"), no("aa\u00E9", "both joined")),
		text("equals-fold-all", "equals with fold: all of two different operands never hold", cf.Equals(0, "a", "b").Fold().All(),
			no("A", "one of two"), no("B", "the other of two")),
		text("prefix-fold-any", "prefix with fold, any of several", cf.Prefix(0, "HKLM", "hkcu").Fold(),
			yes("hklm\\x", "the first"), yes("HKCU", "the second"), no("hk", "shorter"), no("xhkcu", "elsewhere")),
		text("prefix-fold-all", "prefix with fold, all of several", cf.Prefix(0, "k", "kA").Fold().All(),
			yes("\u212Aa", "both"), no("Kb", "the shorter alone"), no("b", "neither")),
		text("suffix-any", "suffix, any of several", cf.Suffix(0, ".exe", ".dll"),
			yes("a.exe", "the first"), yes("a.dll", "the second"), no("a.Exe", "case matters"), no("exe", "shorter")),
		text("suffix-fold-any", "suffix with fold, any of several", cf.Suffix(0, ".EXE", ".\u03A3").Fold(),
			yes("a.Exe", "the first"), yes("a.\u03C2", "the second"), no("a.ex", "shorter")),
		text("suffix-fold-all", "suffix with fold, all of several", cf.Suffix(0, "K", "ak").Fold().All(),
			yes("A\u212A", "both"), no("bk", "the shorter alone"), no("ka", "neither")),
		text("pattern-fold-any", "pattern with fold, any of several", cf.Pattern(0, "A*Z", "k?k").Fold(),
			yes("axz", "the first"), yes("K\xFF\u212A", "the second"), no("axy", "neither")),
		text("pattern-fold-all", "pattern with fold, all of several", cf.Pattern(0, "A*Z", "*?YZ").Fold().All(),
			yes("AyZ", "both"), no("axz", "the first alone"), no("byz", "the second alone")),
	}
}

func patternSets() []Set {
	return []Set{
		text("pattern", "stars and a question mark", cf.Pattern(0, "a*c?e"),
			yes("abcde", "all parts"), yes("acde", "a star may be empty"), yes("abbcbcde", "the star goes on"), no("abcdef", "the whole value counts"), no("ace", "a question mark is one"), no("Abcde", "case matters"), no("", "empty")),
		text("pattern-question", "a question mark takes one rune", cf.Pattern(0, "a?c"),
			yes("abc", "one byte"), yes("a\u00E9c", "a rune of two bytes"), yes("a\U0001F600c", "a rune of four bytes"), yes("a\xFFc", "an invalid byte"), no("ac", "none"), no("abbc", "two"), no("a\xE2\x82c", "a truncated rune is two"), yes("a\nc", "a line end")),
		text("pattern-questions", "question marks alone", cf.Pattern(0, "???"),
			yes("abc", "three bytes"), yes("\u20AC\u00E9a", "three runes"), yes("\xE2\x82a", "two invalid bytes and one"), no("ab", "two"), no("abcd", "four"), no("\u20AC", "three bytes of one rune")),
		text("pattern-least", "a question mark before a star: at least one", cf.Pattern(0, "?*"),
			yes("a", "one"), yes("ab", "more"), no("", "none"), yes("\xFF", "an invalid byte")),
		text("pattern-escapes", "a backslash takes the meaning away", cf.Pattern(0, `\**\?\\`),
			yes(`*?\`, "the literals alone"), yes(`*abc?\`, "with something between"), no(`a?\`, "a star is meant"), no(`*a\`, "a question mark is meant"), no(`*?`, "a backslash is meant")),
		text("pattern-backtrack", "a star takes more if the rest does not fit", cf.Pattern(0, "*ab*ab?"),
			yes("ababx", "the least"), yes("xabyabab!", "the last fit is the right one"), no("abab", "one rune is missing"), no("abx", "one ab")),
		text("pattern-stars", "several stars", cf.Pattern(0, "*a*b*c*"),
			yes("abc", "in order"), yes("xaxbxcx", "with more between"), no("acb", "out of order"), no("ab", "one is missing")),
		text("pattern-any", "any of several patterns", cf.Pattern(0, "a*b", "c?d"),
			yes("axxb", "the first"), yes("cxd", "the second"), no("cxxd", "neither")),
		text("pattern-all", "all of several patterns", cf.Pattern(0, "a*b", "*x?b").All(),
			yes("axyb", "both"), no("ayb", "the first alone"), no("bxyb", "the second alone")),
		text("pattern-fold", "a pattern with fold", cf.Pattern(0, "A*\u00C9?").Fold(),
			yes("ab\u00E9x", "small"), yes("A\u00C9X", "capital"), no("ae\u0301", "nothing is normalised"), no("a\u00E9", "a question mark is one")),
		text("pattern-fold-kelvin", "a literal of another length", cf.Pattern(0, "k?k").Fold(),
			yes("\u212Ax\u212A", "two Kelvin signs"), yes("KKK", "three letters"), no("\u212A\u212A", "two runes")),
		text("pattern-fold-invalid", "an invalid byte with fold is U+FFFD", cf.Pattern(0, "a\xFF*b").Fold(),
			yes("A\xFEB", "another invalid byte"), yes("a\uFFFDxb", "U+FFFD itself"), no("axb", "no such rune"), yes("a\xE2\x82b", "the first of two, and the star takes the second")),
		text("pattern-fold-star-runes", "with fold a star takes whole runes", cf.Pattern(0, "?*\xA9").Fold(),
			no("\u00E9", "the star never ends inside of a rune"), yes("a\xA9", "an invalid byte is a rune"), yes("\xE2\x82", "of a truncated rune each byte is a rune"), no("a\u00E9", "the last rune is not U+FFFD")),
		text("pattern-bytes-star", "without fold a star takes any bytes", cf.Pattern(0, "?*\xA9"),
			no("\u00E9", "the question mark takes the whole rune"), yes("a\u00E9", "the star ends inside of the rune"), yes("\xA9\xA9", "two bytes")),
		text("pattern-bytes-back", "a later fit may end earlier", cf.Pattern(0, "*\xC3?\xA9*"),
			yes("\xC3\xC3\xA9\xA9", "the question mark takes the whole rune in the middle"), no("\xC3\xA9", "the question mark finds nothing"), yes("\xC3x\xA9", "one byte between")),
		text("pattern-literal-bytes", "without fold literals are bytes", cf.Pattern(0, "\u00E9*\u00E9?"),
			yes("\u00E9\u00E9x", "the least"), no("\u00E9x\u00C9x", "case matters"), yes("\u00E9--\u00E9\u20AC", "a rune at the end")),
		text("pattern-path", "a pattern of a path", cf.Pattern(0, `C:\\Users\\*\\AppData\\*.exe`),
			yes(`C:\Users\me\AppData\a.exe`, "a user"), yes(`C:\Users\\AppData\.exe`, "stars may be empty"), no(`C:\Users\AppData\a.exe`, "a separator is missing"), no(`C:/Users/me/AppData/a.exe`, "paths are not normalised")),
	}
}

func inputSets() []Set {
	return []Set{
		pair("equals-input", "ss", "equals of two inputs", cf.EqualsInput(0, 1),
			yes2("abc", "abc", "the same"), no2("abc", "ABC", "case matters"), no2("abc", "abcd", "one byte more"), yes2("", "", "both empty"), no2("a", "", "one empty"), yes2("\xFF", "\xFF", "the same invalid byte"), no2("\xFF", "\xFE", "another invalid byte")),
		pair("equals-input-fold", "ss", "equals of two inputs with fold: both are folded", cf.EqualsInput(0, 1).Fold(),
			yes2("aBC", "AbC", "the same letters"), yes2("\u212A", "k", "of other lengths"), yes2("k", "\u212A", "the other way round"), no2("kk", "\u212A", "one more"), yes2("\xFF", "\uFFFD", "an invalid byte is U+FFFD"), no2("\u00DF", "ss", "simple folding")),
		pair("prefix-input", "ss", "an input that starts with another", cf.PrefixInput(0, 1),
			yes2("abc", "ab", "it does"), yes2("abc", "abc", "all of it"), no2("ab", "abc", "shorter"), yes2("abc", "", "every value starts with nothing"), no2("Abc", "ab", "case matters")),
		pair("prefix-input-fold", "ss", "the same with fold", cf.PrefixInput(0, 1).Fold(),
			yes2("abc", "AB", "it does"), yes2("\u212Ax", "K", "of another length"), no2("a", "AB", "shorter"), no2("\u00E9", "\xC3", "a match ends at a rune")),
		pair("suffix-input", "ss", "an input that ends with another", cf.SuffixInput(0, 1),
			yes2("abc", "bc", "it does"), yes2("abc", "", "every value ends with nothing"), no2("bc", "abc", "shorter"), no2("abC", "bc", "case matters")),
		pair("suffix-input-fold", "ss", "the same with fold", cf.SuffixInput(0, 1).Fold(),
			yes2("abc", "BC", "it does"), yes2("x\u212A", "K", "of another length"), no2("c", "BC", "shorter"), no2("\u00E9", "\xA9", "a match starts at a rune")),
		pair("integer-equals-input", "ss", "two strings read as decimals", cf.IntegerEqualsInput(0, 1),
			yes2("7", "7", "the same number"), no2("7", "07", "a leading zero is no decimal"), no2("x", "x", "the same text is no number"), yes2("-9223372036854775808", "-9223372036854775808", "the least"), no2("9223372036854775808", "9223372036854775808", "beyond the greatest"), no2("7", "8", "another number")),
		pair("integer-equals-input-integers", "ii", "two integers", cf.IntegerEqualsInput(0, 1),
			yes2(n(5), n(5), "the same"), no2(n(5), n(-5), "the sign counts"), yes2(n(math.MinInt64), n(math.MinInt64), "the least"), no2(n(math.MinInt64), n(math.MaxInt64), "the ends")),
		triple("equals-inputs-fold-any", "equals with fold of an input and two others, any", cf.EqualsInput(0, 1, 2).Fold(),
			three("k", "x", "K", true, "the second"), three("k", "\u212A", nil, true, "the first, and the second is absent"), three("k", "x", "y", false, "neither"), three("k", "kk", "", false, "longer, and empty")),
		triple("equals-inputs-fold-all", "equals with fold of an input and two others, all", cf.EqualsInput(0, 1, 2).Fold().All(),
			three("k", "\u212A", "K", true, "both"), three("k", "K", "x", false, "one differs"), three("k", "K", nil, false, "one is absent"), three("", "", "", true, "all are empty")),
		triple("prefix-inputs-any", "prefix of an input and two others, any", cf.PrefixInput(0, 1, 2),
			three("abc", "x", "ab", true, "the second"), three("abc", "a", nil, true, "the first, and the second is absent"), three("abc", "b", "AB", false, "neither"), three("abc", "", "x", true, "one is empty")),
		triple("prefix-inputs-all", "prefix of an input and two others, all", cf.PrefixInput(0, 1, 2).All(),
			three("abc", "a", "ab", true, "both"), three("abc", "a", "b", false, "one fails"), three("abc", "a", nil, false, "one is absent"), three("", "", "", true, "all are empty")),
		triple("prefix-inputs-fold-any", "prefix with fold of an input and two others, any", cf.PrefixInput(0, 1, 2).Fold(),
			three("abc", "x", "AB", true, "the second"), three("\u212Abc", "K", "x", true, "of another length"), three("abc", "b", nil, false, "neither")),
		triple("prefix-inputs-fold-all", "prefix with fold of an input and two others, all", cf.PrefixInput(0, 1, 2).Fold().All(),
			three("abc", "A", "aB", true, "both"), three("abc", "A", "B", false, "one fails"), three("abc", nil, "A", false, "one is absent")),
		triple("suffix-inputs-any", "suffix of an input and two others, any", cf.SuffixInput(0, 1, 2),
			three("abc", "x", "bc", true, "the second"), three("abc", "c", nil, true, "the first, and the second is absent"), three("abc", "b", "BC", false, "neither")),
		triple("suffix-inputs-all", "suffix of an input and two others, all", cf.SuffixInput(0, 1, 2).All(),
			three("abc", "c", "bc", true, "both"), three("abc", "c", "b", false, "one fails"), three("abc", "c", nil, false, "one is absent")),
		triple("suffix-inputs-fold-any", "suffix with fold of an input and two others, any", cf.SuffixInput(0, 1, 2).Fold(),
			three("abc", "x", "BC", true, "the second"), three("ab\u212A", "K", "x", true, "of another length"), three("abc", "b", nil, false, "neither")),
		triple("suffix-inputs-fold-all", "suffix with fold of an input and two others, all", cf.SuffixInput(0, 1, 2).Fold().All(),
			three("abc", "C", "bC", true, "both"), three("abc", "C", "B", false, "one fails"), three("abc", nil, "C", false, "one is absent")),
		triple("integer-equals-inputs-any", "the numbers of an input and two others, any", cf.IntegerEqualsInput(0, 1, 2),
			three("7", "8", "7", true, "the second"), three("7", "7", nil, true, "the first, and the second is absent"), three("7", "x", "07", false, "neither is a decimal"), three("-1", "1", "18446744073709551615", false, "2^64 - 1 is not -1")),
		triple("integer-equals-inputs-all", "the numbers of an input and two others, all", cf.IntegerEqualsInput(0, 1, 2).All(),
			three("7", "7", "7", true, "both"), three("7", "7", "x", false, "one is no decimal"), three("7", "7", nil, false, "one is absent"), three("x", "x", "x", false, "none is a decimal")),
		{Name: "equals-inputs-any", Why: "an input and several others, any", Inputs: "sss", Rules: rules(cf.EqualsInput(0, 1, 2), cf.Not(cf.EqualsInput(0, 1, 2))), Events: []Event{
			{"the first of them", values("a", "a", "b"), match(0)},
			{"the second of them", values("a", "b", "a"), match(0)},
			{"neither", values("a", "b", "c"), match(1)},
			{"one is absent, the other holds", values("a", nil, "a"), match(0)},
			{"one is absent, the other fails", values("a", nil, "b"), match(1)},
			{"the input itself is absent", values(nil, "a", "a"), match(1)},
			{"all are absent", values(nil, nil, nil), match(1)},
		}},
		{Name: "equals-inputs-all", Why: "an input and several others, all", Inputs: "sss", Rules: rules(cf.EqualsInput(0, 1, 2).All(), cf.Not(cf.EqualsInput(0, 1, 2).All())), Events: []Event{
			{"all three are the same", values("a", "a", "a"), match(0)},
			{"one of two differs", values("a", "a", "b"), match(1)},
			{"one is absent: all fails", values("a", nil, "a"), match(1)},
			{"the input itself is absent", values(nil, "a", "a"), match(1)},
			{"all are empty", values("", "", ""), match(0)},
		}},
	}
}

func integerSets() []Set {
	const least, greatest = math.MinInt64, math.MaxInt64
	return []Set{
		text("integer-equals", "a string that is read as a decimal", cf.IntegerEquals(0, 5),
			yes("5", "the number"), no("05", "a leading zero"), no("+5", "a plus"), no("5 ", "a space behind"), no(" 5", "a space before"), no("5.0", "a fraction"), no("0x5", "hexadecimal"), no("-5", "the sign counts"), no("", "empty"), no("five", "a word"), no("\u0665", "a digit that is not ASCII"), no("5\x00", "a zero byte behind"), no("55", "two digits")),
		text("integer-equals-zero", "zero", cf.IntegerEquals(0, 0),
			yes("0", "the digit"), no("-0", "minus zero is no decimal"), no("00", "two zeros"), no("-", "a minus alone"), no("", "empty")),
		text("integer-equals-least", "the least number", cf.IntegerEquals(0, least),
			yes("-9223372036854775808", "itself"), no("-9223372036854775809", "below"), no("9223372036854775808", "without its sign"), no("-09223372036854775808", "with a leading zero")),
		text("integer-equals-greatest", "the greatest number", cf.IntegerEquals(0, greatest),
			yes("9223372036854775807", "itself"), no("9223372036854775808", "above"), no("18446744073709551615", "the greatest of 64 bits without a sign"), no("-1", "what that would be with one")),
		text("integer-equals-any", "any of several numbers", cf.IntegerEquals(0, -1, 256, 1),
			yes("-1", "the first"), yes("256", "the second"), yes("1", "the third"), no("0", "none"), no("255", "none")),
		text("integer-equals-all", "all of two numbers never hold", cf.IntegerEquals(0, 1, 2).All(),
			no("1", "one of two"), no("2", "the other of two"), no("12", "both joined")),
		text("integer-range", "a range that has both of its ends", cf.IntegerRange(0, [2]int64{-2, 3}),
			yes("-2", "the least"), yes("3", "the greatest"), yes("0", "between"), no("-3", "below"), no("4", "above"), no("two", "a word"), no("", "empty")),
		text("integer-range-any-number", "the range of all numbers: is it a decimal", cf.IntegerRange(0, [2]int64{least, greatest}),
			yes("0", "zero"), yes("-9223372036854775808", "the least"), yes("9223372036854775807", "the greatest"), no("-9223372036854775809", "one below the least"), no("9223372036854775808", "one above the greatest"), no("18446744073709551617", "2^64 + 1, which wraps to 1"), no("340282366920938463463374607431768211457", "2^128 + 1"), no("1e3", "an exponent"), no("1_000", "an underscore")),
		text("integer-ranges-any", "any of several ranges", cf.IntegerRange(0, [2]int64{1, 5}, [2]int64{10, 20}),
			yes("5", "the first"), yes("10", "the second"), no("6", "between"), no("21", "above")),
		text("integer-ranges-all", "all of several ranges", cf.IntegerRange(0, [2]int64{1, 5}, [2]int64{4, 9}).All(),
			yes("4", "both"), yes("5", "both"), no("3", "the first alone"), no("9", "the second alone")),
		single("integer-equals-integer", "i", "an input that is an integer", cf.IntegerEquals(0, -5, greatest),
			yes(n(-5), "the first"), yes(n(greatest), "the second"), no(n(5), "the sign counts"), no(n(0), "zero")),
		single("integer-range-integer", "i", "an input that is an integer, and a range", cf.IntegerRange(0, [2]int64{least, -1}),
			yes(n(least), "the least"), yes(n(-1), "the greatest of the range"), no(n(0), "one above"), no(n(greatest), "far above")),
	}
}

func addressSets() []Set {
	return []Set{
		text("address-v4", "a network of IPv4 on strings", cf.AddressPrefix(0, prefix("10.1.0.0/16")),
			yes("10.1.0.0", "the first"), yes("10.1.255.255", "the last"), no("10.2.0.0", "one above"), no("10.0.255.255", "one below"), yes("::ffff:10.1.2.3", "mapped into IPv6"), yes("::FFFF:0a01:203", "mapped, in hexadecimal"), no("::10.1.2.3", "compatible is not mapped"), no("10.1.2", "three numbers"), no("10.1.2.3.4", "five numbers"), no("10.1.2.256", "a number above 255"), no("10.1.02.3", "a leading zero"), no("10.1.2.3/32", "a network is no address"), no(" 10.1.2.3", "a space"), no("10.1.2.", "a number is missing"), no("0x0a.1.2.3", "hexadecimal"), no("167838211", "a number alone"), no("10.1.2.3:80", "a port"), no("", "empty")),
		text("address-v4-one", "a single address", cf.AddressPrefix(0, prefix("192.0.2.7/32")),
			yes("192.0.2.7", "itself"), no("192.0.2.6", "one below"), no("192.0.2.8", "one above"), yes("::ffff:192.0.2.7", "mapped"), yes("0:0:0:0:0:ffff:c000:207", "mapped, at full length")),
		text("address-v6", "a network of IPv6 on strings", cf.AddressPrefix(0, prefix("2001:db8::/32")),
			yes("2001:db8::", "the first"), yes("2001:DB8::1", "capital digits"), yes("2001:0db8:0:0:0:0:0:1", "leading zeros of a group"), yes("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "the last"), no("2001:db9::", "one above"), no("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "one below"), no("2001:db8::1%eth0", "a zone"), no("2001:db8::1::2", "two double colons"), no("2001:00db8::", "five digits"), no("2001:db8:1:2:3:4:5", "seven groups"), no("2001:db8:1:2:3:4:5:6:7", "nine groups"), yes("2001:db8:1:2:3:4:5::", "a double colon for one group"), no("2001:db8:1:2:3:4:5:6::", "a double colon for no group"), yes("2001:db8::1.2.3.4", "a dotted tail"), no("2001:db8::1.2.3.04", "a dotted tail with a leading zero"), no("2001:db8::1.2.3.4:5", "a dotted part that is not the tail"), no("[2001:db8::1]", "brackets"), no("2001:db8:", "a single colon at the end"), no(":2001:db8::", "a single colon at the start"), no("2001:db8::g", "a letter that is no digit"), no("::", "the address of zeros")),
		text("address-all", "the range of all addresses has every IPv4 address too", cf.AddressRange(0, [2]netip.Addr{ip("::"), ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")}),
			yes("::", "the first"), yes("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "the last"), yes("255.255.255.255", "IPv4"), yes("0.0.0.0", "IPv4, zeros"), no("localhost", "a name"), no("-", "a dash"), no(":", "a colon"), no(":::", "three colons")),
		text("address-range", "a range that is no network", cf.AddressRange(0, [2]netip.Addr{ip("10.0.0.5"), ip("10.0.0.10")}),
			yes("10.0.0.5", "the first"), yes("10.0.0.10", "the last"), no("10.0.0.4", "one below"), no("10.0.0.11", "one above"), yes("10.0.0.9", "addresses are no strings: 9 is before 10")),
		text("address-any", "any of several ranges", cf.AddressPrefix(0, prefix("10.0.0.0/8"), prefix("fe80::/10")),
			yes("10.9.8.7", "the first"), yes("fe80::1", "the second"), yes("febf::1", "the end of the second"), no("fec0::1", "above"), no("11.0.0.0", "above the first")),
		text("address-ranges-all", "all of several ranges", cf.AddressRange(0, [2]netip.Addr{ip("10.0.0.0"), ip("10.0.0.20")}, [2]netip.Addr{ip("10.0.0.10"), ip("10.0.0.30")}).All(),
			yes("10.0.0.10", "both"), no("10.0.0.9", "the first alone"), no("10.0.0.21", "the second alone")),
		single("address-address", "a", "an input that is an address", cf.AddressPrefix(0, prefix("10.0.0.0/8"), prefix("2001:db8::/32")),
			yes(ip("10.255.255.255"), "IPv4"), yes(ip("::ffff:10.0.0.0"), "the same, mapped"), yes(ip("2001:db8::1"), "IPv6"), no(ip("11.0.0.0"), "above"), no(ip("::10.0.0.1"), "compatible is not mapped"), no(ip("::"), "zeros")),
	}
}

func regexpSets() []Set {
	return []Set{
		text("regexp", "a match may be anywhere", cf.Regexp(0, "a.c"),
			yes("abc", "the whole value"), yes("xxabcxx", "in the middle"), no("ac", "one rune is missing"), no("a\nc", "a dot takes no line end"), yes("a\u20ACc", "a rune of three bytes"), yes("a\xFFc", "an invalid byte is one rune"), no("a\xE2\x82c", "a truncated rune is two"), no("ABC", "case matters"), no("", "empty")),
		text("regexp-empty", "the empty expression matches every value", cf.Regexp(0, ""),
			yes("", "empty"), yes("a", "anything"), yes("\xFF", "an invalid byte")),
		text("regexp-anchors", "the whole value", cf.Regexp(0, "^a+$"),
			yes("a", "one"), yes("aaa", "three"), no("", "none"), no("aab", "something behind"), no("baa", "something before"), no("a\n", "the end is the end, not the line end before it"), no("b\na", "the start is no line start")),
		text("regexp-text-anchors", "\\A and \\z are not changed by flag m", cf.Regexp(0, `(?m)\Aa\z`),
			yes("a", "the whole value"), no("b\na", "a second line"), no("a\n", "a line end behind")),
		text("regexp-lines", "with flag m the anchors are those of lines", cf.Regexp(0, "(?m)^a$"),
			yes("a", "the only line"), yes("b\na", "the second line"), yes("a\nb", "the first line"), yes("b\na\nb", "one in the middle"), no("ba\nab", "no line of that"), no("a\rb", "a carriage return ends no line"), yes("a\n", "the last line is empty")),
		text("regexp-empty-lines", "an empty match needs no rune", cf.Regexp(0, "(?m)^$"),
			yes("", "the empty value"), yes("a\n", "behind the last line end"), yes("a\n\nb", "an empty line"), no("a\nb", "no empty line"), yes("\na", "an empty first line")),
		text("regexp-boundary", "word boundaries", cf.Regexp(0, `\bfoo\b`),
			yes("foo", "alone"), yes("-foo-", "between others"), no("xfoo", "a letter before"), no("foo_", "an underscore is of a word"), no("foo1", "a digit is of a word"), yes("\u00E9foo", "a word's runes are ASCII"), yes("foo\xFF", "an invalid byte is not of a word")),
		text("regexp-no-boundary", "no word boundary", cf.Regexp(0, `\Bb\B`),
			yes("abc", "inside of a word"), no("b", "alone"), no("ab", "at the end"), no("a b c", "between spaces"), yes("abbb", "the one in the middle")),
		text("regexp-boundary-empty", "a boundary in nothing", cf.Regexp(0, `^\B$`),
			yes("", "where there is no rune there is no word"), no("a", "a word"), no(" ", "one rune is one too many")),
		text("regexp-class", "classes", cf.Regexp(0, `^[a-c\d_-]+$`),
			yes("abc", "a range"), yes("7", "a set"), yes("-_", "single runes"), no("d", "beyond the range"), no("\u0667", "digits are ASCII"), no("", "at least one")),
		text("regexp-negated-class", "a negated class takes line ends", cf.Regexp(0, "^[^a-c]$"),
			yes("d", "another letter"), yes("\n", "a line end"), yes("\u20AC", "a rune of three bytes"), yes("\xFF", "an invalid byte"), no("b", "one of them"), no("", "one rune is needed")),
		text("regexp-nothing", "a class that no rune is of", cf.Regexp(0, `[^\x00-\x{10FFFF}]`),
			no("", "empty"), no("a", "anything"), no("\xFF", "an invalid byte")),
		text("regexp-posix", "sets in brackets", cf.Regexp(0, "^[[:alpha:][:punct:]]+$"),
			yes("a!Z~", "letters and signs"), no("a1", "a digit"), no("\u00E9", "letters are ASCII"), no(" ", "a space")),
		text("regexp-space", "spaces are ASCII, without U+000B", cf.Regexp(0, `^\s$`),
			yes("\t", "U+0009"), yes("\f", "U+000C"), no("\v", "U+000B is not of the set"), no("\u00A0", "U+00A0"), yes(" ", "U+0020")),
		text("regexp-unicode", "categories and scripts", cf.Regexp(0, `^\p{Lu}\p{Greek}\PN$`),
			yes("A\u03B1x", "one of each"), no("a\u03B1x", "not capital"), no("Aax", "not Greek"), no("A\u03B15", "a number"), no("A\u03B1\u0665", "a number of another script"), yes("\u0416\u1F00\n", "others of each")),
		text("regexp-unassigned", "the tables are those of Unicode 15.0.0", cf.Regexp(0, `^\p{Cn}$`),
			yes("\u0378", "never assigned"), no("\U0001E4D0", "Nag Mundari came with 15.0"), yes("\U00010D4A", "Garay came later"), yes("\uFFFE", "no character"), no("\xFF", "U+FFFD is assigned")),
		text("regexp-case", "(?i) folds", cf.Regexp(0, "^(?i)stra\u00DFe$"),
			yes("STRA\u1E9EE", "capital"), yes("\u017Ftra\u00DFE", "the long s"), no("strasse", "simple folding")),
		text("regexp-case-class", "(?i) widens a class, and then it is negated", cf.Regexp(0, "^(?i)[^k]$"),
			no("k", "small"), no("K", "capital"), no("\u212A", "the Kelvin sign"), yes("x", "another")),
		text("regexp-case-off", "flags end with their group", cf.Regexp(0, "^(?i:a)b$"),
			yes("Ab", "a in any case"), no("AB", "b in its own"), yes("ab", "as written")),
		text("regexp-dot-all", "with flag s a dot takes line ends", cf.Regexp(0, "(?s)^a.b$"),
			yes("a\nb", "a line end"), yes("axb", "another"), no("ab", "none"), no("a\r\nb", "two runes")),
		text("regexp-counts", "counted repetitions", cf.Regexp(0, "^(?:ab){2,3}$"),
			yes("abab", "two"), yes("ababab", "three"), no("ab", "one"), no("abababab", "four"), no("ababa", "two and a half")),
		text("regexp-at-least", "a count without an upper end", cf.Regexp(0, "a{3,}"),
			yes("aaa", "three"), yes("xaaaax", "four"), no("aa", "two"), no("aabaa", "not in a row")),
		text("regexp-alternatives", "alternatives, one of them empty", cf.Regexp(0, "^a(b|cd|)e$"),
			yes("abe", "the first"), yes("acde", "the second"), yes("ae", "the empty one"), no("abcde", "two of them")),
		text("regexp-loop", "(a|b)* and the like go round", cf.Regexp(0, "^x(a|b)*y$"),
			yes("xy", "not at all"), yes("xabbay", "some"), no("xacy", "another rune"), no("x", "no end")),
		text("regexp-plus-alternatives", "(?:a|b)+", cf.Regexp(0, "^(?:a|b)+$"),
			yes("a", "one"), yes("ba", "two"), no("", "none"), no("abc", "another rune")),
		text("regexp-empty-loop", "(a*)* may go round without a rune", cf.Regexp(0, "^(a*)*b$"),
			yes("b", "not at all"), yes("aaab", "some"), no(repeat("a", 100), "no end"), no("", "empty")),
		text("regexp-lazy", "lazy or greedy, it is the same", cf.Regexp(0, "^a+?b*?c??$"),
			yes("a", "the least"), yes("aabbc", "more"), no("acc", "two of at most one")),
		text("regexp-many", "a thousand runes", cf.Regexp(0, ".{100,}"),
			yes(repeat("\u20AC", 100), "100 runes of three bytes"), no(repeat("\u20AC", 99), "99 runes"), no(repeat("x", 50)+"\n"+repeat("x", 99), "not on one line")),
		text("regexp-replacement", "an invalid byte is U+FFFD", cf.Regexp(0, `^\x{FFFD}{2}$`),
			yes("\xE2\x82", "a truncated rune is two"), yes("\uFFFD\xC0", "U+FFFD itself and a byte"), no("\xFF", "one"), yes("\xC0\xAF", "an overlong form is two"), no("\xED\xA0\x80", "a surrogate is three")),
		text("regexp-surrogate", "no value ever has a surrogate", cf.Regexp(0, `[\x{D800}-\x{DFFF}]`),
			no("\xED\xA0\x80", "in UTF-8 it is three invalid bytes"), no("\uFFFD", "U+FFFD is not one"), no("a", "a letter")),
		text("regexp-quote", "\\Q and \\E", cf.Regexp(0, `^\Qa.b\E+$`),
			yes("a.bbb", "the last rune repeats"), no("axb", "a dot is a dot"), no("a.ba.b", "not all of it")),
		text("regexp-zero-byte", "a zero byte is a rune", cf.Regexp(0, `a\x00b`),
			yes("xa\x00bx", "in the middle"), no("ab", "without it"), no("a", "up to it")),
		text("regexp-any", "any of several expressions", cf.Regexp(0, "^a", "z$"),
			yes("ab", "the first"), yes("xz", "the second"), no("xaz!", "neither")),
		text("regexp-all", "all of several expressions", cf.Regexp(0, "^a", "z$").All(),
			yes("az", "both"), no("ab", "the first alone"), no("xz", "the second alone")),
	}
}

func conditionSets() []Set {
	a, b, c := cf.Equals(0, "a"), cf.Equals(1, "b"), cf.Equals(2, "c")
	origin := &cf.Origin{Rule: "demo", Title: "A rule with provenance", Author: "cfcheck", Licence: "CC0-1.0", Path: "demo.yml", Line: 3}
	return []Set{
		{Name: "condition-and", Why: "and of criteria on three inputs, with and without negation", Inputs: "sss",
			Rules: rules(cf.And(a, b, c), cf.And(a, cf.Not(b)), cf.And(cf.Not(a), cf.Not(b), cf.Not(c))), Events: []Event{
				{"all hold", values("a", "b", "c"), match(0)},
				{"one fails", values("a", "b", "x"), match()},
				{"the negated one fails", values("a", "x", "c"), match(1)},
				{"the negated one is absent", values("a", nil, "c"), match(1)},
				{"all fail", values("x", "y", "z"), match(2)},
				{"all are absent", values(nil, nil, nil), match(2)},
				{"all are empty", values("", "", ""), match(2)},
			}},
		{Name: "condition-or", Why: "or of criteria, alone and beside others", Inputs: "sss",
			Rules: rules(cf.Or(a, b), cf.And(cf.Exists(2), cf.Or(a, cf.Not(b))), cf.Or(cf.Not(a), cf.Not(b), cf.Not(c))), Events: []Event{
				{"the first", values("a", "x", nil), match(0, 2)},
				{"the second", values("x", "b", nil), match(0, 2)},
				{"both, and the third", values("a", "b", "c"), match(0, 1)},
				{"neither, but the negated one", values("x", "y", "c"), match(1, 2)},
				{"neither", values("x", "b", "c"), match(0, 2)},
				{"all are absent", values(nil, nil, nil), match(2)},
			}},
		{Name: "condition-nested", Why: "and in or in and, and the other way round", Inputs: "sss",
			Rules: rules(
				cf.And(cf.Exists(0), cf.Or(b, cf.And(a, cf.Or(c, cf.Not(cf.Exists(1)))))),
				cf.Or(cf.And(a, b), cf.And(b, c), cf.And(a, c)),
				cf.Not(cf.Or(cf.And(a, b), cf.And(cf.Not(a), cf.Not(b))))), Events: []Event{
				{"the outer or by its first", values("x", "b", "x"), match(0, 2)},
				{"the inner or by its first", values("a", "x", "c"), match(0, 1, 2)},
				{"the inner or by absence", values("a", nil, "x"), match(0, 2)},
				{"the inner and fails", values("a", "x", "x"), match(2)},
				{"two of three", values("a", "b", "x"), match(0, 1)},
				{"the other two of three", values("x", "b", "c"), match(0, 1, 2)},
				{"all three", values("a", "b", "c"), match(0, 1)},
				{"one of three", values("x", "y", "c"), match()},
				{"none", values("x", "y", "z"), match()},
				{"all are absent", values(nil, nil, nil), match()},
			}},
		{Name: "condition-shared", Why: "a criterion of several instances is charged once", Inputs: "s",
			Rules: rules(cf.Contains(0, "x"), cf.And(cf.Contains(0, "x"), cf.Contains(0, "y")), cf.Not(cf.Contains(0, "x"))), Events: []Event{
				{"one", values("ax"), match(0)},
				{"both", values("xy"), match(0, 1)},
				{"neither", values("b"), match(2)},
				{"empty", values(""), match(2)},
				{"absent", values(nil), match(2)},
			}},
		{Name: "condition-null", Why: "null is said as not exists", Inputs: "ss",
			Rules: rules(cf.Not(cf.Exists(0)), cf.And(cf.Exists(0), cf.Not(cf.Exists(1))), cf.Or(cf.Equals(0, ""), cf.Not(cf.Exists(0)))), Events: []Event{
				{"both are there", values("a", "b"), match()},
				{"the second is not", values("a", nil), match(1)},
				{"the first is not", values(nil, "b"), match(0, 2)},
				{"neither is", values(nil, nil), match(0, 2)},
				{"the first is empty", values("", "b"), match(2)},
				{"the first is empty, the second is not there", values("", nil), match(1, 2)},
			}},
		{Name: "condition-not-contains", Why: "negation is two-valued", Inputs: "ss",
			Rules: rules(cf.Not(cf.Contains(0, "a")), cf.And(cf.Exists(0), cf.Not(cf.Contains(0, "a"))), cf.Not(cf.Contains(0, "a", "b").All())), Events: []Event{
				{"it contains neither", values("x", nil), match(0, 1, 2)},
				{"it contains one", values("xa", nil), match(2)},
				{"it contains both", values("ab", nil), match()},
				{"absent", values(nil, nil), match(0, 2)},
				{"empty", values("", nil), match(0, 1, 2)},
			}},
		{Name: "condition-types", Why: "inputs of all three types", Inputs: "sia",
			Rules: rules(cf.And(cf.Prefix(0, "a"), cf.IntegerRange(1, [2]int64{10, 20}), cf.AddressPrefix(2, prefix("10.0.0.0/8"))), cf.Or(cf.Exists(1), cf.Exists(2))), Events: []Event{
				{"all hold", values("ab", n(15), ip("10.1.1.1")), match(0, 1)},
				{"the number fails", values("ab", n(21), ip("10.1.1.1")), match(1)},
				{"the address fails", values("ab", n(15), ip("11.1.1.1")), match(1)},
				{"the string fails", values("b", n(15), ip("10.1.1.1")), match(1)},
				{"the number is absent", values("ab", nil, ip("10.1.1.1")), match(1)},
				{"only the string is there", values("ab", nil, nil), match()},
			}},
		{Name: "condition-provenance", Why: "the provenance of a file changes nothing", Inputs: "s", Origin: origin,
			Rules: rules(cf.Equals(0, "a").Fold(), cf.And(cf.Exists(0), cf.Or(cf.Prefix(0, "a"), cf.Suffix(0, "z")))), Events: []Event{
				{"both", values("a"), match(0, 1)},
				{"in another case", values("A"), match(0)},
				{"the second", values("xz"), match(1)},
				{"neither", values("x"), match()},
				{"absent", values(nil), match()},
			}},
		{Name: "condition-deep", Why: "and and or that alternate, 16 deep, which is the limit", Inputs: "ssss",
			Rules: rules(deep(16, true), deep(16, false), cf.And(deep(3, true), cf.Not(deep(3, false)))), Events: []Event{
				{"none is there", values(nil, nil, nil, nil), match()},
				{"all are", values("0", "1", "2", "3"), match(0, 1)},
				{"the first alone", values("0", nil, nil, nil), match(0)},
				{"the second alone", values(nil, "1", nil, nil), match()},
				{"the last two", values(nil, nil, "2", "3"), match(0)},
				{"the first three", values("0", "1", "2", nil), match(0, 1, 2)},
				{"the second and the last", values("x", "1", "x", "3"), match(2)},
				{"the first as a prefix only", values("0x", "1", "2", "x"), match(1, 2)},
			}},
	}
}

// deep returns an or, or an and, of an input and of the opposite one level further in. The
// inputs rotate level by level. An or at level 16 starts with
//
//	0 or (3 starts and (2 or (1 starts and (0 or ...))))
func deep(levels int, or bool) cf.Expr {
	input := levels % 4
	leaf := cf.Equals(input, string(rune('0'+input)))
	if levels == 0 {
		return leaf
	}
	if or {
		return cf.Or(leaf, deep(levels-1, false))
	}
	return cf.And(cf.Prefix(input, string(rune('0'+input))), deep(levels-1, true))
}
