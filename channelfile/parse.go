package channelfile

import (
	"bytes"
	"fmt"
	"math/bits"
)

// Parse reads a channel file. It checks groups A to R of FORMAT.md, section 7,
// which are the requirements that a reader depends on. An error is a
// [*ParseError] for the first requirement, in that order, that the data breaks.
//
// The File refers to data, which must not be modified while the File is in use.
func Parse(data []byte) (*File, error) {
	f := &File{data: data}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	if err := f.readTable(); err != nil {
		return nil, err
	}
	// scan is fast, because it does not locate faults. If it finds one, a
	// slower reader goes through the entries in the order of FORMAT.md and
	// describes it.
	if !f.scan() {
		if err := f.explain(); err != nil {
			return nil, err
		}
		// The two readers disagree. A fuzz target searches for such files.
		// Reject the file if either reader rejects it.
		e := f.fail(Range{0, len(data)}, "file", ErrLimit, "the two readers of this package disagree on it; please report the file")
		e.Fault = true
		return nil, e
	}
	f.texts = string(f.sec[secTextPool])
	return f, nil
}

func (f *File) fail(r Range, path string, err error, format string, args ...any) *ParseError {
	r.End = min(r.End, len(f.data))
	r.Start = min(r.Start, r.End)
	return &ParseError{Range: r, Path: path, Err: err, Detail: fmt.Sprintf(format, args...)}
}

// mangled lists the forms that the magic takes after a transfer in text mode.
var mangled = []struct{ prefix, how string }{
	{"\x89CFC\n\x1a\n", "CR LF became LF"},
	{"\x89CFC\r\r\n", "LF became CR LF"},
	{"\x09CFC\r", "the highest bit of each byte was cleared"},
	{"\xC2\x89CFC", "it was read as Latin-1 and written as UTF-8"},
	{"\xEF\xBF\xBDCFC", "it was read as UTF-8, and what is not UTF-8 was replaced"},
}

// HasMagic reports whether a file begins like a channel file: with the magic,
// with a form that the magic takes after a transfer in text mode, or with the
// first half of the magic. data is the file or at least its first MagicPeek
// bytes. Use HasMagic to find channel files by their content. Parse describes
// faults in them.
func HasMagic(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF")) // a byte order mark from an editor
	for _, m := range mangled {
		if bytes.HasPrefix(data, []byte(m.prefix)) {
			return true
		}
	}
	return bytes.HasPrefix(data, []byte(magic[:len(magic)/2]))
}

// MagicPeek is the number of bytes that HasMagic needs.
const MagicPeek = 16

// readHeader checks groups A, B and C.
func (f *File) readHeader() error {
	data := f.data
	for _, m := range mangled {
		if bytes.HasPrefix(data, []byte(m.prefix)) {
			return f.fail(Range{0, len(m.prefix)}, "header.magic", ErrTransfer,
				"the magic became % x because %s; transfer the file again, as binary data", m.prefix, m.how)
		}
	}
	n := min(len(data), len(magic))
	if n == 0 || string(data[:n]) != magic[:n] {
		return f.fail(Range{0, n}, "header.magic", ErrMagic, "a channel file starts with % x, this file with % x", magic, data[:n])
	}
	if len(data) < headerSize {
		return f.fail(Range{0, len(data)}, "header", ErrTruncated, "the file has %d bytes, the header alone has %d", len(data), headerSize)
	}
	size := uint64(len(data))
	claimed := le.Uint32(data[offFileSize:])
	if uint64(bits.ReverseBytes32(claimed)) == size && uint64(claimed) != size {
		return f.fail(Range{offFileSize, offFileSize + 4}, "header.file_size", ErrByteOrder,
			"the file size, %d, is correct only in big-endian byte order; channel files are little-endian", size)
	}
	major, minor := le.Uint16(data[offMajor:]), le.Uint16(data[offMinor:])
	if major != MajorVersion || minor != MinorVersion {
		return f.fail(Range{offMajor, offMinor + 2}, "header.version", ErrVersion, "the file has version %d.%d, this reader reads only version %s", major, minor, Version)
	}
	if size < uint64(claimed) {
		return f.fail(Range{offFileSize, offFileSize + 4}, "header.file_size", ErrTruncated,
			//mutation:equivalent: only the text or the range of a finding depends on it
			"the header gives %d bytes (0x%x), the file has %d (0x%x): the last %d are missing", claimed, claimed, size, size, uint64(claimed)-size)
	}
	if size > uint64(claimed) {
		field := Range{offFileSize, offFileSize + 4}
		if claimed == 0 {
			return f.fail(field, "header.file_size", ErrFileSizeZero, "the header gives 0 bytes, the file has %d: its writer did not set the file size", size)
		}
		if claimed < headerSize {
			return f.fail(field, "header.file_size", ErrTrailing, "the header gives %d bytes, but a header alone has %d, and the file has %d", claimed, headerSize, size)
		}
		//mutation:equivalent: only the text or the range of a finding depends on it
		rest := Range{int(claimed), len(data)}
		if bytes.HasPrefix(data[claimed:], []byte(magic)) {
			return f.fail(rest, "file", ErrConcatenated, "it starts at 0x%x (%d), where this file ends; put each channel file into a file of its own", claimed, claimed)
		}
		//mutation:equivalent: only the text or the range of a finding depends on it
		return f.fail(rest, "file", ErrTrailing, "the header gives %d bytes, the file has %d: %d too many", claimed, size, size-uint64(claimed))
	}
	f.Header = Header{
		Channel:        le.Uint32(data[offChannel:]),
		Revision:       le.Uint32(data[offRevision:]),
		Type:           le.Uint32(data[offType:]),
		TypeVersion:    le.Uint32(data[offTypeVersion:]),
		InputsDeclared: le.Uint16(data[offInputsDeclared:]),
		InputsRead:     le.Uint16(data[offInputsRead:]),
		Created:        le.Uint64(data[offCreated:]),
		FileSize:       claimed,
		SectionCount:   le.Uint32(data[offSectionCount:]),
	}
	h := &f.Header
	for _, l := range []struct {
		off, size  int
		path       string
		value, max uint64
	}{
		//mutation:missed: the tests of the limits detect it
		{offFileSize, 4, "header.file_size", uint64(h.FileSize), MaxFileSize},
		{offChannel, 4, "header.channel", uint64(h.Channel), MaxNumber},
		{offRevision, 4, "header.revision", uint64(h.Revision), MaxNumber},
		{offTypeVersion, 4, "header.type_version", uint64(h.TypeVersion), MaxNumber},
		{offInputsDeclared, 2, "header.inputs_declared", uint64(h.InputsDeclared), MaxInputs},
		{offCreated, 8, "header.created", h.Created, MaxCreated},
	} {
		if l.value > l.max {
			//mutation:equivalent: only the text or the range of a finding depends on it
			return f.fail(Range{l.off, l.off + l.size}, l.path, ErrLimit, "%d (0x%x, limit %d)", l.value, l.value, l.max)
		}
	}
	return nil
}

// readTable checks groups D, E and F.
func (f *File) readTable() error {
	n := f.Header.SectionCount
	if n > sectionsAll || sectionSets[n] == nil {
		base, programs, provenance := len(sectionsBase), len(sectionsOfPrograms), len(sectionsProvenance)
		return f.fail(Range{offSectionCount, offSectionCount + 4}, "header.section_count", ErrSectionSet,
			//mutation:equivalent: only the text or the range of a finding depends on it
			"%d sections (want %d, or %d with regular expressions, and %d more with provenance)", n, base, base+programs, provenance)
	}
	//mutation:equivalent `int(n)`: the value is always below 256
	first := headerSize + int(n)*recordSize + digestSize
	if len(f.data) < first {
		return f.fail(Range{headerSize, len(f.data)}, "table", ErrTruncated, "the file has %d bytes, its header, table and digest alone have %d", len(f.data), first)
	}
	f.Sections = make([]Section, n)
	for i, k := range sectionSets[n] {
		at := headerSize + i*recordSize
		rec := f.data[at : at+recordSize]
		typ := SectionType(le.Uint32(rec))
		off, length, count := uint64(le.Uint32(rec[4:])), uint64(le.Uint32(rec[8:])), uint64(le.Uint32(rec[12:]))
		kind := &sectionKinds[k]
		path := func(field string) string { return fmt.Sprintf("section[%d].%s", i, field) }
		switch {
		case typ != kind.typ:
			return f.fail(Range{at, at + 4}, path("type"), ErrSectionSet,
				//mutation:equivalent: only the text or the range of a finding depends on it
				"0x%08x (%v) (want 0x%08x, %s)", uint32(typ), typ, uint32(kind.typ), kind.name)
		case off%sectionAlign != 0 || off < uint64(first) || off+length > uint64(len(f.data)):
			//mutation:equivalent `at + 4`: only the text or the range of a finding depends on it
			return f.fail(Range{at + 4, at + 12}, path("offset"), ErrSectionBounds,
				"%s: %d bytes at 0x%x (%d) (want a start at a multiple of %d, from 0x%x on, and an end at 0x%x or before)", kind.name, length, off, off, sectionAlign, first, len(f.data))
		case length != count*kind.entry:
			//mutation:equivalent `at + 8`: only the text or the range of a finding depends on it
			return f.fail(Range{at + 8, at + 16}, path("count"), ErrEntryCount,
				"%s: %d bytes for %d entries of %d bytes", kind.name, length, count, kind.entry)
		}
		s := &f.Sections[i]
		s.Type = typ
		s.Range = Range{int(off), int(off + length)}
		s.Count = int(count)
		s.Digest = [digestSize]byte(rec[16:])
		f.sec[k] = f.data[off : off+length : off+length]
		f.place[k] = int8(i)
	}
	failCount := func(section int, format string, args ...any) error {
		i := int(f.place[section])
		at := headerSize + i*recordSize
		//mutation:equivalent `at + 12`: only the text or the range of a finding depends on it
		return f.fail(Range{at + 12, at + 16}, fmt.Sprintf("section[%d].count", i), ErrEntryCount, format, args...)
	}
	if f.HasProvenance() {
		for _, pair := range [][2]int{{secOrigins, secInstances}, {secUses, secConditions}} {
			have, want := f.section(pair[0]).Count, f.section(pair[1]).Count
			if have != want {
				return failCount(pair[0], "%d %s for %d %s (want as many)", have, sectionKinds[pair[0]].name, want, sectionKinds[pair[1]].name)
			}
		}
	}
	if f.HasPrograms() && f.Programs() == 0 {
		return failCount(secPrograms, "no programs; a file without regular expressions must not have the %d sections of programs", len(sectionsOfPrograms))
	}
	return nil
}
