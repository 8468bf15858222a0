package sigma

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A glob is the meaning of a string in a rule after Sigma's escaping: a
// sequence of literals and wildcards. Literals are not empty and never
// adjacent. In a sequence of adjacent wildcards the question marks come first
// and a single star last. The empty glob is the empty string.
type glob []part

// A part of a glob is a literal, a wildcard or a placeholder.
type part struct {
	literal string // the text of a literal, or the name of a placeholder
	wild    byte   // '*' any characters, '?' exactly one, '%' a placeholder; 0 means a literal
}

// parseGlob parses a string as the section Escaping of Sigma's specification
// says. A backslash before "*", "?" or "\" makes that character literal.
// Elsewhere a backslash is itself literal.
func parseGlob(s string) glob { return parseGlobWith(s, `*?\`) }

// parseTemplate parses a string with the modifier expand, as the section
// Placeholders of Sigma's specification says. "%name%" is a placeholder, and a
// backslash also makes a "%" literal.
func parseTemplate(s string) glob { return parseGlobWith(s, `*?\%`) }

// parseGlobWith parses a string in which the characters of special have a
// meaning.
func parseGlobWith(s, special string) glob {
	if !strings.ContainsAny(s, special) {
		if s == "" {
			return nil
		}
		return glob{{literal: s}}
	}
	var g glob
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			g = append(g, part{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(special, s[i+1]) >= 0:
			i++
			literal.WriteByte(s[i])
		case c == '%' && placeholderName(s[i+1:]) != "" && strings.IndexByte(special, '%') >= 0:
			name := placeholderName(s[i+1:])
			flush()
			g = append(g, part{literal: name, wild: '%'})
			i += len(name) + 1
		case c == '*' || c == '?':
			flush()
			g = append(g, part{wild: c})
		default:
			literal.WriteByte(c)
		}
	}
	flush()
	return g.tidy()
}

// placeholderName returns the name at the start of s if a "%" follows it, else
// "". A name consists of letters, digits and underscores.
func placeholderName(s string) string {
	for i, r := range s {
		if r == '%' {
			return s[:i]
		}
		if !wordRune(r) {
			break
		}
	}
	return ""
}

// placeholders returns the names of the placeholders of g, in order.
func (g glob) placeholders() []string {
	var names []string
	for _, p := range g {
		if p.wild == '%' {
			names = append(names, p.literal)
		}
	}
	return names
}

// fill returns g with each of its placeholders replaced by each of its values,
// in all combinations.
func (g glob) fill(values func(name string) []glob) []glob {
	all := []glob{nil}
	for _, p := range g {
		parts := []glob{{p}}
		if p.wild == '%' {
			parts = values(p.literal)
		}
		var next []glob
		for _, begun := range all {
			for _, more := range parts {
				next = append(next, slices.Concat(begun, more))
			}
		}
		all = next
	}
	for i, filled := range all {
		all[i] = filled.join().tidy()
	}
	return all
}

// tidy normalises the sequences of wildcards in g.
func (g glob) tidy() glob {
	var out glob
	star := false
	for _, p := range g {
		switch {
		case p.wild == '*':
			star = true
			continue
		case p.wild != '?' && star:
			out = append(out, part{wild: '*'})
			star = false
		}
		out = append(out, p)
	}
	if star {
		out = append(out, part{wild: '*'})
	}
	return out
}

// wildcards reports whether g has any of the wildcards in set.
func (g glob) wildcards(set string) bool {
	for _, p := range g {
		if p.wild != 0 && strings.IndexByte(set, p.wild) >= 0 {
			return true
		}
	}
	return false
}

// size returns the number of bytes in the literals of g.
func (g glob) size() int {
	n := 0
	for _, p := range g {
		n += len(p.literal)
	}
	return n
}

// text reports whether the literals of g are valid UTF-8.
func (g glob) text() bool {
	for _, p := range g {
		if !utf8.ValidString(p.literal) {
			return false
		}
	}
	return true
}

// literal returns g as a string. ok is false if g has wildcards.
func (g glob) literal() (string, bool) {
	switch {
	case len(g) == 0:
		return "", true
	case len(g) == 1 && g[0].wild == 0:
		return g[0].literal, true
	}
	return "", false
}

// String returns g in the syntax for wildcard patterns in channel files, where
// a backslash precedes each literal "*", "?" or "\".
func (g glob) String() string {
	var b strings.Builder
	for _, p := range g {
		if p.wild != 0 {
			b.WriteByte(p.wild)
			continue
		}
		for i := range len(p.literal) {
			if strings.IndexByte(`*?\`, p.literal[i]) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(p.literal[i])
		}
	}
	return b.String()
}

var star = part{wild: '*'}

// startsWith, endsWith and contains apply the modifiers of these names.
func (g glob) startsWith() glob { return append(append(glob{}, g...), star).tidy() }
func (g glob) endsWith() glob   { return append(glob{star}, g...).tidy() }
func (g glob) contains() glob   { return g.endsWith().startsWith() }

// dashes are the characters that windash treats as interchangeable.
var dashes = []string{"-", "/", "\u2013", "\u2014", "\u2015"}

// dash marks the place of a dash that windash replaces. It is a value of
// part.wild.
const dash = '-'

// windash returns g with each dash that begins a word replaced by each of
// dashes, in all combinations. It returns nil if these have more than
// MaxVariantBytes together. A dash begins a word if a letter, digit or
// underscore follows it, and no such character precedes it.
func (g glob) windash() []glob {
	parts, variants, _ := g.dashed()
	if variants == 0 {
		return nil
	}
	all := make([]glob, variants)
	for k := range all {
		all[k] = parts.withDashes(k, dashes)
	}
	return all
}

// dashed returns g with a separate part for each dash that begins a word, the
// number of variants that windash makes, and their size in bytes. The number is
// 0 if the size may exceed MaxVariantBytes.
func (g glob) dashed() (parts glob, variants, bytes int) {
	variants = 1
	most, fixed, found := 0, 0, 0
	for _, p := range g {
		if p.wild != 0 {
			parts = append(parts, p)
			continue
		}
		begin, before := 0, utf8.RuneError
		for i := 0; i < len(p.literal); {
			r, n := utf8.DecodeRuneInString(p.literal[i:])
			next, _ := utf8.DecodeRuneInString(p.literal[i+n:])
			if slices.Contains(dashes, p.literal[i:i+n]) && !wordRune(before) && wordRune(next) {
				parts = append(parts, part{literal: p.literal[begin:i]}, part{wild: dash})
				begin = i + n
				found++
				fixed -= n
				if variants *= len(dashes); variants > MaxVariantBytes {
					return nil, 0, 0
				}
			}
			before = r
			i += n
		}
		most += 3 + len(p.literal) // a dash has at most three bytes
		fixed += len(p.literal)
		p.literal = p.literal[begin:]
		parts = append(parts, p)
	}
	if variants > 1 && uint64(variants)*uint64(most) > MaxVariantBytes {
		return nil, 0, 0
	}
	each := 0 // bytes of all dashes: at each place all dashes occur equally often
	for _, d := range dashes {
		each += len(d)
	}
	return parts, variants, variants*fixed + found*(variants/len(dashes))*each
}

// withDashes fills the k-th combination of dashes into a glob that dashed
// returned.
func (g glob) withDashes(k int, dashes []string) glob {
	out := make(glob, 0, len(g))
	for _, p := range g {
		if p.wild == dash {
			p = part{literal: dashes[k%len(dashes)]}
			k /= len(dashes)
		}
		out = append(out, p)
	}
	return out.join()
}

// join merges adjacent literals and drops empty ones.
func (g glob) join() glob {
	var out glob
	for _, p := range g {
		if p == (part{}) {
			continue
		}
		if n := len(out); n > 0 && p.wild == 0 && out[n-1].wild == 0 {
			out[n-1].literal += p.literal
			continue
		}
		out = append(out, p)
	}
	return out
}

// wordRune reports whether r is a letter, a digit or an underscore.
func wordRune(r rune) bool {
	return r == '_' || r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// utf16 returns g with its literals encoded in UTF-16, after the byte order
// mark given by mark.
func (g glob) utf16(mark string, bigEndian bool) glob {
	var out glob
	if mark != "" {
		out = append(out, part{literal: mark})
	}
	for _, p := range g {
		if p.wild == 0 {
			var b []byte
			for _, u := range utf16.Encode([]rune(p.literal)) {
				if bigEndian {
					b = append(b, byte(u>>8), byte(u))
				} else {
					b = append(b, byte(u), byte(u>>8))
				}
			}
			p.literal = string(b)
		}
		out = append(out, p)
	}
	return out.join()
}

// base64Offset returns three strings. The base64 encoding of any text that
// contains s contains one of them. They are the characters that s alone
// determines, if it begins at the first, second or third byte of a group of
// three bytes.
func base64Offset(s string) []glob {
	var out []glob
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + s))
		from := [3]int{0, 2, 3}[shift]
		to := len(encoded) - [3]int{0, 3, 2}[(len(s)+shift)%3]
		out = append(out, glob{{literal: encoded[from:to]}})
	}
	return out
}
