// Package spelling finds the word that was probably meant by a misspelt one.
package spelling

import (
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// MaxWord is the number of bytes of the longest word that is compared: the
// search is quadratic, and no name of the field is longer.
const MaxWord = 128

// Within returns the name that differs from word by the fewest edits, if these
// are at most edits, and "" if no name is that near. Names that differ by case
// alone are nearest. Of several equally near names the first counts.
//
// A name must have at least two runes more than it takes edits to reach it: two
// edits turn a word of three letters into almost any other.
func Within(edits int, word string, names []string) string {
	return search(word, names, func(a, b string, limit int) int {
		if strings.EqualFold(a, b) {
			return 0
		}
		return distance(a, b, limit)
	}, func(name string) int { return min(edits, max(0, utf8.RuneCountInString(name)-2)) })
}

// Nearest returns the name that differs from word by the fewest edits, where
// case counts for nothing, if these are at most most(name). It returns "" if no
// name is that near. Of several equally near names the first counts.
func Nearest(word string, names []string, most func(name string) int) string {
	return search(word, names, func(a, b string, limit int) int {
		return distance(strings.ToLower(a), strings.ToLower(b), limit)
	}, most)
}

// search returns the first of the nearest names that are as near as most says.
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
		// Most names differ by more letters than there may be edits.
		if others, alike := lettersOf(n); plain && alike && (bits.OnesCount64(letters&^others) > limit || bits.OnesCount64(others&^letters) > limit) {
			continue
		}
		if d := distance(word, n, limit); d <= limit && d < least {
			best, least = n, d
		}
	}
	return best
}

// lettersOf returns the set of the characters of s, where case counts for
// nothing and some others count as one. It reports whether s is ASCII: then an
// edit adds one character to the set at most, and takes one away.
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

// distance returns a number greater than limit if the distance is greater, which
// it mostly knows after a few runes.
func distance(a, b string, limit int) int {
	s, t := []rune(a), []rune(b)
	if len(s)-len(t) > limit || len(t)-len(s) > limit {
		return limit + 1
	}
	var space [3][MaxWord]int // without it, three pieces of memory for each pair of names
	var rows [3][]int
	for i := range rows {
		if rows[i] = space[i][:]; len(t) >= len(space[i]) {
			rows[i] = make([]int, len(t)+1)
		}
		rows[i] = rows[i][:len(t)+1]
	}
	before, row, next := rows[0], rows[1], rows[2] // before is the row before last
	for j := range row {
		row[j] = j
	}
	least := 0 // of row
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
		if all > limit && least >= limit { // a swap goes on from row, with one edit
			return limit + 1
		}
		least = all
		before, row, next = row, next, before
	}
	return row[len(t)]
}
