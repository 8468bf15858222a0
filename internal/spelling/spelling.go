// Package spelling finds the word that was probably meant by a misspelt one.
package spelling

import (
	"math"
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
	return search(word, names, func(a, b string) int {
		if strings.EqualFold(a, b) {
			return 0
		}
		return Distance(a, b)
	}, func(name string) int { return min(edits, max(0, utf8.RuneCountInString(name)-2)) })
}

// Nearest returns the name that differs from word by the fewest edits, where
// case counts for nothing, if these are at most most(name). It returns "" if no
// name is that near. Of several equally near names the first counts.
func Nearest(word string, names []string, most func(name string) int) string {
	return search(word, names, func(a, b string) int { return Distance(strings.ToLower(a), strings.ToLower(b)) }, most)
}

// search returns the first of the nearest names that are as near as most says.
func search(word string, names []string, distance func(a, b string) int, most func(name string) int) string {
	if len(word) > MaxWord {
		return ""
	}
	best, least := "", math.MaxInt
	for _, n := range names {
		limit := most(n)
		if far := limit * utf8.UTFMax; len(n) > len(word)+far || len(word) > len(n)+far {
			continue
		}
		if d := distance(word, n); d <= limit && d < least {
			best, least = n, d
		}
	}
	return best
}

// Distance returns the number of runes to insert, delete, replace, or swap with
// their neighbour to turn a into b.
func Distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	var before []int // the row before last
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(s); i++ {
		next := make([]int, len(t)+1)
		next[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(t)]
}
