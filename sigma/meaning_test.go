package sigma

import (
	"strings"
	"testing"
)

// TestEscaping holds strings against what they match, to the letter of the
// specification's section Escaping.
func TestEscaping(t *testing.T) {
	for _, tt := range []struct {
		why   string
		value string // as in single quotes, where YAML changes nothing but ''
		glob  string // as channel files write it
		yes   []string
		no    []string
	}{
		{"a plain word", `abc`, `abc`, []string{"abc", "ABC"}, []string{"abcd", "xabc", ""}},
		{"the empty string is equal to the empty string alone", ``, ``, []string{""}, []string{" ", "x"}},
		{"a backslash before a letter is itself", `\abc`, `\\abc`, []string{`\abc`}, []string{`abc`, `\\abc`}},
		{"two backslashes are one", `\\abc`, `\\abc`, []string{`\abc`}, []string{`\\abc`}},
		{"three backslashes are two", `\\\abc`, `\\\\abc`, []string{`\\abc`}, []string{`\abc`, `\\\abc`}},
		{"four backslashes are two", `\\\\abc`, `\\\\abc`, []string{`\\abc`}, []string{`\abc`, `\\\\abc`}},
		{"a UNC path needs four, or three", `\\\\server\share`, `\\\\server\\share`, []string{`\\server\share`}, []string{`\server\share`}},
		{"a UNC path written as seen has lost a backslash", `\\server\share`, `\\server\\share`, []string{`\server\share`}, []string{`\\server\share`}},
		{"a backslash at the end is itself", `C:\Windows\`, `C:\\Windows\\`, []string{`c:\windows\`}, []string{`C:\Windows`, `C:\Windows\\`}},
		{"two backslashes at the end are one", `C:\Windows\\`, `C:\\Windows\\`, []string{`C:\Windows\`}, []string{`C:\Windows\\`}},
		{"backslashes around a word", `\pipe\`, `\\pipe\\`, []string{`\pipe\`}, []string{`\pipe`, `pipe\`}},
		{"a lone backslash", `\`, `\\`, []string{`\`}, []string{``, `\\`}},
		{"two backslashes alone", `\\`, `\\`, []string{`\`}, []string{``, `\\`}},
		{"a star is any number of characters", `a*c`, `a*c`, []string{"ac", "abc", "a\\*c", "abbbc"}, []string{"abcd", "bac"}},
		{"a question mark is one character", `a?c`, `a?c`, []string{"abc", "a?c", "aéc", "a\\c"}, []string{"ac", "abbc"}},
		{"an escaped star is a star", `a\*c`, `a\*c`, []string{"a*c"}, []string{"abc", `a\*c`, `a\c`}},
		{"an escaped question mark is a question mark", `a\?c`, `a\?c`, []string{"a?c"}, []string{"abc", `a\?c`}},
		{"an escaped backslash leaves the star a wildcard", `a\\*`, `a\\*`, []string{`a\`, `a\bc`}, []string{`a`, `a*`, `b\x`}},
		{"three backslashes escape the backslash and the star", `a\\\*`, `a\\\*`, []string{`a\*`}, []string{`a\`, `a\x`, `a*`}},
		{"four backslashes before a star are two and a wildcard", `a\\\\*`, `a\\\\*`, []string{`a\\`, `a\\x`}, []string{`a\`, `a\x`}},
		{"a folder and everything in it", `*\\Temp\\*`, `*\\Temp\\*`, []string{`C:\Temp\x`, `\temp\`}, []string{`C:\Temp`}},
		{"a folder, and the star taken for a literal by mistake", `*\Temp\*`, `*\\Temp\*`, []string{`C:\Temp*`}, []string{`C:\Temp\x`}},
		{"an escape before an ordinary character changes nothing", `100\%`, `100\\%`, []string{`100\%`}, []string{`100%`}},
		{"a placeholder without expand is text", `%AppData%\x`, `%AppData%\\x`, []string{`%appdata%\X`}, []string{`C:\Users\x`}},
		{"a star alone holds for whatever is there", `*`, `*`, []string{"", "x"}, nil},
		{"stars next to each other are one", `a**c`, `a*c`, []string{"ac", "abc"}, []string{"ab"}},
		{"stars and question marks: so many characters at least", `a*?*?`, `a??*`, []string{"abc", "abcd"}, []string{"a", "ab"}},
		{"an escaped star next to a star", `\**`, `\**`, []string{"*", "*x"}, []string{"", "x"}},
		{"letters beyond ASCII fold too", `ÉTÉ`, `ÉTÉ`, []string{"été", "ÉTÉ"}, []string{"ete"}},
		{"the RedSun rule's own words: two question marks are wildcards", `\\??\pipe\REDSUN`, `\\??\\pipe\\REDSUN`, []string{`\ab\pipe\redsun`, `\??\pipe\REDSUN`}, []string{`\\??\pipe\REDSUN`}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := parseGlob(tt.value).String(); got != tt.glob {
				t.Errorf("%s is the pattern %s; want %s", tt.value, got, tt.glob)
			}
			f, err := compileText(ruleOf("    sel:\n        A: '"+tt.value+"'\n    condition: sel\n"), typed())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range tt.yes {
				if !matches(f, typed(), event{"A": v}) {
					t.Errorf("%s does not match %s", tt.value, v)
				}
			}
			for _, v := range tt.no {
				if matches(f, typed(), event{"A": v}) {
					t.Errorf("%s matches %s", tt.value, v)
				}
			}
			if matches(f, typed(), event{"B": tt.value}) {
				t.Errorf("%s matches an event without the field", tt.value)
			}
		})
	}
}

// TestMeaning holds rules against the events that they match.
func TestMeaning(t *testing.T) {
	type events []event
	for _, tt := range []struct {
		why       string
		detection string
		yes, no   events
	}{
		{"contains is anywhere", "sel: {A|contains: bc}", events{{"A": "abcd"}, {"A": "BC"}}, events{{"A": "b c"}, {"A": ""}, {}}},
		{"startswith is at the start", "sel: {A|startswith: ab}", events{{"A": "abc"}, {"A": "AB"}}, events{{"A": "xab"}}},
		{"endswith is at the end", "sel: {A|endswith: bc}", events{{"A": "abc"}, {"A": "BC"}}, events{{"A": "bcx"}}},
		{"contains of nothing holds where there is a value", "sel: {A|contains: ''}", events{{"A": ""}, {"A": "x"}}, events{{}, {"B": "x"}}},
		{"contains with stars at its ends says the same", "sel: {A|contains: '*b*'}", events{{"A": "abc"}}, events{{"A": "ac"}}},
		{"endswith keeps inner wildcards", "sel: {A|endswith: '\\a*.exe'}", events{{"A": `C:\abc.exe`}, {"A": `\a.exe`}}, events{{"A": `C:\abc.exe.bak`}}},
		{"startswith with a backslash at the end", `sel: {A|startswith: 'C:\'}`, events{{"A": `C:\x`}}, events{{"A": `C:x`}, {"A": `C:*`}}},
		{"endswith of an escaped star", `sel: {A|endswith: '\*'}`, events{{"A": `x*`}}, events{{"A": `x\`}, {"A": `x`}}},
		{"case does not matter", "sel: {A: AbC}", events{{"A": "aBc"}}, events{{"A": "abd"}}},
		{"cased: it does", "sel: {A|cased: AbC}", events{{"A": "AbC"}}, events{{"A": "abc"}}},
		{"cased after another modifier", "sel: {A|contains|cased: AbC}", events{{"A": "xAbCx"}}, events{{"A": "xabcx"}}},
		{"a list holds if any value does", "sel: {A: [a, b*, '*c', '*d*', e?f]}", events{{"A": "a"}, {"A": "bx"}, {"A": "xc"}, {"A": "xdx"}, {"A": "e.f"}}, events{{"A": "x"}, {"A": "ef"}}},
		{"with all every value must", "sel: {A|contains|all: [a, b]}", events{{"A": "ab"}, {"A": "xbxa"}}, events{{"A": "a"}, {"A": "b"}, {}}},
		{"all of literals and wildcards together", "sel: {A|all: ['a*', '*b', '*c*', 'a?*']}", events{{"A": "axcb"}, {"A": "acb"}}, events{{"A": "ab"}, {"A": "acx"}}},
		{"a map holds if all fields do", "sel: {A: a, B: b}", events{{"A": "a", "B": "b"}}, events{{"A": "a"}, {"B": "b"}, {"A": "b", "B": "a"}}},
		{"a list of maps holds if any does", "sel: [{A: a}, {A: x, B: b}]", events{{"A": "a"}, {"A": "x", "B": "b"}}, events{{"B": "b"}, {"A": "x"}}},
		{"null is absence", "sel: {A: null}", events{{}, {"B": "x"}}, events{{"A": ""}, {"A": "x"}, {"A": "null"}}},
		{"null as a tilde, and as nothing", "sel: {A: ~, B: }", events{{}}, events{{"A": ""}, {"B": ""}}},
		{"null in quotes is text", "sel: {A: 'null'}", events{{"A": "null"}, {"A": "NULL"}}, events{{}, {"A": ""}}},
		{"null in a list is one more alternative", "sel: {A: [null, a]}", events{{}, {"A": "a"}}, events{{"A": "b"}, {"A": ""}}},
		{"the empty string is not null", "sel: {A: ''}", events{{"A": ""}}, events{{}, {"A": "x"}}},
		{"null and text at once never hold", "sel: {A|all: [null, a]}", nil, events{{}, {"A": "a"}}},
		{"exists: true", "sel: {A|exists: true}", events{{"A": ""}, {"A": "-"}}, events{{}}},
		{"exists: false", "sel: {A|exists: false}", events{{}}, events{{"A": ""}}},
		{"neq holds on absence, as any negation", "sel: {A|neq: a}", events{{}, {"A": "b"}}, events{{"A": "a"}, {"A": "A"}}},
		{"neq of a list: none of them", "sel: {A|neq: [a, b]}", events{{"A": "c"}}, events{{"A": "a"}, {"A": "b"}}},
		{"neq after contains", "sel: {A|contains|neq: b}", events{{"A": "ac"}}, events{{"A": "abc"}}},
		{"numbers are text as written: leading zeros count", "sel: {A: 010}", events{{"A": "010"}}, events{{"A": "8"}, {"A": "10"}}},
		{"numbers are text as written: hexadecimal", "sel: {A: 0x1F}", events{{"A": "0x1f"}}, events{{"A": "31"}}},
		{"numbers are text as written: underscores and exponents", "sel: {A: [1_000, 1e3, 4.50]}", events{{"A": "1_000"}, {"A": "1E3"}, {"A": "4.50"}}, events{{"A": "1000"}, {"A": "4.5"}}},
		{"booleans are text as written", "sel: {A: [yes, TRUE]}", events{{"A": "yes"}, {"A": "true"}}, events{{"A": "1"}}},
		{"dates are text as written", "sel: {A: 2024-07-19}", events{{"A": "2024-07-19"}}, events{{"A": "2024-07-19T00:00:00Z"}}},
		{"contains of a number", "sel: {A|contains: 0123}", events{{"A": "x0123"}}, events{{"A": "83"}}},
		{"a number on an integer field", "sel: {N: [4, -5]}", events{{"N": "4"}, {"N": "-5"}}, events{{"N": "44"}, {}}},
		{"lt", "sel: {N|lt: 4}", events{{"N": "3"}, {"N": "-9223372036854775808"}}, events{{"N": "4"}, {}}},
		{"lte", "sel: {N|lte: 4}", events{{"N": "4"}}, events{{"N": "5"}}},
		{"gt", "sel: {N|gt: 4}", events{{"N": "5"}, {"N": "9223372036854775807"}}, events{{"N": "4"}}},
		{"gte", "sel: {N|gte: 4}", events{{"N": "4"}}, events{{"N": "3"}}},
		{"gt reads a string as a number", "sel: {A|gt: 9}", events{{"A": "10"}}, events{{"A": "9"}, {"A": "x"}, {"A": "010"}, {"A": ""}}},
		{"two comparisons of one field", "sel: {N|gte: 4, N|lt: 6}", events{{"N": "4"}, {"N": "5"}}, events{{"N": "3"}, {"N": "6"}}},
		{"cidr of IPv4", "sel: {A|cidr: [10.0.0.0/8, 192.168.0.0/16]}", events{{"A": "10.1.2.3"}, {"A": "192.168.255.255"}}, events{{"A": "11.0.0.0"}, {"A": "10.0.0"}, {}}},
		{"cidr of IPv6, on an address", "sel: {IP|cidr: 'fe80::/10'}", events{{"IP": "fe80::1"}}, events{{"IP": "ff80::1"}, {"IP": "10.0.0.1"}}},
		{"a single address on a field of addresses", "sel: {IP: 10.0.0.1}", events{{"IP": "10.0.0.1"}}, events{{"IP": "10.0.0.2"}}},
		{"not in a network", "sel: {A|cidr|neq: 10.0.0.0/8}", events{{"A": "11.0.0.1"}, {}}, events{{"A": "10.0.0.1"}}},
		{"fieldref is equality of fields", "sel: {A|fieldref: B}", events{{"A": "x", "B": "X"}}, events{{"A": "x", "B": "y"}, {"A": "x"}, {}}},
		{"fieldref with endswith", "sel: {A|fieldref|endswith: B}", events{{"A": `C:\x`, "B": `\X`}}, events{{"A": "x", "B": "xx"}}},
		{"fieldref with startswith, of either", "sel: {A|fieldref|startswith|cased: [B]}", events{{"A": "xy", "B": "x"}}, events{{"A": "xy", "B": "X"}}},
		{"fieldref of integers", "sel: {N|fieldref: M}", events{{"N": "1", "M": "1"}}, events{{"N": "1", "M": "2"}}},
		{"windash: any dash that begins a word", "sel: {A|windash: '-a /b x-y'}", events{{"A": "-a /b x-y"}, {"A": "/a -b x-y"}, {"A": "\u2013a \u2015b x-y"}}, events{{"A": "-a /b x/y"}, {"A": "a b x-y"}}},
		{"windash and contains, in either order", "sel: {A|contains|windash: '-s ', B|windash|contains: '-s '}", events{{"A": "x /s y", "B": "x \u2014s y"}}, events{{"A": "x s y", "B": "-s "}}},
		{"windash and all: any variant of each value", "sel: {A|windash|contains|all: ['-b', '-c']}", events{{"A": "/b -c"}, {"A": "-b -c"}}, events{{"A": "-b"}, {"A": "/b /d"}}},
		{"base64", "sel: {A|base64: foobar}", events{{"A": "Zm9vYmFy"}}, events{{"A": "foobar"}}},
		{"base64offset: the same bytes at the three places", "sel: {A|base64offset|contains: foobar}", events{{"A": "Zm9vYmFy"}, {"A": "eGZvb2Jhcg=="}, {"A": "eHhmb29iYXI="}, {"A": "eHhmb29iYXJ5"}}, events{{"A": "foobar"}, {"A": "Zm9v"}}},
		{"wide and base64: as PowerShell encodes", "sel: {A|wide|base64: foo}", events{{"A": "ZgBvAG8A"}}, events{{"A": "Zm9v"}}},
		{"utf16 has a mark", "sel: {A|utf16|base64: f}", events{{"A": "//5mAA=="}}, events{{"A": "ZgA="}}},
		{"utf16be", "sel: {A|utf16be|base64: f}", events{{"A": "AGY="}}, events{{"A": "ZgA="}}},
		{"utf16le of ASCII without base64 is text with zeros", "sel: {A|utf16le|contains: fo}", events{{"A": "xf\x00o\x00"}}, events{{"A": "fo"}}},
		{"not of a search", "sel: {A: a}\nflt: {B: b}\ncondition: sel and not flt", events{{"A": "a"}, {"A": "a", "B": "x"}}, events{{"A": "a", "B": "b"}}},
		{"not of a list of maps is none of them", "sel: [{A: a}, {B: b}]\ncondition: not sel", events{{}, {"A": "b", "B": "a"}}, events{{"A": "a"}, {"B": "b"}}},
		{"not binds tightest", "a: {A: a}\nb: {B: b}\ncondition: not a and b", events{{"A": "x", "B": "b"}}, events{{"A": "x"}, {"A": "a"}, {"A": "a", "B": "b"}}},
		{"and binds tighter than or", "a: {A: a}\nb: {B: b}\nn: {N: 1}\ncondition: a or b and n", events{{"A": "a"}, {"B": "b", "N": "1"}}, events{{"B": "b"}, {"N": "1"}}},
		{"parentheses bind first", "a: {A: a}\nb: {B: b}\nn: {N: 1}\ncondition: (a or b) and n", events{{"A": "a", "N": "1"}, {"B": "b", "N": "1"}}, events{{"A": "a"}, {"N": "1"}}},
		{"not before parentheses", "a: {A: a}\nb: {B: b}\ncondition: not (a or b)", events{{}}, events{{"A": "a"}, {"B": "b"}}},
		{"not not", "a: {A: a}\ncondition: not not a", events{{"A": "a"}}, events{{}}},
		{"1 of them", "a: {A: a}\nb: {B: b}\ncondition: 1 of them", events{{"A": "a"}, {"B": "b"}}, events{{}}},
		{"all of them", "a: {A: a}\nb: {B: b}\ncondition: all of them", events{{"A": "a", "B": "b"}}, events{{"A": "a"}}},
		{"them leaves out what begins with an underscore", "a: {A: a}\n_b: {B: b}\ncondition: all of them", events{{"A": "a"}}, events{{"B": "b"}}},
		{"1 of a pattern", "sel_a: {A: a}\nsel_b: {B: b}\nother: {N: 1}\ncondition: 1 of sel_*", events{{"A": "a"}, {"B": "b"}}, events{{"N": "1"}}},
		{"all of a pattern with the star inside", "sel_a_x: {A: a}\nsel_b_x: {B: b}\nsel_c: {N: 1}\ncondition: all of sel_*_x", events{{"A": "a", "B": "b"}}, events{{"A": "a", "N": "1"}}},
		{"a pattern without a star is the whole name", "sel: {A: a}\nsel2: {B: b}\ncondition: 1 of sel", events{{"A": "a"}}, events{{"B": "b"}}},
		{"not before a quantity", "a: {A: a}\nb: {B: b}\ncondition: not 1 of them", events{{}}, events{{"A": "a"}, {"B": "b"}}},
		{"not all of them", "a: {A: a}\nb: {B: b}\ncondition: not all of them", events{{}, {"A": "a"}}, events{{"A": "a", "B": "b"}}},
		{"a list of conditions: any", "a: {A: a}\nb: {B: b}\ncondition: [a, b]", events{{"A": "a"}, {"B": "b"}}, events{{}}},
		{"an underscore search by its name", "_a: {A: a}\ncondition: _a", events{{"A": "a"}}, events{{}}},
		{"names may look like words of the condition", "all: {A: a}\n1: {B: b}\ncondition: all or 1", events{{"A": "a"}, {"B": "b"}}, events{{}}},
		{"names may have dashes and dots", "a-b.c: {A: a}\ncondition: a-b.c", events{{"A": "a"}}, events{{}}},
		{"the same field twice with different modifiers", "sel: {A|startswith: a, A|endswith: b}", events{{"A": "axb"}}, events{{"A": "a"}, {"A": "b"}}},
		{"a block of lines keeps its line ends", "sel:\n    A: |\n        x\n        y", events{{"A": "x\ny\n"}}, events{{"A": "x y"}}},
		{"double quotes have YAML's escapes first, Sigma's after", `sel: {A: "a\\*\x41"}`, events{{"A": "a*a"}}, events{{"A": `a\xa`}}},
		{"!!str is as good as quotes", "sel: {A: !!str null}", events{{"A": "null"}}, events{{}}},
		{"aliases stand for what they name", "sel: {A: &v [a, b], B: *v}\ncondition: sel", events{{"A": "a", "B": "b"}}, events{{"A": "a"}}},
		{"an alias of a whole search", "sel: &s {A: a}\nother: *s\ncondition: sel and other", events{{"A": "a"}}, events{{}}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			text := "    " + strings.ReplaceAll(tt.detection, "\n", "\n    ") + "\n"
			if !strings.Contains(text, "    condition:") {
				text += "    condition: sel\n"
			}
			f, err := compileText(ruleOf(text), typed())
			if err != nil {
				t.Fatal(err)
			}
			if broken := f.Conformance(); broken != 0 {
				t.Errorf("the channel file is not in normal form: %v", broken)
			}
			for _, e := range tt.yes {
				if !matches(f, typed(), e) {
					t.Errorf("does not match %v:\n%s", e, dump(f, typed()))
				}
			}
			for _, e := range tt.no {
				if matches(f, typed(), e) {
					t.Errorf("matches %v:\n%s", e, dump(f, typed()))
				}
			}
		})
	}
}
