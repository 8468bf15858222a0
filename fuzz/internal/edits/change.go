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

// A Kind is what is done to a byte of a file.
type Kind uint8

// The kinds of changes.
const (
	Flip   Kind = iota // one of its bits
	Set                // to 00, FF, AA, one more or one less
	Swap               // the bytes of a number of two, four or eight that starts with it, whether there is one or not
	Cut                // it and all after it are missing
	Delete             // it is missing
	Insert             // 00, FF or its double is before it
	NumKinds
)

func (k Kind) String() string {
	return [...]string{"one bit flipped", "one byte set", "bytes swapped", "cut off", "one byte left out", "one byte put in"}[k]
}

// A Repair is what somebody does who wants a change to go unnoticed.
type Repair uint8

// The repairs.
const (
	NoRepair      Repair = iota // digests are as they are
	Digests                     // the section digests and the header digest are made right
	DigestsOfSize               // the file size of the header too, where it is not
	NumRepairs
)

func (r Repair) String() string {
	return [...]string{"digests left", "digests repaired", "digests and size repaired"}[r]
}

// A Change is how a neighbour came about.
type Change struct {
	Kind   Kind
	At     int  // the byte
	Arg    byte // the bit; what the byte is set to; how many bytes are swapped; what is put in
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

// A Maker makes the neighbours of a file.
type Maker struct {
	data     []byte
	inPlace  []byte // data, but for a change
	other    []byte // of another length
	repaired []byte

	// The digest of the bytes from hashedFrom to hashedTo is under way. Changes
	// go from the start of a file to its end, so that what stands before them
	// need not be hashed each time.
	hashed               hash.Cloner
	hashedFrom, hashedTo int
}

// NewMaker returns a Maker for a file, which must not be modified meanwhile.
func NewMaker(data []byte) *Maker {
	return &Maker{data: data, inPlace: slices.Clone(data)}
}

// At calls f with each neighbour of one kind at one byte, and with those that
// repairs make of it; what a repair does not change comes once. The data is good
// until f returns. Byte len(data) is the end, before which a byte can be put in.
// A neighbour that byte i-1 has too does not come again.
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
			if bits.OnesCount8(b^was) > 1 && !slices.Contains(to[:k], b) { // others are flips, or were
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

// repairs calls f with a neighbour, and with what repairs make of it.
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

// What a repair knows of the format; see FORMAT.md, sections 3 and 4.
const (
	headerSize     = 48
	fileSizeAt     = 0x28
	sectionCountAt = 0x2C
	recordSize     = 48
	digestSize     = sha256.Size
	mostSections   = 15
)

var le = binary.LittleEndian

// Repaired returns a file with its digests made right, as far as its section
// table can be read, and nothing else changed.
func Repaired(data []byte) []byte {
	data = slices.Clone(data)
	new(Maker).repair(data, 0)
	return data
}

// repair makes the digests of a neighbour right. Before byte at, it is the file.
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
		same := at // before it, the section is that of the file
		if start < uint64(first) {
			same = 0 // there are digests in it, which may be others
		}
		digest := m.sum(data[:start+length], int(start), same)
		copy(record[16:], digest[:])
	}
	digest := sha256.Sum256(data[:first-digestSize])
	copy(data[first-digestSize:], digest[:])
}

// sum returns the digest of a neighbour from byte start on. What stands before
// byte at is hashed once for all neighbours.
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
	if err != nil { // FIPS 140 mode v1.0.0
		return sha256.Sum256(data[start:])
	}
	h.Write(data[at:])
	h.Sum(digest[:0])
	return digest
}
