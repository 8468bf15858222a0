package meaning

import (
	"bytes"
	"net/netip"
	"strconv"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// A cell is the value of a field, with its fold.
type cell struct {
	interp.Value
	folded   []byte
	isFolded bool
}

// noCell is the absent value.
var noCell cell

// text returns the text of the cell, folded if fold is true.
func (c *cell) text(fold bool) []byte {
	if !fold {
		return c.Text
	}
	if !c.isFolded {
		c.folded, c.isFolded = channelfile.AppendFold(c.folded[:0], c.Text), true
	}
	return c.folded
}

// holds evaluates a test on the values that of returns. A value of a type that the operator does
// not take fails.
func (t *Test) holds(of func(field int) *cell) bool {
	c := of(t.Field)
	if !c.Present() {
		return false
	}
	if t.With == 0 {
		return t.on(c)
	}
	other := of(t.With - 1)
	if !other.Present() {
		return false
	}
	switch t.Operator {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals:
		a, ok := c.integer()
		b, also := other.integer()
		return ok && also && a == b
	}
	if c.Type != sensor.TypeString || other.Type != sensor.TypeString {
		return false
	}
	return compare(t.Operator, c.text(t.Fold), other.text(t.Fold))
}

// on evaluates a test that compares with an operand on a value that is present.
func (t *Test) on(c *cell) bool {
	switch t.Operator {
	case channelfile.OpExists:
		return true
	case channelfile.OpIntegerEquals, channelfile.OpIntegerRange:
		n, ok := c.integer()
		least, greatest := t.integers()
		return ok && least <= n && n <= greatest
	case channelfile.OpAddressRange:
		a, ok := c.address()
		return ok && bytes.Compare(t.Operand[:16], a[:]) <= 0 && bytes.Compare(a[:], t.Operand[16:32]) <= 0
	}
	if c.Type != sensor.TypeString {
		return false
	}
	switch t.Operator {
	case channelfile.OpRegexp:
		return searches(*t.Program, c.Text)
	case channelfile.OpPattern:
		return matches(t.Operand, c.text(t.Fold), t.Fold)
	}
	return compare(t.Operator, c.text(t.Fold), t.Operand)
}

// integers returns the range of an integer test.
func (t *Test) integers() (least, greatest int64) {
	if t.Operator == channelfile.OpIntegerEquals {
		return t.Operand.Integer(), t.Operand.Integer()
	}
	return t.Operand.IntegerRange()
}

// compare compares bytes. Folded texts are valid UTF-8, so their matches start and end at runes.
func compare(op channelfile.Operator, text, operand []byte) bool {
	switch op {
	case channelfile.OpEquals:
		return bytes.Equal(text, operand)
	case channelfile.OpPrefix:
		return bytes.HasPrefix(text, operand)
	case channelfile.OpSuffix:
		return bytes.HasSuffix(text, operand)
	case channelfile.OpContains:
		return bytes.Contains(text, operand)
	}
	return false
}

// integer returns the value as a number. Only the form that strconv writes is a number.
func (c *cell) integer() (int64, bool) {
	if c.Type == sensor.TypeInteger {
		return c.Integer, true
	}
	if len(c.Text) == 0 || len(c.Text) > 20 || c.Text[0] > '9' || c.Text[0] < '-' {
		return 0, false
	}
	n, err := strconv.ParseInt(string(c.Text), 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == string(c.Text)
}

// address returns the value as an address, mapped into IPv6.
func (c *cell) address() (a [16]byte, ok bool) {
	if c.Type == sensor.TypeAddress {
		return c.Address, true
	}
	addr, err := netip.ParseAddr(string(c.Text))
	if err != nil || addr.Zone() != "" {
		return a, false
	}
	return addr.As16(), true
}

// matches reports whether a wildcard pattern matches the whole text. It keeps the set of places in
// the pattern that an offset of the text can be at, as FORMAT.md, section 8, defines. A place takes
// at most UTFMax bytes.
func matches(pattern, text []byte, fold bool) bool {
	// Most texts differ at the start.
	for len(pattern) > 0 && pattern[0] != '*' && pattern[0] != '?' && pattern[0] != '\\' {
		if len(text) == 0 || text[0] != pattern[0] {
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	const rows = utf8.UTFMax + 1
	width := len(pattern) + 1
	var few [512]bool
	reached := few[:]
	if rows*width > len(few) {
		reached = make([]bool, rows*width)
	}
	row := func(i int) []bool { return reached[i%rows*width:][:width] }
	row(0)[0] = true
	for i := 0; ; i++ {
		here, ends, size := row(i), i == len(text), 1
		if !ends {
			_, size = utf8.DecodeRune(text[i:])
		}
		star := size
		if !fold {
			star = 1
		}
		for p := range pattern {
			if !here[p] {
				continue
			}
			switch c := pattern[p]; {
			case c == '*':
				here[p+1] = true
				if !ends {
					row(i + star)[p] = true
				}
			case ends:
			case c == '?':
				row(i + size)[p+1] = true
			case c == '\\':
				if p+1 < len(pattern) && text[i] == pattern[p+1] {
					row(i + 1)[p+2] = true
				}
			case text[i] == c:
				row(i + 1)[p+1] = true
			}
		}
		if ends {
			return here[len(pattern)]
		}
		clear(here)
	}
}
