package fuzz

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/fuzz/internal/reference"
)

var le = binary.LittleEndian

// A raw is a file as a header and the bytes of its sections, whatever they contain. It has the
// sections in order, in that order.
type raw struct {
	header   [48]byte
	sections [15][]byte
	order    []int
}

// newRaw returns a file with a valid header and empty sections.
func newRaw(sections int, declared, read uint16) *raw {
	r := &raw{order: reference.Order(sections)}
	copy(r.header[:], "\x89CFC\r\n\x1a\n")
	le.PutUint16(r.header[0x08:], channelfile.MajorVersion)
	le.PutUint16(r.header[0x0A:], channelfile.MinorVersion)
	le.PutUint32(r.header[0x0C:], 291)
	le.PutUint32(r.header[0x10:], 1)
	le.PutUint32(r.header[0x14:], 1)
	le.PutUint32(r.header[0x18:], 1)
	le.PutUint16(r.header[0x1C:], declared)
	le.PutUint16(r.header[0x1E:], read)
	return r
}

// rawOf splits a file into its parts. It returns false if the file cannot be read.
func rawOf(data []byte) (*raw, bool) {
	f, err := channelfile.Parse(data)
	if err != nil {
		return nil, false
	}
	r := &raw{header: [48]byte(data), order: reference.Order(len(f.Sections))}
	for i, s := range f.Sections {
		r.sections[r.order[i]] = slices.Clone(data[s.Range.Start:s.Range.End])
	}
	return r, true
}

// bytes joins the parts of the file, with correct sizes, counts, offsets and digests.
func (r *raw) bytes() []byte {
	n := len(r.order)
	first := 48 + 48*n + 32
	out := make([]byte, first)
	copy(out, r.header[:])
	for i, k := range r.order {
		s := r.sections[k]
		rec := out[48+48*i:]
		le.PutUint32(rec, reference.SectionTypes[k])
		le.PutUint32(rec[4:], uint32(len(out)))
		le.PutUint32(rec[8:], uint32(len(s)))
		le.PutUint32(rec[12:], uint32(len(s)/reference.EntrySizes[k]))
		digest := sha256.Sum256(s)
		copy(rec[16:], digest[:])
		out = append(out, s...)
		out = append(out, make([]byte, -len(out)&7)...)
	}
	le.PutUint32(out[0x28:], uint32(len(out)))
	le.PutUint32(out[0x2C:], uint32(n))
	digest := sha256.Sum256(out[:first-32])
	copy(out[first-32:], digest[:])
	return out
}
