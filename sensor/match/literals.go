package match

import (
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
)

// A kind is the place in a value where a literal must be.
type kind uint8

const (
	whole    kind = iota // the literal is the value
	prefix               // the value starts with the literal
	suffix               // the value ends with the literal
	contains             // the literal is anywhere in the value
	integer              // the value is an integer in the block that starts with the literal
	address              // the value is an address in the block that starts with the literal
)

// A literal is a text that a folded value must have. Text is folded as [channelfile.AppendFold]
// does, so a criterion that minds case needs its literal too, but may fail nevertheless.
type literal struct {
	kind kind
	text []byte
	size int // of the block: its binary logarithm
}

// A literals is a list of literals, of which a criterion needs at least one.
type literals struct {
	list []literal
	text []byte // memory of the literals
	// exact means that the criterion holds if and only if one of the literals is in the value.
	exact bool
}

// An extractor finds the literals of the criteria of files. Its work is limited, so that the time
// for an index is linear in the size of the files. Criteria beyond the limit have no literals.
type extractor struct {
	rarity   *rarity
	analyser analyser
	work     int // remaining, about one byte each
	out      literals
	blocks   []block // of the operand
}

// find returns the literals of a criterion. It returns false if the criterion can hold without
// any. The next call overwrites the result.
func (x *extractor) find(f *channelfile.File, c channelfile.Criterion) (*literals, bool) {
	x.out.list, x.out.text = x.out.list[:0], x.out.text[:0]
	if c.Flags&channelfile.FlagInputs != 0 {
		return nil, false
	}
	all := c.Flags&channelfile.FlagAll != 0
	x.out.exact = !all
	best := ^uint64(0)
	for k := c.First; k < c.First+c.Count; k++ {
		from := len(x.out.list)
		if !x.operand(f, c, k) || x.work < 0 {
			if all && x.work >= 0 {
				x.out.list = x.out.list[:from]
				continue
			}
			return nil, false
		}
		if !all {
			continue
		}
		// All operands must hold, so the rarest is enough.
		if w := x.rarity.sum(x.out.list[from:]); w < best {
			best = w
			x.out.list = x.out.list[:copy(x.out.list, x.out.list[from:])]
		} else {
			x.out.list = x.out.list[:from]
		}
	}
	return &x.out, len(x.out.list) > 0
}

// operand appends the literals of operand k. It returns false if the operand can hold without any.
func (x *extractor) operand(f *channelfile.File, c channelfile.Criterion, k int) bool {
	folded := c.Flags&channelfile.FlagFold != 0
	x.work -= 16
	switch c.Operator {
	case channelfile.OpEquals:
		return x.plain(whole, f.Value(f.Operand(k)), folded)
	case channelfile.OpPrefix:
		return x.plain(prefix, f.Value(f.Operand(k)), folded)
	case channelfile.OpSuffix:
		return x.plain(suffix, f.Value(f.Operand(k)), folded)
	case channelfile.OpContains:
		return x.plain(contains, f.Value(f.Operand(k)), folded)
	case channelfile.OpPattern:
		return x.pattern(f.Value(f.Operand(k)), folded)
	case channelfile.OpIntegerEquals:
		// The strict decimal form is the only text of a number.
		from := len(x.out.text)
		x.out.text = strconv.AppendInt(x.out.text, f.Value(f.Operand(k)).Integer(), 10)
		x.add(whole, from)
		return true
	case channelfile.OpIntegerRange:
		least, greatest := f.Value(f.Operand(k)).IntegerRange()
		return x.numbers(integer, wideOf(least), wideOf(greatest))
	case channelfile.OpAddressRange:
		v := f.Value(f.Operand(k))
		return x.numbers(address, wideAddress(v), wideAddress(v[16:]))
	case channelfile.OpRegexp:
		x.out.exact = false
		return x.analyser.literals(f.Program(f.Operand(k)), x)
	}
	return false
}

// add adds the text from a place of out.text as a literal.
func (x *extractor) add(k kind, from int) {
	text := x.out.text[from:len(x.out.text):len(x.out.text)]
	x.out.list = append(x.out.list, literal{kind: k, text: text})
}

// numbers appends the blocks of a range as literals.
func (x *extractor) numbers(k kind, first, last wide) (ok bool) {
	x.blocks, ok = blocks(x.blocks[:0], first, last)
	x.work -= 32 * len(x.blocks)
	for _, b := range x.blocks {
		from := len(x.out.text)
		x.out.text = b.start.append(x.out.text)
		x.add(k, from)
		x.out.list[len(x.out.list)-1].size = b.size
	}
	return ok
}

// plain appends the literal of an operand without wildcards.
func (x *extractor) plain(k kind, operand []byte, folded bool) bool {
	if x.work -= len(operand); x.work < 0 || len(operand) == 0 && k != whole {
		return false
	}
	from := len(x.out.text)
	if folded {
		x.out.text = appendFold(x.out.text, operand)
		if string(x.out.text[from:]) != string(operand) {
			x.out.exact = false // only a file that breaks requirement 65 has such an operand
		}
		x.add(k, from)
		return true
	}
	x.out.exact = false
	if utf8.Valid(operand) {
		x.out.text = appendFold(x.out.text, operand)
		x.add(k, from)
		return true
	}
	// Its bytes may match in the middle of a rune of the value. The valid parts match at runes.
	rest := operand
	best, weight := []byte(nil), ^uint64(0)
	for len(rest) > 0 {
		n := validPrefix(rest)
		if n > 0 {
			if w := x.rarity.of(literal{kind: contains, text: rest[:n]}); w < weight {
				best, weight = rest[:n], w
			}
		}
		rest = rest[min(n+1, len(rest)):]
	}
	if best == nil {
		return false
	}
	x.out.text = appendFold(x.out.text, best)
	x.add(contains, from)
	return true
}

// validPrefix returns the length of the longest start of s that is valid UTF-8.
func validPrefix(s []byte) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRune(s[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

// pattern appends the rarest of the texts between the wildcards of a pattern.
func (x *extractor) pattern(p []byte, folded bool) bool {
	if x.work -= 2 * len(p); x.work < 0 {
		return false
	}
	x.out.exact = false
	kept := len(x.out.list)
	best := ^uint64(0)
	start := true
	var part []byte
	end := func(last bool) {
		k := contains
		switch {
		case start && last:
			k = whole
		case start:
			k = prefix
		case last:
			k = suffix
		}
		if len(part) == 0 {
			return
		}
		n := len(x.out.list)
		if !x.plain(k, part, folded) {
			return
		}
		if w := x.rarity.of(x.out.list[n]); w < best {
			best = w
			x.out.list[kept] = x.out.list[n]
			x.out.list = x.out.list[:kept+1]
		} else {
			x.out.list = x.out.list[:n]
		}
	}
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?':
			end(false)
			part, start = part[:0], false
			continue
		case '\\':
			i++
		}
		part = append(part, p[i])
	}
	end(true)
	return len(x.out.list) > kept
}
