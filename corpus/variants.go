package corpus

import (
	"fmt"
	"iter"
)

// A Variant is a file derived from a case. Every variant is rejected.
type Variant struct {
	Name string // the case and the damage, such as "minimal, first 47 bytes"
	Data []byte // valid until the next variant

	// Check is the only check that reports it. "" means that it depends on the case.
	Check string
}

// Variants returns all files derived from a good case by one small damage:
// [Truncations], [BitFlips] and [Insertions].
func Variants(c Case) iter.Seq[Variant] {
	return func(yield func(Variant) bool) {
		for _, list := range []iter.Seq[Variant]{Truncations(c), BitFlips(c), Insertions(c)} {
			for v := range list {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// Truncations returns the case's file truncated at every length.
func Truncations(c Case) iter.Seq[Variant] {
	return func(yield func(Variant) bool) {
		for n := range c.Data {
			v := Variant{fmt.Sprintf("%s, first %d bytes", c.Name, n), c.Data[:n:n], "CF1003"}
			switch n {
			case 0:
				v.Check = "CF0003"
			case 1:
				v.Check = "" // a single byte also counts as a repeated byte
			}
			if !yield(v) {
				return
			}
		}
	}
}

// BitFlips returns the case's file with each single bit flipped. The digests stay
// the same, so the gate must notice each flip.
func BitFlips(c Case) iter.Seq[Variant] {
	return func(yield func(Variant) bool) {
		data := append([]byte(nil), c.Data...)
		for i := range data {
			for bit := range 8 {
				data[i] ^= 1 << bit
				ok := yield(Variant{fmt.Sprintf("%s, bit %d of byte %#x flipped", c.Name, bit, i), data, ""})
				data[i] ^= 1 << bit
				if !ok {
					return
				}
			}
		}
	}
}

// Insertions returns the case's file with one additional byte at every place: once
// a zero, and once a copy of the byte before.
func Insertions(c Case) iter.Seq[Variant] {
	return func(yield func(Variant) bool) {
		data := make([]byte, len(c.Data)+1)
		for i := range data {
			copy(data, c.Data[:i])
			copy(data[i+1:], c.Data[i:])
			data[i] = 0
			if !yield(Variant{fmt.Sprintf("%s, zero inserted at %#x", c.Name, i), data, ""}) {
				return
			}
			if i == 0 || data[i-1] == 0 {
				continue
			}
			data[i] = data[i-1]
			if !yield(Variant{fmt.Sprintf("%s, byte %#x twice", c.Name, i-1), data, ""}) {
				return
			}
		}
	}
}
