package sigma

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A glob is what a string of a rule means, after Sigma's escaping: literals and
// wildcards in turn. Literals are not empty and never adjacent, and of a run
// of wildcards the question marks come first and the one star last. The empty
// glob is the empty string.
type glob []part

// A part of a glob is a literal, a wildcard or a placeholder.
type part struct {
	literal string // of a placeholder: its name
	wild    byte   // '*' any characters, '?' exactly one, '%' a placeholder; 0: literal
}

// parseGlob reads a string as Sigma's specification, section Escaping, has it:
// a backslash takes the meaning from the "*", "?" or "\" after it, and before
// anything else, or at the end, is itself.
func parseGlob(s string) glob { return parseGlobWith(s, `*?\`) }

// parseTemplate reads a string that has the modifier expand, by section
// Placeholders: "%name%" is a placeholder, and a backslash takes the meaning
// from a "%" too.
func parseTemplate(s string) glob { return parseGlobWith(s, `*?\%`) }

// parseGlobWith reads a string in which the characters of special have a
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

// placeholderName returns the name that s begins with, if a "%" follows it:
// letters, digits and underscores. Otherwise it returns "".
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

// tidy puts the runs of wildcards of g in order.
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

// size returns the bytes of the literals of g.
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

// literal returns g as a string if it has no wildcards.
func (g glob) literal() (string, bool) {
	switch {
	case len(g) == 0:
		return "", true
	case len(g) == 1 && g[0].wild == 0:
		return g[0].literal, true
	}
	return "", false
}

// String returns g as channel files write a wildcard pattern: a "*", "?" or
// "\" that is meant as itself has its backslash.
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

// startsWith, endsWith and contains are what the modifiers of those names make
// of a string.
func (g glob) startsWith() glob { return append(append(glob{}, g...), star).tidy() }
func (g glob) endsWith() glob   { return append(glob{star}, g...).tidy() }
func (g glob) contains() glob   { return g.endsWith().startsWith() }

// dashes are the characters that windash takes for one another.
var dashes = []string{"-", "/", "\u2013", "\u2014", "\u2015"}

// dash stands in place of a wildcard for a dash that windash replaces.
const dash = '-'

// windash returns g with each dash that begins a word replaced by every one of
// dashes, in all combinations; nil if these have more than MaxVariantBytes
// together. A dash begins a word if a letter, digit or underscore follows it
// and none is before it.
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

// dashed returns g with a part for each dash that begins a word, the number of
// variants that windash makes of it, and how many bytes these have together. The
// number is 0 if it may be more than MaxVariantBytes.
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
		most += 3 + len(p.literal) // no dash has more than three bytes
		fixed += len(p.literal)
		p.literal = p.literal[begin:]
		parts = append(parts, p)
	}
	if variants > 1 && uint64(variants)*uint64(most) > MaxVariantBytes {
		return nil, 0, 0
	}
	each := 0 // bytes of all dashes: in a place each stands equally often
	for _, d := range dashes {
		each += len(d)
	}
	return parts, variants, variants*fixed + found*(variants/len(dashes))*each
}

// withDashes returns a glob of dashed with the k-th combination of dashes.
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

// join makes one literal of adjacent ones, and none of empty ones.
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

// utf16 returns g with its literals in UTF-16, after the bytes of a mark.
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

// base64Offset returns the three strings of which one is in the base64 encoding
// of any text that contains s: the characters that s alone decides, when it
// begins at the first, second or third byte of a group.
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
