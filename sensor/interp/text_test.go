package interp

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// TestFolded compares the comparisons of folded texts with simple ones, on short texts that are
// alike. These have letters that fold to another length, runes that share their last bytes, and
// bytes that are not UTF-8. The work must be the same too: the charge for a file depends on it.
func TestFolded(t *testing.T) {
	parts := []string{"a", "A", "b", "b", "c", "c", "abcdefgh", "ABCDefgh", "é", "É", "ı", "K", "k", "\xc3", "\xa9", "ſ"}
	wild := append([]string{"*", "*", "?", `\*`, `\?`, `\\`, `\\`, "é", "a", "b", "k"}, parts...)
	r := rand.New(rand.NewPCG(1, 2))
	text := func(of []string, most int) string {
		var b strings.Builder
		for range r.IntN(most + 1) {
			b.WriteString(of[r.IntN(len(of))])
		}
		return b.String()
	}
	folded := func(s string) (out []byte) {
		for i, r := range s {
			if _, size := utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
				out = append(out, s[i])
			} else {
				out = utf8.AppendRune(out, channelfile.Fold(r))
			}
		}
		return out
	}
	runes := func(s []byte) (out []rune) { // folded
		for _, r := range string(s) {
			out = append(out, channelfile.Fold(r))
		}
		return out
	}
	count := map[string]int{}
	for range 60_000 {
		other := folded(text(parts, 5))
		value := []byte(text(parts, 2) + string(other) + text(parts, 2))
		if r.IntN(2) == 0 {
			value = []byte(text(parts, 1) + strings.ToUpper(string(other)))
		}
		whole, end := runes(value), runes(other)
		if _, ok := prefixFold(value, other); ok != (len(whole) >= len(end) && slices.Equal(whole[:len(end)], end)) {
			t.Fatalf("%q starts with %q: %v; want %v", value, other, ok, !ok)
		} else if ok {
			count["prefix"]++
		}
		if ok := suffixFold(value, other); ok != (len(whole) >= len(end) && slices.Equal(whole[len(whole)-len(end):], end)) {
			t.Fatalf("%q ends with %q: %v; want %v", value, other, ok, !ok)
		} else if ok {
			count["suffix"]++
		}
		pattern := folded(text(wild, 6))
		if r.IntN(2) == 0 {
			pattern = []byte("*" + strings.Replace(string(folded(string(value))), "b", "*", 1))
		}
		if !utf8.Valid(pattern) {
			continue
		}
		ok, work := matchFold(value, pattern)
		if want, wantWork := simpleMatch(value, pattern); ok != want || work != wantWork {
			t.Fatalf("%q matches %q: %v with %d units of work; want %v with %d", value, pattern, ok, work, want, wantWork)
		} else if ok {
			count["pattern"]++
		}
	}
	for _, what := range []string{"prefix", "suffix", "pattern"} {
		if count[what] < 1000 {
			t.Errorf("%s: %d comparisons hold; want at least 1,000", what, count[what])
		}
	}
}

func simpleMatch(value, pattern []byte) (matches bool, work int) {
	v, p := 0, 0
	star, resume := -1, 0
	for v < len(value) {
		work++
		switch r, size := fold(value[v:]); {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, resume = p, v
			continue
		case p < len(pattern) && pattern[p] == '?':
			v, p = v+size, p+1
			continue
		case p < len(pattern):
			at := p
			if pattern[at] == '\\' {
				at++
			}
			if want, n := utf8.DecodeRune(pattern[at:]); r == want {
				v, p = v+size, at+n
				continue
			}
		}
		if star < 0 {
			return false, work
		}
		_, size := utf8.DecodeRune(value[resume:])
		resume += size
		v, p = resume, star
	}
	return p == len(pattern) || string(pattern[p:]) == "*", work
}
