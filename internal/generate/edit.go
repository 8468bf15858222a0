package generate

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// The parts of FORMAT.md that are needed to damage files. They are independent of package
// channelfile, so that an error there is not repeated here.
const (
	headerSize = 48
	recordSize = 48
	digestSize = 32

	offInputsDeclared = 0x1C
	offInputsRead     = 0x1E
	offFileSize       = 0x28
	offSections       = 0x2C

	typeInstances    = 1
	typeConditions   = 2
	typeCriteria     = 3
	typeOperands     = 4
	typeValues       = 5
	typePool         = 6
	typePrograms     = 7
	typeSources      = 8
	typeInstructions = 9
	typeClasses      = 10
	typeRanges       = 11

	typeOrigins  = 1<<31 | 1
	typeUses     = 1<<31 | 2
	typeTexts    = 1<<31 | 3
	typeTextPool = 1<<31 | 4
)

var le = binary.LittleEndian

// A field is a number in the header, the section table or an entry.
type field struct{ offset, size int }

var (
	headerFields = []field{{0x08, 2}, {0x0A, 2}, {0x0C, 4}, {0x10, 4}, {0x14, 4}, {0x18, 4}, {0x1C, 2}, {0x1E, 2}, {0x20, 4}, {0x24, 4}, {0x28, 4}, {0x2C, 4}}
	recordFields = []field{{0, 4}, {4, 4}, {8, 4}, {12, 4}}
	entryFields  = map[uint32][]field{
		typeInstances: {{0, 1}, {15, 1}, {16, 4}, {20, 4}}, typeConditions: {{0, 4}},
		typeCriteria: {{0, 1}, {1, 1}, {2, 2}, {4, 4}, {8, 4}}, typeOperands: {{0, 4}},
		typeValues: {{0, 4}, {4, 4}}, typePool: {{0, 1}}, typePrograms: {{0, 4}, {4, 4}, {8, 4}, {12, 4}}, typeSources: {{0, 1}},
		typeInstructions: {{0, 2}, {2, 2}, {4, 4}}, typeClasses: {{0, 4}, {4, 4}}, typeRanges: {{0, 4}, {4, 4}},
		typeOrigins: {{0, 4}, {4, 4}, {8, 4}, {12, 4}, {16, 4}, {20, 4}}, typeUses: {{0, 4}, {4, 4}}, typeTexts: {{0, 4}, {4, 4}}, typeTextPool: {{0, 1}},
	}
	entrySizes = map[uint32]int{
		typeInstances: 24, typeConditions: 4, typeCriteria: 12, typeOperands: 4, typeValues: 8, typePool: 1,
		typePrograms: 16, typeSources: 1, typeInstructions: 8, typeClasses: 8, typeRanges: 8,
		typeOrigins: 24, typeUses: 8, typeTexts: 8, typeTextPool: 1,
	}
)

// A record is the entry of a section in the section table, for a section inside the file.
type record struct {
	at             int // offset of the record
	typ            uint32
	offset, length int
}

// records returns the sections that lie inside the file, as far as the table does.
func records(data []byte) (list []record) {
	if len(data) < headerSize {
		return nil
	}
	for i := range int(min(le.Uint32(data[offSections:]), 15)) {
		at := headerSize + i*recordSize
		if at+recordSize > len(data) {
			return list
		}
		r := record{at, le.Uint32(data[at:]), int(le.Uint32(data[at+4:])), int(le.Uint32(data[at+8:]))}
		if 0 <= r.offset && r.offset <= len(data) && 0 <= r.length && r.length <= len(data)-r.offset {
			list = append(list, r)
		}
	}
	return list
}

// Repair makes the digests of a file correct in place, as far as its section table can be
// read.
func Repair(data []byte) {
	list := records(data)
	for _, r := range list {
		digest := sha256.Sum256(data[r.offset:][:r.length])
		copy(data[r.at+16:][:digestSize], digest[:])
	}
	if len(data) < headerSize {
		return
	}
	table := headerSize + int(min(le.Uint32(data[offSections:]), 15))*recordSize
	if table+digestSize > len(data) {
		return
	}
	digest := sha256.Sum256(data[:table])
	copy(data[table:][:digestSize], digest[:])
}

// number returns a random number for a field of the given size: near its current value, near
// numbers that matter to the file, or near the ends of its range.
func (g *Generator) number(data []byte, size int, now uint32) uint32 {
	declared := uint32(le.Uint16(data[offInputsDeclared:]))
	n := pick(g, now+1, now+1, now-1, now-1, now^1, now^0x20, now+1<<8, now+1<<16, 0, 1, declared-1, declared, declared+1,
		uint32(len(data)), uint32(len(data))-1, uint32(len(data))+1, uint32(1)<<g.Intn(32)-1+uint32(g.Intn(3)),
		1<<(8*size-1), 1<<(8*size)-1, 1<<(8*size)-2, uint32(g.Intn(12)), 99_999_999, 100_000_000)
	return n
}

func get(b []byte, f field) uint32 {
	switch f.size {
	case 1:
		return uint32(b[f.offset])
	case 2:
		return uint32(le.Uint16(b[f.offset:]))
	}
	return le.Uint32(b[f.offset:])
}

func put(b []byte, f field, n uint32) {
	switch f.size {
	case 1:
		b[f.offset] = byte(n)
	case 2:
		le.PutUint16(b[f.offset:], uint16(n))
	default:
		le.PutUint32(b[f.offset:], n)
	}
}

// weights has the relative frequency with which a section is patched. Sections that decide
// which bytes are read are patched more often than compared values.
var weights = map[uint32]int{
	typeInstances: 2, typeConditions: 4, typeCriteria: 8, typeOperands: 3, typeValues: 3, typePool: 4,
	typePrograms: 2, typeSources: 1, typeInstructions: 4, typeClasses: 2, typeRanges: 2,
	typeOrigins: 1, typeUses: 1, typeTexts: 1, typeTextPool: 1,
}

// Patch returns a copy of a valid file in which one to three fields that a sensor reads are
// changed, with correct digests. The statement in the header of the inputs read is usually
// updated too, so that checks do not stop there.
func (g *Generator) Patch(data []byte) []byte {
	data = bytes.Clone(data)
	list := records(data)
	total := 2
	for _, r := range list {
		if r.length > 0 {
			total += weights[r.typ]
		}
	}
	for range pick(g, 1, 1, 1, 2, 3) {
		n := g.Intn(total)
		if n -= 2; n < 0 {
			f := pick(g, field{offInputsDeclared, 2}, field{offInputsRead, 2})
			put(data, f, g.number(data, f.size, get(data, f)))
			continue
		}
		for _, r := range list {
			if r.length == 0 {
				continue
			}
			if n -= weights[r.typ]; n < 0 {
				g.patchEntry(data, r)
				break
			}
		}
	}
	if !g.one(4) {
		readAgain(data, list)
	}
	Repair(data)
	return data
}

func (g *Generator) patchEntry(data []byte, r record) {
	size := entrySizes[r.typ]
	if size == 0 || r.length < size {
		return
	}
	at := g.Intn(r.length / size)
	if r.length/size > 258 && size > 1 && g.one(3) { // a count in a byte wraps around
		at = 254 + g.Intn(4)
	}
	entry := data[r.offset+at*size:][:size]
	// Copy the entry before it, or swap the two.
	if (g.one(12) || r.typ == typeConditions && g.one(3)) && size > 1 {
		before := data[r.offset+max(at-1, 0)*size:][:size]
		if g.one(2) {
			copy(entry, before)
			return
		}
		for i := range entry {
			entry[i], before[i] = before[i], entry[i]
		}
		return
	}
	if r.typ == typeInstances && g.one(4) { // an ID of zero, or the ID of the previous instance
		copy(entry, data[r.offset+max(at-1, 0)*size:][:16])
		if at == 0 {
			clear(entry[:16])
		}
		return
	}
	f := pick(g, entryFields[r.typ]...)
	now := get(entry, f)
	switch {
	case r.typ == typeCriteria && f.offset == 0: // flags
		put(entry, f, now^1<<g.Intn(4))
	case r.typ == typeCriteria && f.offset == 1: // operator
		put(entry, f, uint32(g.Intn(12)))
	case r.typ == typeCriteria && f.offset == 2: // input
		put(entry, f, pick(g, uint32(le.Uint16(data[offInputsDeclared:])), now+1, now-1, 0, uint32(le.Uint16(data[offInputsDeclared:]))-1, 0xFFFF))
	case f.size == 1:
		put(entry, f, pick(g, now^1<<g.Intn(8), uint32(g.Intn(256)), 0, uint32("aA*?\\0"[g.Intn(6)])))
	case r.typ == typeConditions && g.one(2): // negation
		put(entry, f, now^1)
	default:
		put(entry, f, g.number(data, f.size, now))
	}
}

// readAgain updates the header's list of inputs to those that the criteria read.
func readAgain(data []byte, list []record) {
	var criteria, operands []byte
	for _, r := range list {
		switch r.typ {
		case typeCriteria:
			criteria = data[r.offset:][:r.length]
		case typeOperands:
			operands = data[r.offset:][:r.length]
		}
	}
	read := 0
	for ; len(criteria) >= 12; criteria = criteria[12:] {
		read = max(read, int(le.Uint16(criteria[2:]))+1)
		first, n := int(le.Uint32(criteria[4:])), int(le.Uint32(criteria[8:]))
		if criteria[0]&4 == 0 || first > len(operands)/4 || n > len(operands)/4-first {
			continue
		}
		for k := first; k < first+n; k++ {
			read = max(read, int(le.Uint32(operands[k*4:]))+1)
		}
	}
	le.PutUint16(data[offInputsRead:], uint16(min(read, 0xFFFF)))
}

// Boundary returns a copy of a valid file in which one number has a boundary value.
func (g *Generator) Boundary(data []byte) []byte {
	data = bytes.Clone(data)
	list := records(data)
	n := g.Intn(2 + len(list))
	switch {
	case n == 0:
		f := pick(g, headerFields...)
		put(data, f, g.number(data, f.size, get(data, f)))
	case n == 1:
		f := pick(g, recordFields...)
		f.offset += pick(g, list...).at
		put(data, f, g.number(data, f.size, get(data, f)))
	default:
		r := list[n-2]
		size := entrySizes[r.typ]
		if size == 0 || r.length < size {
			break
		}
		f := pick(g, entryFields[r.typ]...)
		f.offset += r.offset + g.Intn(r.length/size)*size
		put(data, f, g.number(data, f.size, get(data, f)))
	}
	if !g.one(8) {
		Repair(data)
	}
	return data
}

// Splice returns a file in which each section is from one of two files. Sizes, offsets and
// digests are correct.
func (g *Generator) Splice(a, b []byte) []byte {
	of, with := records(a), records(b)
	if len(of) != len(with) {
		return bytes.Clone(pick(g, a, b))
	}
	sections := make([][]byte, len(of))
	for i, r := range of {
		sections[i] = a[r.offset:][:r.length]
		if g.one(3) {
			sections[i] = b[with[i].offset:][:with[i].length]
		}
	}
	data := assemble(a[:headerSize], of, sections)
	readAgain(data, records(data))
	Repair(data)
	return data
}

// assemble returns a file with a header and sections of the types in a table. All offsets,
// sizes and digests are correct.
func assemble(header []byte, of []record, sections [][]byte) []byte {
	first := headerSize + len(of)*recordSize + digestSize
	out := make([]byte, first)
	copy(out, header)
	for i, s := range sections {
		at := headerSize + i*recordSize
		le.PutUint32(out[at:], of[i].typ)
		le.PutUint32(out[at+4:], uint32(len(out)))
		le.PutUint32(out[at+8:], uint32(len(s)))
		le.PutUint32(out[at+12:], uint32(len(s)/max(1, entrySizes[of[i].typ])))
		out = append(out, s...)
		out = append(out, make([]byte, -len(out)&7)...)
	}
	le.PutUint32(out[offFileSize:], uint32(len(out)))
	le.PutUint32(out[offSections:], uint32(len(of)))
	Repair(out)
	return out
}

// bytes returns a copy of a file with random bytes changed, removed or inserted, or only
// random bytes.
func (g *Generator) bytes(data []byte) []byte {
	data = bytes.Clone(data)
	at := g.Intn(len(data))
	length := min(1+g.Intn(16), len(data)-at)
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(g.r.IntN(256))
		}
		return b
	}
	switch g.Intn(8) {
	case 6: // corruptions known from past incidents
		switch g.Intn(6) {
		case 0:
			return nil
		case 1:
			return make([]byte, len(data))
		case 2:
			return bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
		case 3:
			return append(data, data...)
		case 4:
			slices.Reverse(data[offFileSize:][:4])
		case 5:
			return bytes.Repeat([]byte{0xAA}, len(data))
		}
	case 7: // a gap, or extra bytes that the file size includes
		data = append(data, make([]byte, 8*g.Intn(3))...)
		le.PutUint32(data[offFileSize:], uint32(len(data)))
		if list := records(data); g.one(2) && len(list) > 0 {
			last := list[len(list)-1]
			data = append(data, make([]byte, 8)...)
			le.PutUint32(data[offFileSize:], uint32(len(data)))
			copy(data[last.offset+8:], data[last.offset:][:last.length])
			le.PutUint32(data[last.at+4:], uint32(last.offset+8))
		}
		Repair(data)
		return data
	case 0:
		copy(data[at:], random(length))
	case 1:
		if g.one(4) { // at the end of a part of the file
			list := records(data)
			at = pick(g, headerSize, headerSize+len(list)*recordSize, headerSize+len(list)*recordSize+digestSize, pick(g, list...).offset)
		}
		data = data[:at]
		if g.one(2) && at >= headerSize { // and the file size says so
			le.PutUint32(data[offFileSize:], uint32(at))
		}
	case 2:
		data = slices.Delete(data, at, at+length)
	case 3:
		data = slices.Insert(data, at, random(length)...)
	case 4:
		fill := pick(g, byte(0), 0xAA, 0xFF)
		for i := range data[at:] {
			data[at+i] = fill
		}
	case 5:
		data = append(data[:min(8, len(data))], random(g.Intn(600))...)
	}
	if g.one(2) {
		Repair(data)
	}
	return data
}
