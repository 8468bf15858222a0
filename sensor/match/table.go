package match

import (
	"encoding/binary"
	"math/bits"
)

// A needle is a literal in a table, for one group.
type needle struct {
	off, size uint32 // of the literal, in the text of the index
	at        uint32 // place of the gram in the literal
	criterion uint32
	group     uint32
	next      uint32 // next needle with the same gram, plus 1; 0 at the end
}

// A table finds the needles by a gram: some bytes of the literal.
type table struct {
	width  int // of the grams, in bytes; 0 for tables of whole values
	count  int
	shift  uint
	slots  []slot
	bits   uint     // 64 minus the binary logarithm of the number of bits of bitmap
	bitmap []uint64 // in tables of contains: bit n is set if a gram has hash n
}

type slot struct {
	key    uint64
	needle uint32 // first needle, plus 1; 0 if the slot is free
}

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

// key returns the gram at the start of s, or a hash of it if it is longer than 8 bytes.
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
	for ; len(s) >= 8; s = s[8:] {
		h = (bits.RotateLeft64(h, 27) ^ binary.LittleEndian.Uint64(s)) * mix
	}
	for _, c := range s {
		h = (bits.RotateLeft64(h, 27) ^ uint64(c)) * mix
	}
	return h ^ h>>32
}

// size allocates the table for the needles that were counted.
func (t *table) size(bitmap bool) {
	n := uint(bits.Len(uint(t.count + t.count/2)))
	t.shift = 64 - n
	t.slots = make([]slot, 1<<n)
	if bitmap {
		// At most one bit in eight is set, until the bitmap has the size of a cache.
		n = min(max(uint(bits.Len(uint(8*t.count))), 6), 20)
		t.bits = 64 - n
		t.bitmap = make([]uint64, 1<<n/64)
	}
}

// insert adds needle number n, and returns the number of the next needle with the same key.
func (t *table) insert(key uint64, n uint32) (next uint32) {
	h := key * mix
	if t.bitmap != nil {
		b := h >> t.bits
		t.bitmap[b/64] |= 1 << (b % 64)
	}
	for i := h >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		s := &t.slots[i]
		if s.needle == 0 {
			s.key, s.needle = key, n+1
			return 0
		}
		if s.key == key {
			next = s.needle
			s.needle = n + 1
			return next
		}
	}
}

// find returns the first needle with a key, plus 1, or 0.
func (t *table) find(key uint64) uint32 {
	for i := key * mix >> t.shift; ; i = (i + 1) & uint64(len(t.slots)-1) {
		s := &t.slots[i]
		if s.needle == 0 || s.key == key {
			return s.needle
		}
	}
}
