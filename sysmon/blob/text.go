package blob

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// unitAt returns a UTF-16 unit.
func unitAt(b []byte, i int) uint16 { return uint16(b[2*i]) | uint16(b[2*i+1])<<8 }

// units returns the number of units before the first NUL, or all of them if there is no NUL.
func units(b []byte) int {
	n := len(b) / 2
	for i := range n {
		if b[2*i] == 0 && b[2*i+1] == 0 {
			return i
		}
	}
	return n
}

// badUnit returns the index of the first unit that is not part of a character that XML can hold,
// or -1. Such text is in no configuration, because it could not be written there.
func badUnit(b []byte) int {
	n := len(b) / 2
	for i := 0; i < n; i++ {
		switch u := unitAt(b, i); {
		case u < 0x20 && u != '\t' && u != '\n' && u != '\r', u >= 0xFFFE, 0xDC00 <= u && u < 0xE000:
			return i
		case 0xD800 <= u && u < 0xDC00:
			if i+1 == n {
				return i
			}
			if low := unitAt(b, i+1); low < 0xDC00 || low >= 0xE000 {
				return i
			}
			i++
		}
	}
	return -1
}

// decode returns the text of units that badUnit accepts. Other units become U+FFFD.
func decode(b []byte) string {
	text := make([]byte, 0, len(b)/2)
	n := len(b) / 2
	for i := 0; i < n; i++ {
		r := rune(unitAt(b, i))
		if 0xD800 <= r && r < 0xDC00 && i+1 < n {
			if low := rune(unitAt(b, i+1)); 0xDC00 <= low && low < 0xE000 {
				r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
				i++
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return string(text)
}

// utf8Length returns the length of the decoded text in bytes.
func utf8Length(b []byte) int {
	length := 0
	for i := range len(b) / 2 {
		switch u := unitAt(b, i); {
		case u < 0x80:
			length++
		case u < 0x800, 0xD800 <= u && u < 0xE000: // each half of a pair counts for two bytes
			length += 2
		default:
			length += 3
		}
	}
	return length
}

// checkText returns an error if the compiler cannot have the text from a configuration.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("the text is not UTF-8")
	}
	for i, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("the text has the character U+%04X at byte %d, which XML cannot hold", r, i)
		}
	}
	return nil
}

// appendText appends the units of a text, little-endian. It stops before the character that would
// exceed limit units.
func appendText(b []byte, s string, limit int) []byte {
	for _, r := range s {
		if r < 0x10000 {
			if limit--; limit < 0 {
				break
			}
			b = append(b, byte(r), byte(r>>8))
			continue
		}
		if limit -= 2; limit < 0 {
			break
		}
		high, low := 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF
		b = append(b, byte(high), byte(high>>8), byte(low), byte(low>>8))
	}
	return b
}
