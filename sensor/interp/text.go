package interp

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// The comparisons below fold the runes of the value one at a time, without a buffer. So no buffer
// can be too short. The operands of a file are already folded.

// fold decodes and folds the first rune of s, which is not empty.
func fold(s []byte) (r rune, size int) {
	//mutation:equivalent condition: the slow path gives the same result
	if c := s[0]; c < utf8.RuneSelf {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return rune(c), 1
	}
	r, size = utf8.DecodeRune(s)
	return channelfile.Fold(r), size
}

// foldLast decodes and folds the last rune of s, which is not empty.
func foldLast(s []byte) (r rune, size int) {
	//mutation:equivalent condition: the slow path gives the same result
	if c := s[len(s)-1]; c < utf8.RuneSelf {
		return fold(s[len(s)-1:])
	}
	r, size = utf8.DecodeLastRune(s)
	return channelfile.Fold(r), size
}

// prefixFold reports whether the folded value starts with the folded other text. It also returns
// the number of bytes of the value that it compared. Folding an operand of a file again does not
// change it.
func prefixFold(value, other []byte) (n int, ok bool) {
	//mutation:equivalent: the slow path gives the same result
	if n := len(other); n > 0 && other[n-1] < utf8.RuneSelf && bytes.HasPrefix(value, other) {
		return n, true // a rune starts after them in both texts
	}
	n = equalRunes(value, other)
	other = other[n:]
	for len(other) > 0 {
		if n == len(value) {
			return n, false
		}
		a, size := fold(value[n:])
		b, wanted := fold(other)
		if a != b {
			return n, false
		}
		n += size
		other = other[wanted:]
	}
	return n, true
}

// equalRunes returns a number of bytes in which both texts are equal, and after which a rune starts
// in both. So the runes in these bytes are equal too, without decoding and folding.
func equalRunes(a, b []byte) int {
	n := equalBytes(a, b)
	// The bytes that follow can belong to the last rune, and differ.
	for n > 0 && a[n-1] >= utf8.RuneSelf {
		n--
		//mutation:equivalent: the slow path gives the same result
		if utf8.RuneStart(a[n]) {
			break
		}
	}
	return n
}

// equalBytes returns the number of bytes at the start of two texts that are equal.
func equalBytes(a, b []byte) int {
	n, most := 0, min(len(a), len(b))
	a, b = a[:most], b[:most]
	//mutation:equivalent: the slow path gives the same result
	for ; n+8 <= most; n += 8 {
		if differ := le.Uint64(a[n:]) ^ le.Uint64(b[n:]); differ != 0 {
			return n + bits.TrailingZeros64(differ)/8
		}
	}
	for n < most && a[n] == b[n] {
		n++
	}
	return n
}

var le = binary.LittleEndian

// equalASCII returns a number of bytes at the end of two texts that are equal and ASCII.
//
//mutation:equivalent: the slow path gives the same result
func equalASCII(a, b []byte) int {
	const beyond = 0x8080808080808080 // the bits that ASCII does not set
	n := 0
	for ; n+8 <= len(a) && n+8 <= len(b); n += 8 {
		x, y := le.Uint64(a[len(a)-n-8:]), le.Uint64(b[len(b)-n-8:])
		if x != y || x&beyond != 0 {
			break
		}
	}
	return n
}

func suffixFold(value, other []byte) bool {
	//mutation:equivalent: the slow path gives the same result
	if len(other) > 0 && other[0] < utf8.RuneSelf && bytes.HasSuffix(value, other) {
		return true
	}
	n := equalASCII(value, other)
	value, other = value[:len(value)-n], other[:len(other)-n]
	for len(other) > 0 {
		if len(value) == 0 {
			return false
		}
		a, size := foldLast(value)
		b, wanted := foldLast(other)
		if a != b {
			return false
		}
		value, other = value[:len(value)-size], other[:len(other)-wanted]
	}
	return true
}

// containsFold reports whether the folded value contains a folded operand. It also returns its
// work: the number of bytes that it visited.
func containsFold(value, operand []byte) (found bool, work int) {
	if len(operand) == 0 {
		return true, 0
	}
	work = len(value)
	//mutation:equivalent: the slow path gives the same result
	ascii, start := operand[0] < utf8.RuneSelf, operand[0]
	for i := 0; i < len(value); {
		c := value[i]
		//mutation:equivalent: the slow path gives the same result
		if ascii && c < utf8.RuneSelf { // fast path: most bytes cannot start the operand
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			//mutation:equivalent condition: the slow path gives the same result
			if c != start {
				i++
				continue
			}
		}
		n, ok := prefixFold(value[i:], operand)
		if work += n; ok {
			return true, work
		}
		_, size := fold(value[i:])
		i += size
	}
	return false, work
}

// matchFold reports whether the whole folded value matches a folded pattern. On a mismatch, only
// the last star takes one more rune. The earlier stars need not change: the first match of the
// literals between two stars leaves the most text for the rest of the pattern. work is the number
// of positions that matchFold visited.
func matchFold(value, pattern []byte) (matches bool, work int) {
	v, p := 0, 0
	star, resume := -1, 0
	for v < len(value) {
		//mutation:equivalent: the slow path gives the same result
		if n, taken := equalLiterals(value[v:], pattern[p:]); n > 0 {
			work += n
			v, p = v+n, p+taken
			continue
		}
		work++
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, resume = p, v
			continue
		}
		r, size := fold(value[v:])
		if p < len(pattern) {
			if pattern[p] == '?' {
				v, p = v+size, p+1
				continue
			}
			at := p
			if pattern[at] == '\\' {
				at++
			}
			want, n := rune(pattern[at]), 1
			if want >= utf8.RuneSelf {
				want, n = utf8.DecodeRune(pattern[at:])
			}
			if r == want {
				v, p = v+size, at+n
				continue
			}
		}
		//mutation:equivalent comparison: a star never ends at the start of the pattern
		if star < 0 {
			return false, work
		}
		_, size = utf8.DecodeRune(value[resume:])
		resume += size
		//mutation:equivalent: the slow path gives the same result
		if n := otherBytes(value[resume:], pattern[star:]); n > 0 {
			work += n
			resume += n
		}
		v, p = resume, star
	}
	return p == len(pattern) || string(pattern[p:]) == "*", work
}

// equalLiterals returns a number of ASCII bytes at the start of the folded value that are equal to
// literals at the start of a pattern, and the number of bytes of these in the pattern.
func equalLiterals(value, pattern []byte) (n, taken int) {
	for ; n < len(value); n++ {
		literal, size := literalAt(pattern[taken:])
		if size == 0 || lower(value[n]) != literal {
			break
		}
		taken += size
	}
	return n, taken
}

// otherBytes returns a number of ASCII bytes at the start of the folded value that differ from the
// literal at the start of a pattern.
func otherBytes(value, pattern []byte) (n int) {
	literal, size := literalAt(pattern)
	if size == 0 {
		return 0
	}
	for ; n < len(value); n++ {
		if c := lower(value[n]); c == literal || c >= utf8.RuneSelf {
			break
		}
	}
	return n
}

// literalAt returns the literal at the start of a pattern and its size there. The size is 0 if a
// wildcard is there, the pattern ends, or the literal is not ASCII.
func literalAt(pattern []byte) (literal byte, size int) {
	if len(pattern) == 0 {
		return 0, 0
	}
	literal, size = pattern[0], 1
	switch literal {
	case '*', '?':
		return 0, 0
	case '\\':
		literal, size = pattern[1], 2
	}
	if literal >= utf8.RuneSelf {
		return 0, 0
	}
	return literal, size
}

// lower folds an ASCII byte.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// match is matchFold without folding: it compares literals as bytes. It looks whether the pattern
// is UTF-8 when it comes to a "?", since most comparisons of a long pattern end before.
func (it *Interpreter) match(value, pattern []byte) (matches bool, work int) {
	valid := false // the pattern is known to be UTF-8
	v, p := 0, 0
	star, resume := -1, 0
	for v < len(value) {
		work++
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, resume = p, v
			continue
		}
		if p < len(pattern) {
			if pattern[p] == '?' {
				if !valid && !utf8.Valid(pattern) {
					//mutation:equivalent: generated files never reach this limit of work
					return it.matchBytes(value, pattern), work + (len(value)+1)*(len(pattern)+1)
				}
				valid = true
				_, size := utf8.DecodeRune(value[v:])
				v, p = v+size, p+1
				continue
			}
			at := p
			if pattern[at] == '\\' {
				at++
			}
			if value[v] == pattern[at] {
				v, p = v+1, at+1
				continue
			}
		}
		//mutation:equivalent comparison: a star never ends at the start of the pattern
		if star < 0 {
			return false, work
		}
		resume++
		v, p = resume, star
	}
	return p == len(pattern) || string(pattern[p:]) == "*", work
}

// matchBytes matches a pattern whose literals are not UTF-8. Such literals may match in the middle
// of a rune of the value, where "?" takes one byte. Then a later match may end earlier, so
// matchBytes follows all matches at the same time. For each position in the value it keeps the set
// of positions reached in the pattern. A "?" reaches at most UTFMax bytes ahead.
func (it *Interpreter) matchBytes(value, pattern []byte) bool {
	const ahead = utf8.UTFMax + 1
	words := len(pattern)/64 + 1
	//mutation:equivalent comparison: only the time of an allocation depends on it
	if cap(it.reached) < ahead*words {
		it.reached = make([]uint64, ahead*words)
	}
	reached := it.reached[:ahead*words]
	clear(reached)
	//mutation:missed: no generated event matches a long pattern that is not UTF-8
	row := func(v int) []uint64 { return reached[v%ahead*words:][:words] }
	row(0)[0] = 1
	for v := 0; ; v++ {
		here := row(v)
		for p := range pattern {
			if here[p/64]>>(p%64)&1 == 0 {
				continue
			}
			set := func(row []uint64, p int) { row[p/64] |= 1 << (p % 64) }
			switch c := pattern[p]; {
			case c == '*':
				//mutation:missed: no generated event matches a long pattern that is not UTF-8
				set(here, p+1)
				//mutation:equivalent comparison: no code reads the entry after the end of the value
				if v < len(value) {
					set(row(v+1), p)
				}
			case v == len(value):
			case c == '?':
				_, size := utf8.DecodeRune(value[v:])
				set(row(v+size), p+1)
			case c == '\\':
				//mutation:missed width: no generated event matches a long pattern that is not UTF-8
				if value[v] == pattern[p+1] {
					set(row(v+1), p+2)
				}
			case c == value[v]:
				set(row(v+1), p+1)
			}
		}
		if v == len(value) {
			return here[len(pattern)/64]>>(len(pattern)%64)&1 != 0
		}
		clear(here)
	}
}

// AsInteger returns the value as a number, and whether it is one. A string is a number if it has
// the strict decimal form of FORMAT.md, section 8.
func (v *Value) AsInteger() (int64, bool) {
	if v.Type == sensor.TypeInteger {
		return v.Integer, true
	}
	s := v.Text
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 19 || s[0] == '0' && (len(s) > 1 || negative) {
		return 0, false
	}
	n := uint64(0)
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case negative && n <= 1<<63:
		return int64(-n), true
	case !negative && n < 1<<63:
		return int64(n), true
	}
	return 0, false
}

// maxAddressText is the length of the longest text of an address.
const maxAddressText = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// AsAddress returns the value as an address, mapped into IPv6, and whether it is one.
//
//mutation:equivalent width: the value is always below 256
func (v *Value) AsAddress() (a [16]byte, ok bool) {
	if v.Type == sensor.TypeAddress {
		return v.Address, true
	}
	s := v.Text
	//mutation:equivalent condition: a longer text is rejected later as an address
	if len(s) > maxAddressText {
		return a, false
	}
	if bytes.IndexByte(s, ':') < 0 {
		a[10], a[11] = 0xFF, 0xFF
		return a, dotted(s, a[12:])
	}
	n := 0           // number of bytes filled
	gap := -1        // position of "::"
	afterGap := true // whether ":" may follow
	if bytes.HasPrefix(s, []byte("::")) {
		gap, s = 0, s[2:]
	}
	for len(s) > 0 {
		if n == 16 {
			return a, false
		}
		group, digits := 0, 0
		//mutation:equivalent `digits < 5`: a longer text is rejected later as an address
		for digits < len(s) && digits < 5 {
			d, isHex := hexDigit(s[digits])
			if !isHex {
				break
			}
			group = group<<4 | d
			digits++
		}
		if digits < len(s) && s[digits] == '.' {
			if n > 12 || !dotted(s, a[n:n+4]) {
				return a, false
			}
			n += 4
			afterGap = true
			break
		}
		if digits == 0 || digits > 4 {
			return a, false
		}
		a[n], a[n+1] = byte(group>>8), byte(group)
		n += 2
		s = s[digits:]
		if afterGap = len(s) == 0; afterGap {
			break
		}
		if s[0] != ':' {
			return a, false
		}
		s = s[1:]
		if len(s) > 0 && s[0] == ':' {
			if gap >= 0 {
				return a, false
			}
			gap, s = n, s[1:]
			afterGap = true
		}
	}
	if !afterGap || gap < 0 && n < 16 || gap >= 0 && n == 16 {
		return a, false
	}
	if gap >= 0 {
		moved := copy(a[16-(n-gap):], a[gap:n])
		clear(a[gap : 16-moved])
	}
	return a, true
}

//mutation:equivalent width: the value is always below 256
func hexDigit(c byte) (int, bool) {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0'), true
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10, true
	}
	return 0, false
}

// dotted reads an IPv4 address: four decimal numbers up to 255 without leading zeros.
func dotted(s, to []byte) bool {
	for i := range 4 {
		n, digits := 0, 0
		//mutation:equivalent `digits < 4`: a longer text is rejected later as an address
		for digits < len(s) && digits < 4 && '0' <= s[digits] && s[digits] <= '9' {
			n = n*10 + int(s[digits]-'0')
			digits++
		}
		if digits == 0 || n > 255 || digits > 1 && s[0] == '0' {
			return false
		}
		to[i] = byte(n)
		s = s[digits:]
		if i == 3 {
			return len(s) == 0
		}
		if len(s) == 0 || s[0] != '.' {
			return false
		}
		s = s[1:]
	}
	return false
}
