package anatomy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/cfcheck/cfcheck/channelfile"
)

const (
	headerSize  = 48
	recordSize  = 48 // of the section table
	digestSize  = 32
	maxSections = 15
	alignment   = 8
)

// channelKinds are the kinds of records of FORMAT.md, sections 3 to 6.
var channelKinds = []Kind{
	{Name: "header", Group: "header", Single: true, Size: headerSize, Doc: "The numbers of the file. They stand at the same offsets in every version of the format.", Fields: fields(
		Field{Name: "magic", Size: 8, Form: Bytes, Doc: "marks a channel file, and shows a transfer in text mode"},
		Field{Name: "major", Size: 2, Form: Number, Doc: "version of the format"},
		Field{Name: "minor", Size: 2, Form: Number, Doc: "version of the format"},
		Field{Name: "channel", Size: 4, Form: Number, Doc: "purpose of the content"},
		Field{Name: "revision", Size: 4, Form: Number, Doc: "version of the content of this channel; it only increases"},
		Field{Name: "type", Size: 4, Form: Number, Doc: "template type of every instance"},
		Field{Name: "type_version", Size: 4, Form: Number, Doc: "version of the definition of that type"},
		Field{Name: "inputs_declared", Size: 2, Form: Number, Doc: "number of inputs that this version of the type declares"},
		Field{Name: "inputs_read", Size: 2, Form: Number, Doc: "highest input that a criterion names, plus one"},
		Field{Name: "created", Size: 8, Form: Time, Doc: "seconds since 1970-01-01 00:00:00 UTC"},
		Field{Name: "file_size", Size: 4, Form: Number, Doc: "bytes of the whole file"},
		Field{Name: "section_count", Size: 4, Form: Number, Doc: "6, or 11 with regular expressions, and 4 more with provenance"},
	)},
	{Name: "section", Group: "section table", Size: recordSize, Doc: "A record for each section: its place, and the digest of its bytes.", Fields: fields(
		Field{Name: "type", Size: 4, Form: Enum, Enum: "section", Doc: "content of the section"},
		Field{Name: "offset", Size: 4, Form: Number, Doc: "of the first byte of the section"},
		Field{Name: "length", Size: 4, Form: Number, Doc: "in bytes, without padding"},
		Field{Name: "count", Size: 4, Form: Number, Doc: "number of entries"},
		Field{Name: "digest", Size: digestSize, Form: Bytes, Doc: "SHA-256 of the bytes of the section"},
	)},
	single("header_digest", "header digest", "The SHA-256 of all bytes before it, and so of the section digests."),
	{Name: "instance", Group: "instances", Size: 24, Doc: "The rules, by ID.", Fields: fields(
		Field{Name: "id", Size: 16, Form: UUID, Doc: "permanent; for a Sigma rule its UUID"},
		Field{Name: "first_word", Size: 4, Form: Number, To: "word", Doc: "start of its condition"},
		Field{Name: "words", Size: 4, Form: Number, Doc: "number of words of its condition"},
	)},
	{Name: "word", Group: "conditions", Size: 4, Doc: "The conditions of the instances, as postfix programs.", Fields: fields(
		Field{Size: 4, Form: Word, To: "criterion", Doc: "names a criterion, or joins the truths before it by and or or"},
	)},
	{Name: "criterion", Group: "criteria", Size: 12, Doc: "Each distinct comparison of an input once.", Fields: fields(
		Field{Name: "flags", Size: 1, Form: Flags, Enum: "flag", Doc: "fold: case does not matter; all: all operands must hold; inputs: the operands are inputs"},
		Field{Name: "operator", Size: 1, Form: Enum, Enum: "operator", Doc: "kind of comparison"},
		Field{Name: "input", Size: 2, Form: Input, Doc: "input of the event that is compared"},
		Field{Name: "first_operand", Size: 4, Form: Number, To: "operand", Doc: "start of its operands"},
		Field{Name: "operands", Size: 4, Form: Number, Doc: "number of its operands"},
	)},
	{Name: "operand", Group: "operands", Size: 4, Doc: "The values, programs or inputs that the criteria compare with.", Fields: fields(
		Field{Size: 4, Form: Operand, Doc: "index of a value, a program or an input, as its criterion says"},
	)},
	{Name: "value", Group: "values", Size: 8, Doc: "The place of each distinct value in the pool.", Fields: fields(
		Field{Name: "offset", Size: 4, Form: Number, To: "pool", Doc: "bytes from the start of the pool"},
		Field{Name: "length", Size: 4, Form: Number, Doc: "bytes"},
	)},
	{Name: "pool", Group: "pool", Placed: "value", Doc: "The bytes of the values.", Fields: []Field{{Form: Value, Doc: "a value that criteria compare with"}}},
	{Name: "program", Group: "programs", Size: 16, Doc: "Each distinct regular expression once.", Fields: fields(
		Field{Name: "source", Size: 4, Form: Number, To: "source", Doc: "offset of the expression in the sources"},
		Field{Name: "length", Size: 4, Form: Number, Doc: "bytes of the expression"},
		Field{Name: "first_instruction", Size: 4, Form: Number, To: "instruction", Doc: "start of the program"},
		Field{Name: "instructions", Size: 4, Form: Number, Doc: "number of its instructions"},
	)},
	{Name: "source", Group: "sources", Placed: "program", Doc: "The regular expressions as their authors wrote them.", Fields: []Field{{Form: Text, Doc: "a regular expression"}}},
	{Name: "instruction", Group: "instructions", Size: 8, Doc: "The compiled programs of the regular expressions.", Fields: fields(
		Field{Name: "op", Size: 2, Form: Enum, Enum: "op", Doc: "operation"},
		Field{Name: "out", Size: 2, Form: Number, Doc: "next instruction of the program"},
		Field{Name: "arg", Size: 4, Form: Argument, Enum: "assertion", Doc: "the other next instruction, a class of runes, or an assertion"},
	)},
	{Name: "class", Group: "classes", Size: 8, Doc: "Each distinct class of runes once.", Fields: fields(
		Field{Name: "first_range", Size: 4, Form: Number, To: "range", Doc: "start of its ranges"},
		Field{Name: "ranges", Size: 4, Form: Number, Doc: "number of its ranges"},
	)},
	{Name: "range", Group: "ranges", Size: 8, Doc: "The runes of the classes.", Fields: fields(
		Field{Name: "lo", Size: 4, Form: Rune, Doc: "first rune"},
		Field{Name: "hi", Size: 4, Form: Rune, Doc: "last rune, included"},
	)},
	{Name: "origin", Group: "origins", Size: 24, Doc: "The source of each instance. A sensor does not need it.", Fields: fields(
		Field{Name: "rule", Size: 4, Form: Number, To: "text", Doc: "ID of the rule, as its author wrote it"},
		Field{Name: "title", Size: 4, Form: Number, To: "text", Doc: "title of the rule"},
		Field{Name: "author", Size: 4, Form: Number, To: "text", Doc: "author of the rule"},
		Field{Name: "licence", Size: 4, Form: Number, To: "text", Doc: "licence of the rule"},
		Field{Name: "path", Size: 4, Form: Number, To: "text", Doc: "path of the source"},
		Field{Name: "line", Size: 4, Form: Number, Doc: "line of the rule in its source, from 1; 0 means unknown"},
	)},
	{Name: "use", Group: "uses", Size: 8, Doc: "The source of each word of a condition. A sensor does not need it.", Fields: fields(
		Field{Name: "line", Size: 4, Form: Number, Doc: "line in the source, from 1; 0 means unknown"},
		Field{Name: "text", Size: 4, Form: Number, To: "text", Doc: "text that the author wrote there"},
	)},
	{Name: "text", Group: "texts", Size: 8, Doc: "The place of each distinct text in the text pool.", Fields: fields(
		Field{Name: "offset", Size: 4, Form: Number, To: "textpool", Doc: "bytes from the start of the text pool"},
		Field{Name: "length", Size: 4, Form: Number, Doc: "bytes"},
	)},
	{Name: "textpool", Group: "text pool", Placed: "text", Doc: "The bytes of the texts.", Fields: []Field{{Form: Text, Doc: "a text of the provenance"}}},
	single("padding", "padding", "Zero bytes up to the next multiple of 8."),
	single("belongs to no section", "gap", "Bytes that neither the header nor the section table names."),
	single("unknown section", "unknown section", "A section of a type that this version of the format does not have."),
}

func single(name, group, doc string) Kind {
	return Kind{Name: name, Group: group, Single: true, Doc: doc, Fields: []Field{{Form: Bytes}}}
}

// fields sets the offsets of fields that follow each other.
func fields(list ...Field) []Field {
	at := 0
	for i := range list {
		list[i].At = at
		at += list[i].Size
	}
	return list
}

// sectionKinds are the kinds of the entries of each section.
var sectionKinds = map[uint32]string{
	0x00000001: "instance", 0x00000002: "word", 0x00000003: "criterion", 0x00000004: "operand", 0x00000005: "value", 0x00000006: "pool",
	0x00000007: "program", 0x00000008: "source", 0x00000009: "instruction", 0x0000000A: "class", 0x0000000B: "range",
	0x80000001: "origin", 0x80000002: "use", 0x80000003: "text", 0x80000004: "textpool",
}

func channelEnums() map[string]map[string]string {
	enums := map[string]map[string]string{"section": {}, "operator": {}, "op": {}, "assertion": {}, "flag": {}}
	for n := range sectionKinds {
		enums["section"][strconv.FormatUint(uint64(n), 10)] = channelfile.SectionType(n).String()
	}
	for _, op := range channelfile.Operators() {
		enums["operator"][strconv.Itoa(int(op))] = op.String()
	}
	for op := channelfile.InstOp(1); op.Known(); op++ {
		enums["op"][strconv.Itoa(int(op))] = op.String()
	}
	for a := channelfile.Assertion(1); a.Known(); a++ {
		enums["assertion"][strconv.Itoa(int(a))] = a.String()
	}
	for _, f := range flagNames {
		enums["flag"][strconv.Itoa(int(f.flag))] = f.name
	}
	return enums
}

var flagNames = []struct {
	flag channelfile.Flags
	name string
}{{channelfile.FlagFold, "fold"}, {channelfile.FlagAll, "all"}, {channelfile.FlagInputs, "inputs"}}

// ofChannelFile returns the anatomy of a channel file, whole or damaged.
func ofChannelFile(data []byte, intact bool) *Map {
	m := &Map{Format: ChannelFile, Kinds: channelKinds, Enums: channelEnums(), data: data, intact: intact, table: map[string]int{}}
	size := len(data)
	m.header()
	if size <= headerSize {
		return m
	}
	n := m.u32(0x2C)
	if n > maxSections {
		stated := binary.LittleEndian.Uint32(data[0x2C:])
		m.note(0x2C, 0x30, "the section count is 0x%X (%d), and no file has more than %d sections", stated, stated, maxSections)
		n = maxSections
	}
	end := headerSize + recordSize*n
	if end > size {
		m.vague(headerSize, size, "the section table should end at 0x%X (%d), but the file ends at 0x%X (%d)", end, end, size, size)
	}
	if n > 0 {
		m.table["section"] = m.add(Region{Kind: m.kind("section"), Start: headerSize, End: min(end, size), Owner: -1, State: state(end > size)})
	}
	if end < size {
		m.headerDigest(end)
	}
	sections := m.sections(min(n, (size-headerSize)/recordSize))
	m.noteZeros(damaged(sections))
	m.tile(sections)
	// Notes that name the very bytes come first.
	slices.SortStableFunc(m.Notes, func(a, b Note) int {
		if a.Vague == b.Vague {
			return 0
		}
		if b.Vague {
			return -1
		}
		return 1
	})
	return m
}

// header adds the header.
func (m *Map) header() {
	size := len(m.data)
	m.noteUniform()
	if size == 0 {
		return
	}
	m.add(Region{Kind: m.kind("header"), End: min(headerSize, size), Owner: -1, State: state(size < headerSize)})
	if size < headerSize {
		m.vague(0, size, "the header has %d bytes, but the file ends after %d", headerSize, size)
		return
	}
	if stated := uint64(binary.LittleEndian.Uint32(m.data[0x28:])); stated > uint64(size) {
		m.note(0x28, 0x2C, "the file should have 0x%X (%d) bytes, but it ends at 0x%X (%d): %d are missing", stated, stated, size, size, stated-uint64(size))
	} else if stated < uint64(size) {
		m.note(int(stated), size, "the file should end at 0x%X (%d), and %d more bytes follow", stated, stated, uint64(size)-stated)
	}
}

// state returns Cut if the file ends inside.
func state(cut bool) State {
	if cut {
		return Cut
	}
	return Unchecked
}

// headerDigest adds the header digest, and compares it.
func (m *Map) headerDigest(at int) {
	end := min(at+digestSize, len(m.data))
	r := Region{Kind: m.kind("header_digest"), Start: at, End: end, Owner: -1, State: state(end < at+digestSize)}
	if r.State != Cut {
		r.State = Intact
		if sha256.Sum256(m.data[:at]) != [digestSize]byte(m.data[at:end]) {
			r.State = Differs
			m.vague(0, at, "a byte of the header, of the section table or of the header digest was changed: the digest does not agree")
		}
	}
	m.add(r)
}

// A section is a record of the section table, with its region.
type section struct {
	Region
	padding int // offset of the end of its padding
}

// sections reads n records of the section table.
func (m *Map) sections(n int) []section {
	var list []section
	size := len(m.data)
	for i := range n {
		at := headerSize + i*recordSize
		name, known := sectionKinds[binary.LittleEndian.Uint32(m.data[at:])]
		if !known {
			name = "unknown section"
			m.note(at, at+4, "record %d has the section type 0x%08X, which this version of the format does not have", i, binary.LittleEndian.Uint32(m.data[at:]))
		}
		start, length := m.u32(at+4), m.u32(at+8)
		end := start + length
		if start > size || start == size && length > 0 {
			from := uint64(binary.LittleEndian.Uint32(m.data[at+4:]))
			to := from + uint64(binary.LittleEndian.Uint32(m.data[at+8:]))
			m.note(at, at+recordSize, "section %s should stand from 0x%X (%d) to 0x%X (%d), but the file ends at 0x%X (%d)", m.Kinds[m.kind(name)].Group, from, from, to, to, size, size)
			continue
		}
		s := section{Region: Region{Kind: m.kind(name), Start: start, End: min(end, size), Owner: -1, State: Intact}}
		s.padding = min((s.End+alignment-1)/alignment*alignment, size)
		where := fmt.Sprintf("section %s, 0x%X (%d) to 0x%X (%d)", m.Kinds[s.Kind].Group, start, start, end, end)
		switch {
		case end > size:
			s.State, s.padding = Cut, s.End
			m.vague(start, size, "%s: the file ends at 0x%X (%d), so %d of %d bytes are missing", where, size, size, end-size, length)
		case m.intact:
		case sha256.Sum256(m.data[start:end]) != [digestSize]byte(m.data[at+16:at+recordSize]):
			s.State = Differs
			m.vague(start, end, "%s: the digest does not agree, so bytes were changed", where)
		}
		list = append(list, s)
	}
	return list
}

// damaged returns the range from the first to the last of the sections that are damaged.
func damaged(list []section) (start, end int) {
	for _, s := range list {
		if s.State == Intact {
			continue
		}
		if end == 0 || s.Start < start {
			start = s.Start
		}
		end = max(end, s.End)
	}
	return start, end
}

// tile adds sections with their padding, and the gaps between them.
func (m *Map) tile(list []section) {
	end := 0
	for i := range m.Regions {
		end = max(end, m.Regions[i].End)
	}
	for i := range list {
		s := &list[i]
		m.gap(list, end, s.Start)
		name := m.Kinds[s.Kind].Name
		at := m.add(s.Region)
		if _, twice := m.table[name]; !twice {
			m.table[name] = at
		}
		if s.padding > s.End {
			m.add(Region{Kind: m.kind("padding"), Start: s.End, End: s.padding, Owner: -1})
		}
		end = max(end, s.padding)
	}
	m.gap(list, end, len(m.data))
}

// gap adds the bytes of a range that belong to no section.
func (m *Map) gap(list []section, start, end int) {
	for start < end {
		next, claimed := end, false
		for i := range list {
			switch r := &list[i].Region; {
			case start < r.Start:
				next = min(next, r.Start)
			case start < r.End:
				next, claimed = min(end, r.End), true
			}
		}
		if !claimed {
			m.add(Region{Kind: m.kind("belongs to no section"), Start: start, End: next, Owner: -1})
		}
		start = next
	}
}
