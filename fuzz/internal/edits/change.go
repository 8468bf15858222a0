package edits

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math/bits"
	"slices"
)

// A Kind is a kind of change at one byte of a file.
type Kind uint8

// The kinds of changes.
const (
	Flip   Kind = iota // invert one of its bits
	Set                // set it to 00, FF or AA, or to one more or one less
	Swap               // swap the bytes of a number of 2, 4 or 8 bytes that starts with it
	Cut                // cut the file off before it
	Delete             // delete it
	Insert             // insert 00, FF or a copy of it before it
	NumKinds
)

func (k Kind) String() string {
	return [...]string{"one bit flipped", "one byte set", "bytes swapped", "cut off", "one byte deleted", "one byte inserted"}[k]
}

// A Repair hides a change.
type Repair uint8

// The repairs.
const (
	NoRepair      Repair = iota // digests stay as they are
	Digests                     // the section digests and the header digest are correct again
	DigestsOfSize               // the file size in the header is correct again too, if it was not
	NumRepairs
)

func (r Repair) String() string {
	return [...]string{"digests left", "digests repaired", "digests and size repaired"}[r]
}

// A Change says how a mutant differs from the file.
type Change struct {
	Kind   Kind
	At     int  // offset of the byte
	Arg    byte // the bit, the new value, the number of swapped bytes, or the inserted byte
	Repair Repair
}

func (c Change) String() string {
	s := fmt.Sprintf("%v: ", c.Kind)
	switch c.Kind {
	case Flip:
		s += fmt.Sprintf("bit %d of byte %#x", c.Arg, c.At)
	case Set:
		s += fmt.Sprintf("byte %#x is %#02x", c.At, c.Arg)
	case Swap:
		s += fmt.Sprintf("the %d from %#x on", c.Arg, c.At)
	case Cut:
		s += fmt.Sprintf("%d are left", c.At)
	case Delete:
		s += fmt.Sprintf("%#x", c.At)
	case Insert:
		s += fmt.Sprintf("%#02x before %#x", c.Arg, c.At)
	}
	return s + ", " + c.Repair.String()
}

// A Maker makes the single-edit mutants of a file.
type Maker struct {
	data     []byte
	inPlace  []byte // data, except for the current change
	other    []byte // a mutant of another length
	repaired []byte

	// The running digest of the bytes from hashedFrom to hashedTo. Changes go from the start
	// of a file to its end, so the bytes before them are hashed only once.
	hashed               hash.Cloner
	hashedFrom, hashedTo int
}

// NewMaker returns a Maker for a file. The caller must not modify the file while the Maker is
// in use.
func NewMaker(data []byte) *Maker {
	return &Maker{data: data, inPlace: slices.Clone(data)}
}

// At calls f with each mutant of one kind at byte i, and with its repaired forms that differ.
// The data is valid until f returns. At i = len(data), bytes can be inserted at the end. A
// mutant that byte i-1 has too is omitted.
func (m *Maker) At(kind Kind, i int, f func(c Change, data []byte)) {
	give := func(arg byte, data []byte) { m.repairs(Change{Kind: kind, At: i, Arg: arg}, data, f) }
	end := i == len(m.data)
	if end && kind != Insert {
		return
	}
	switch kind {
	case Flip:
		for bit := range 8 {
			m.inPlace[i] ^= 1 << bit
			give(byte(bit), m.inPlace)
			m.inPlace[i] ^= 1 << bit
		}
	case Set:
		was := m.data[i]
		to := [...]byte{0, 0xFF, 0xAA, was + 1, was - 1}
		for k, b := range to {
			// Other values are flips, or had their turn.
			if bits.OnesCount8(b^was) > 1 && !slices.Contains(to[:k], b) {
				m.inPlace[i] = b
				give(b, m.inPlace)
			}
		}
		m.inPlace[i] = was
	case Swap:
		for _, size := range []int{2, 4, 8} {
			if i%size != 0 || i+size > len(m.data) {
				continue
			}
			slices.Reverse(m.inPlace[i : i+size])
			if !bytes.Equal(m.inPlace[i:i+size], m.data[i:i+size]) {
				give(byte(size), m.inPlace)
			}
			copy(m.inPlace[i:], m.data[i:i+size])
		}
	case Cut:
		give(0, m.data[:i:i])
	case Delete:
		if i == 0 || m.data[i] != m.data[i-1] {
			m.other = append(append(m.other[:0], m.data[:i]...), m.data[i+1:]...)
			give(m.data[i], m.other)
		}
	case Insert:
		put := []byte{0, 0xFF}
		if !end && m.data[i] != 0 && m.data[i] != 0xFF {
			put = append(put, m.data[i])
		}
		for _, b := range put {
			if i == 0 || m.data[i-1] != b {
				m.other = append(append(append(m.other[:0], m.data[:i]...), b), m.data[i:]...)
				give(b, m.other)
			}
		}
	}
}

// repairs calls f with a mutant, and with its repaired forms.
func (m *Maker) repairs(c Change, data []byte, f func(c Change, data []byte)) {
	f(c, data)
	m.repaired = append(m.repaired[:0], data...)
	m.repair(m.repaired, c.At)
	if c.Repair = Digests; !bytes.Equal(m.repaired, data) {
		f(c, m.repaired)
	}
	if c.Repair = DigestsOfSize; len(data) >= headerSize && le.Uint32(data[fileSizeAt:]) != uint32(len(data)) {
		m.repaired = append(m.repaired[:0], data...)
		le.PutUint32(m.repaired[fileSizeAt:], uint32(len(data)))
		m.repair(m.repaired, c.At)
		f(c, m.repaired)
	}
}

// The parts of the format that a repair knows; see FORMAT.md, sections 3 and 4.
const (
	headerSize     = 48
	fileSizeAt     = 0x28
	sectionCountAt = 0x2C
	recordSize     = 48
	digestSize     = sha256.Size
	mostSections   = 15
)

var le = binary.LittleEndian

// Repaired returns a copy of a file with correct digests, as far as its section table can be
// read.
func Repaired(data []byte) []byte {
	data = slices.Clone(data)
	new(Maker).repair(data, 0)
	return data
}

// repair makes the digests of a mutant correct. Before byte at, the mutant equals the file.
func (m *Maker) repair(data []byte, at int) {
	if len(data) < headerSize {
		return
	}
	n := int(min(le.Uint32(data[sectionCountAt:]), mostSections))
	first := headerSize + recordSize*n + digestSize
	if first > len(data) {
		return
	}
	for i := range n {
		record := data[headerSize+recordSize*i:][:recordSize]
		start, length := uint64(le.Uint32(record[4:])), uint64(le.Uint32(record[8:]))
		if start+length > uint64(len(data)) {
			continue
		}
		same := at // before this offset, the section has not changed
		if start < uint64(first) {
			same = 0 // it has digests, which may have changed
		}
		digest := m.sum(data[:start+length], int(start), same)
		copy(record[16:], digest[:])
	}
	digest := sha256.Sum256(data[:first-digestSize])
	copy(data[first-digestSize:], digest[:])
}

// sum returns the digest of a mutant from byte start on. The bytes before byte at are hashed
// once for all mutants.
func (m *Maker) sum(data []byte, start, at int) (digest [digestSize]byte) {
	if at <= start || at >= len(data) {
		return sha256.Sum256(data[start:])
	}
	if m.hashed == nil || m.hashedFrom != start || m.hashedTo > at {
		m.hashed, m.hashedFrom, m.hashedTo = sha256.New().(hash.Cloner), start, start
	}
	m.hashed.Write(data[m.hashedTo:at])
	m.hashedTo = at
	h, err := m.hashed.Clone()
	if err != nil { // happens in FIPS 140 mode v1.0.0
		return sha256.Sum256(data[start:])
	}
	h.Write(data[at:])
	h.Sum(digest[:0])
	return digest
}
