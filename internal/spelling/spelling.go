// Package spelling finds the word that an author probably meant by a misspelt one.
package spelling

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxWord is the maximum length of a word that is compared, in bytes. The search
// takes the square of the length, and no known name is longer.
const MaxWord = 128

// Within returns the name that differs from word by the fewest edits, if these
// are at most edits, and "" if no name is that near. Names that differ only in case
// are nearest. If several names are equally near, it returns the first.
//
// A name must have at least two runes more than the number of edits, because two
// edits turn a word of three letters into almost any other.
func Within(edits int, word string, names []string) string {
	return search(word, names, func(a, b string, limit int) int {
		if strings.EqualFold(a, b) {
			return 0
		}
		return distance(a, b, limit)
	}, func(name string) int { return min(edits, max(0, utf8.RuneCountInString(name)-2)) })
}

// Nearest returns the name that differs from word by the fewest edits, without
// regard to case, if these are at most most(name). It returns "" if no name is that
// near. If several names are equally near, it returns the first.
func Nearest(word string, names []string, most func(name string) int) string {
	return search(word, names, func(a, b string, limit int) int {
		return distance(strings.ToLower(a), strings.ToLower(b), limit)
	}, most)
}

// search returns the first of the nearest names within most edits.
func search(word string, names []string, distance func(a, b string, limit int) int, most func(name string) int) string {
	if len(word) > MaxWord {
		return ""
	}
	best, least := "", math.MaxInt
	letters, plain := lettersOf(word)
	for _, n := range names {
		limit := most(n)
		if far := limit * utf8.UTFMax; len(n) > len(word)+far || len(word) > len(n)+far {
			continue
		}
		// Most names differ in more letters than the permitted number of edits.
		if others, alike := lettersOf(n); plain && alike && (bits.OnesCount64(letters&^others) > limit || bits.OnesCount64(others&^letters) > limit) {
			continue
		}
		if d := distance(word, n, limit); d <= limit && d < least {
			best, least = n, d
		}
	}
	return best
}

// lettersOf returns the set of the characters of s, without regard to case. Some
// other characters share a bit. It reports whether s is ASCII. In that case an edit
// adds at most one character to the set, and removes at most one.
func lettersOf(s string) (set uint64, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return 0, false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		set |= 1 << (c & 63)
	}
	return set, true
}

// Distance returns the number of runes to insert, delete, replace, or swap with
// their neighbour to turn a into b.
func Distance(a, b string) int { return distance(a, b, math.MaxInt-1) }

// distance returns a number greater than limit if the distance is greater. In most
// cases it knows this after a few runes.
func distance(a, b string, limit int) int {
	s, t := []rune(a), []rune(b)
	if len(s)-len(t) > limit || len(t)-len(s) > limit {
		return limit + 1
	}
	var space [3][MaxWord]int // avoids three allocations for each pair of names
	var rows [3][]int
	for i := range rows {
		if rows[i] = space[i][:]; len(t) >= len(space[i]) {
			rows[i] = make([]int, len(t)+1)
		}
		rows[i] = rows[i][:len(t)+1]
	}
	before, row, next := rows[0], rows[1], rows[2] // before is the last row but one
	for j := range row {
		row[j] = j
	}
	least := 0 // minimum of row
	for i := 1; i <= len(s); i++ {
		next[0] = i
		all := i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			all = min(all, next[j])
		}
		if all > limit && least >= limit { // a swap continues from row, with one edit
			return limit + 1
		}
		least = all
		before, row, next = row, next, before
	}
	return row[len(t)]
}

// Alike returns at most most of the names that share words with word, the most similar first.
// Words begin at capitals, so SubjectUserName has three. A name shares at least two of them, or
// all words of the shorter one begin the longer one. Such a name may mean something else.
func Alike(word string, names []string, most int) []string {
	if len(word) > MaxWord {
		return nil
	}
	type match struct {
		name           string
		shared, others int
		end            bool // both have the same last word
		edits          int
	}
	var list []match
	of := wordsOf(word)
	for _, name := range names {
		if len(name) > MaxWord {
			continue
		}
		words := wordsOf(name)
		m := match{name: name}
		for _, w := range words {
			if slices.Contains(of, w) {
				m.shared++
			}
		}
		short := min(len(words), len(of))
		if m.shared < 2 && (short == 0 || !slices.Equal(words[:short], of[:short])) {
			continue
		}
		m.others = len(words) + len(of) - 2*m.shared
		m.end = words[len(words)-1] == of[len(of)-1]
		m.edits = Distance(word, name)
		list = append(list, m)
	}
	slices.SortStableFunc(list, func(a, b match) int {
		end := 0
		if a.end != b.end {
			end = 1
			if a.end {
				end = -1
			}
		}
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(a.others, b.others), end, cmp.Compare(a.edits, b.edits))
	})
	var out []string
	for _, m := range list[:min(len(list), most)] {
		out = append(out, m.name)
	}
	return out
}

// wordsOf returns the words of a name in lower case. A word begins at a capital after a small
// letter, and at the last capital before a small letter.
func wordsOf(name string) (words []string) {
	for _, part := range strings.FieldsFunc(name, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		runes, start := []rune(part), 0
		for i := 1; i <= len(runes); i++ {
			if i < len(runes) && !(unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))) {
				continue
			}
			words = append(words, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	return words
}
