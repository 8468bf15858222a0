package match

import (
	"encoding/binary"
	"math/bits"
)

// A table finds the buckets of literals by a gram: some bytes of the literal, as a hash. Its
// bitmap is small, so it rejects most values without a load from memory.
type table struct {
	number int  // of all tables of the index
	width  int  // of the grams, in bytes; 0 for tables of whole values
	whole  bool // the literal is the whole value
	count  int
	shift  uint // 64 minus the binary logarithm of the number of slots
	bits   uint // 64 minus the binary logarithm of the number of bits of bitmap
	slots  []slot
	bitmap []uint64 // bit n is set if a gram has hash n
}

// A slot has the bucket for a gram.
type slot struct {
	tag    uint32 // part of the hash
	bucket uint32 // place in the records, divided by 4; 0 if the slot is free
}

// tag returns the part of a hash that is in a slot. Its bits are not those that choose the slot.
func tag(h uint64) uint32 { return uint32(h >> 16) }

// A field has the tables of an input.
type field struct {
	whole    *table
	prefixes [len(affixWidths)]*table
	suffixes [len(affixWidths)]*table
	contains [len(gramWidths)]*table
	blocks   []blockTable

	fixed   uint32 // time for a value, in nanoseconds
	perByte uint32 // time for a byte, in half nanoseconds
}

// A blockTable is the table of the blocks of one size.
type blockTable struct {
	kind kind // integer or address
	size int
	*table
}

// The widths of the grams of the tables. A literal is in the table of the greatest width that it
// has.
var (
	affixWidths = [...]int{32, 16, 8, 4, 2, 1}
	gramWidths  = [...]int{8, 4, 2, 1}
)

// tables returns the tables that the field has.
func (f *field) tables() (list []*table) {
	for _, l := range [][]*table{{f.whole}, f.prefixes[:], f.suffixes[:], f.contains[:]} {
		for _, t := range l {
			if t != nil {
				list = append(list, t)
			}
		}
	}
	for _, b := range f.blocks {
		list = append(list, b.table)
	}
	return list
}

// time returns an estimate of the time to find the literals in a value, in nanoseconds, if it has
// few.
func (f *field) time(length int) int { return int(f.fixed) + int(f.perByte)*length/2 }

// place returns a pointer to the table for a literal.
func (f *field) place(l literal) (t **table, width int) {
	switch l.kind {
	case whole:
		return &f.whole, 0
	case integer, address:
		for i := range f.blocks {
			if b := &f.blocks[i]; b.kind == l.kind && b.size == l.size {
				return &b.table, 0
			}
		}
		f.blocks = append(f.blocks, blockTable{kind: l.kind, size: l.size})
		return &f.blocks[len(f.blocks)-1].table, 0
	case contains:
		for i, w := range gramWidths {
			if w <= len(l.text) {
				return &f.contains[i], w
			}
		}
	}
	list := &f.prefixes
	if l.kind == suffix {
		list = &f.suffixes
	}
	for i, w := range affixWidths {
		if w <= len(l.text) {
			return &list[i], w
		}
	}
	panic("match: a literal without bytes") // literals are not empty, except whole values
}

// key returns the gram at the start of s, or a hash of it if it is longer than 8 bytes. The
// product with mix is its hash in a table.
func key(s []byte, width int) uint64 {
	switch width {
	case 8:
		return binary.LittleEndian.Uint64(s)
	case 4:
		return uint64(binary.LittleEndian.Uint32(s))
	case 2:
		return uint64(binary.LittleEndian.Uint16(s))
	case 1:
		return uint64(s[0])
	}
	return hash(s[:width])
}

const mix = 0x9E3779B97F4A7C15

// hash returns a hash of s.
func hash(s []byte) uint64 {
	h := uint64(len(s)) * mix
	if len(s) < 8 {
		x := uint64(0)
		if n := len(s); n >= 4 {
			x = uint64(binary.LittleEndian.Uint32(s))<<32 | uint64(binary.LittleEndian.Uint32(s[n-4:]))
		} else if n > 0 {
			x = uint64(s[0])<<16 | uint64(s[n/2])<<8 | uint64(s[n-1])
		}
		h = (h ^ x) * mix
		return h ^ h>>32
	}
	last := binary.LittleEndian.Uint64(s[len(s)-8:])
	for ; len(s) > 8; s = s[8:] {
		h = (bits.RotateLeft64(h, 27) ^ binary.LittleEndian.Uint64(s)) * mix
	}
	h = (bits.RotateLeft64(h, 27) ^ last) * mix
	return h ^ h>>32
}

// size allocates the table for the literals that were counted.
func (t *table) size() {
	n := uint(bits.Len(uint(t.count + t.count/2)))
	t.shift = 64 - n
	t.slots = make([]slot, 1<<n)
	// At most one bit in 16 is set in a small bitmap, and one in eight in a larger one. The largest
	// bitmap has the size of a cache.
	const small, large = 16, 20
	n = min(max(uint(bits.Len(uint(8*t.count))), min(uint(bits.Len(uint(16*t.count))), small), 6), large)
	t.bits = 64 - n
	t.bitmap = make([]uint64, 1<<n/64)
}

// insert adds a literal, which is not 0, by the hash of its gram. The slot has its number until the
// buckets are made. It returns the literal before with the same hash, or 0.
func (t *table) insert(h uint64, literal uint32) (next uint32) {
	b := h >> t.bits
	t.bitmap[b/64] |= 1 << (b % 64)
	for i := h >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		s := &t.slots[i]
		if s.bucket == 0 {
			*s = slot{tag(h), literal}
			return 0
		}
		if s.tag == tag(h) {
			next, s.bucket = s.bucket, literal
			return next
		}
	}
}

// may reports whether the table may have a hash.
func (t *table) may(h uint64) bool {
	b := h >> t.bits
	return t.bitmap[b/64]>>(b%64)&1 != 0
}

// find returns the bucket for a hash, or 0.
func (t *table) find(h uint64) uint32 {
	for i := h >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		if s := t.slots[i]; s.bucket == 0 || s.tag == tag(h) {
			return s.bucket
		}
	}
}
