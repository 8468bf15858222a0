package rexprog

import (
	"cmp"
	"slices"
	"sort"
	"sync"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile/internal/casefold"
)

// A runeRange is the runes from lo to hi, both included.
type runeRange struct{ lo, hi rune }

// A runeSet is a list of ranges. They may be in any order and may overlap,
// until clean sorts and merges them. A file stores a class as a clean set.
type runeSet []runeRange

// clean sorts the ranges and merges those that overlap or touch. It reuses s.
func (s runeSet) clean() runeSet {
	slices.SortFunc(s, func(a, b runeRange) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi)) })
	kept := s[:0]
	for _, r := range s {
		if n := len(kept); n > 0 && r.lo <= kept[n-1].hi+1 {
			kept[n-1].hi = max(kept[n-1].hi, r.hi)
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// appendNegated appends the runes that are not in the clean set s.
func (s runeSet) appendNegated(dst runeSet) runeSet {
	next := rune(0)
	for _, r := range s {
		if next < r.lo {
			dst = append(dst, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= utf8.MaxRune {
		dst = append(dst, runeRange{next, utf8.MaxRune})
	}
	return dst
}

// An unfolding means that from folds to to.
type unfolding struct{ to, from rune }

// unfoldings is casefold.Table in the opposite direction, sorted by to and then
// from.
var unfoldings = sync.OnceValue(func() []unfolding {
	var all []unfolding
	for _, t := range casefold.Table {
		for r := t.Lo; r <= t.Hi; r += t.Step {
			all = append(all, unfolding{r + t.Delta, r})
		}
	}
	slices.SortFunc(all, func(a, b unfolding) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.from, b.from)) })
	return all
})

// fold returns the clean set of all runes that have the same fold as a rune of
// the clean set s. It reuses s.
func (s runeSet) fold() runeSet {
	// add skips runes that r contains already, because a wide range contains
	// nearly all.
	add := func(r, with runeRange) {
		if with.lo < r.lo || r.hi < with.hi {
			s = append(s, with)
		}
	}
	for _, r := range s[:len(s):len(s)] { // appended runes are folded already
		i := sort.Search(len(casefold.Table), func(i int) bool { return r.lo <= casefold.Table[i].Hi })
		for ; i < len(casefold.Table) && casefold.Table[i].Lo <= r.hi; i++ {
			t := &casefold.Table[i]
			first := t.Lo
			if r.lo > first {
				first += (r.lo - t.Lo + t.Step - 1) / t.Step * t.Step
			}
			last := min(t.Hi, r.hi)
			switch {
			case first > last:
			case t.Step == 1:
				add(r, runeRange{first + t.Delta, last + t.Delta})
			default:
				for x := first; x <= last; x += t.Step {
					add(r, runeRange{x + t.Delta, x + t.Delta})
				}
			}
		}
	}
	s = s.clean()
	inverse := unfoldings()
	for _, r := range s[:len(s):len(s)] {
		i := sort.Search(len(inverse), func(i int) bool { return r.lo <= inverse[i].to })
		for ; i < len(inverse) && inverse[i].to <= r.hi; i++ {
			add(r, runeRange{inverse[i].from, inverse[i].from})
		}
	}
	return s.clean()
}

// foldingWork returns the approximate number of ranges that fold reads for the
// clean set s. It is at most the number of runes of the set, and at most twice
// the number of runes that fold.
func (s runeSet) foldingWork() int {
	n := 0
	for _, r := range s {
		n += int(r.hi-r.lo) + 1
		if n > 2*len(unfoldings()) {
			return 2 * len(unfoldings())
		}
	}
	return n
}

// A namedSet identifies a set that an expression names.
type namedSet struct {
	kind    byte   // the letter after the backslash in lower case, or : for [:name:]
	name    string // name for kinds : and p; for p in the form of unicodeKey
	negated bool   // the set of all other runes
	fold    bool   // ignore case
}

// namedSets caches the sets by their names. There are only a few names.
var namedSets sync.Map // values are runeSets, keys are namedSets

// set returns the clean set for a name. The caller must not modify it. A set is
// folded before it is negated. set returns false if the name is unknown.
func (n namedSet) set() (runeSet, bool) {
	if s, ok := namedSets.Load(n); ok {
		return s.(runeSet), true
	}
	var base runeSet
	ok := true
	switch n.kind {
	case 'p':
		base, ok = unicodeSet(n.name)
	case ':':
		base, ok = posixSets[n.name]
	default:
		base, ok = perlSets[n.kind]
	}
	if !ok {
		return nil, false
	}
	s := append(runeSet{}, base...)
	if n.fold {
		s = s.fold()
	}
	if n.negated {
		s = s.appendNegated(runeSet{})
	}
	namedSets.Store(n, s)
	return s, true
}

// perlSets are the sets named by a backslash and a letter. The capital letter
// negates the set.
var perlSets = map[byte]runeSet{
	'd': {{'0', '9'}},
	's': {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}},
	'w': {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
}

// posixSets are the sets with a name between [: and :]. A ^ before the name
// negates the set.
var posixSets = map[string]runeSet{
	"alnum":  {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}},
	"alpha":  {{'A', 'Z'}, {'a', 'z'}},
	"ascii":  {{0, 0x7F}},
	"blank":  {{'\t', '\t'}, {' ', ' '}},
	"cntrl":  {{0, 0x1F}, {0x7F, 0x7F}},
	"digit":  {{'0', '9'}},
	"graph":  {{'!', '~'}},
	"lower":  {{'a', 'z'}},
	"print":  {{' ', '~'}},
	"punct":  {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}},
	"space":  {{'\t', '\r'}, {' ', ' '}},
	"upper":  {{'A', 'Z'}},
	"word":   {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
	"xdigit": {{'0', '9'}, {'A', 'F'}, {'a', 'f'}},
}
