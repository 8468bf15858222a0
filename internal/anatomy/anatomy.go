// Package anatomy names the bytes of a file: the records and fields that they belong to, and
// their meaning. It reads channel files, and the rule blobs and configurations of Sysmon.
//
// A damaged file has an anatomy too. Of reads the lengths and offsets that the file states, clips
// them to the bytes at hand, and notes each place where a statement cannot be true. It takes time
// linear in the size of the file, whatever the file holds.
//
// A Map is small, because it describes a table of records by the fields of one record. A page in a
// browser can so compute the parts that it shows from the bytes, as [Map.Parts] does.
package anatomy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sysmon"
	"github.com/cfcheck/cfcheck/sysmon/config"
)

// A Format is the kind of a file.
type Format string

// The formats.
const (
	ChannelFile   Format = "channel file"
	RuleBlob      Format = "Sysmon rule blob"
	Configuration Format = "Sysmon configuration"
	Unknown       Format = "unknown"
)

// A Form is the way in which the bytes of a field are read.
type Form string

// The forms. Integers are little-endian.
const (
	Bytes    Form = "bytes"    // no meaning beside the bytes
	Number   Form = "number"   // unsigned integer
	Time     Form = "time"     // seconds since 1970
	UUID     Form = "uuid"     // 16 bytes, in the order in which they are written
	Enum     Form = "enum"     // a number with a name in Map.Enums
	Flags    Form = "flags"    // bits with names in Map.Enums
	Rune     Form = "rune"     // a code point
	Text     Form = "text"     // UTF-8
	Input    Form = "input"    // the index of an input
	Word     Form = "word"     // a word of a condition
	Operand  Form = "operand"  // an input, a program or a value, depending on its criterion
	Value    Form = "value"    // a value of the pool, in the form that its criteria compare
	Argument Form = "argument" // of an instruction: an assertion, or a number
	Version  Form = "version"  // of Sysmon: major number in the high 16 bits, minor below
	Units    Form = "units"    // UTF-16 up to the first NUL
	Offset   Form = "offset"   // of a record, from the start of the file
	Member   Form = "member"   // a field of the event of a filter, with names in Map.Enums
)

// A Field is a part of a record.
type Field struct {
	Name string `json:"name,omitempty"` // "" if it is the whole record
	At   int    `json:"at"`             // bytes from the start of the record
	Size int    `json:"size"`           // in bytes; 0 means up to the end of the record
	Form Form   `json:"form"`
	Enum string `json:"enum,omitempty"` // key in Map.Enums
	To   string `json:"to,omitempty"`   // the kind of the record whose index the field holds
	Doc  string `json:"doc,omitempty"`  // the meaning of the field in every file
}

// A Kind is a kind of record.
type Kind struct {
	Name   string `json:"name"`  // in paths, such as "instance"
	Group  string `json:"group"` // of all its records, such as "instances"
	Doc    string `json:"doc"`
	Size   int    `json:"size"`             // of a record in bytes; 0 means that it varies
	Single bool   `json:"single,omitempty"` // a file has one, or they are not counted
	// Placed is the kind whose records hold the offsets and lengths of these; "" means that they
	// stand in a table.
	Placed string  `json:"placed,omitempty"`
	Fields []Field `json:"fields"`
}

// A State is the condition of the bytes of a Region.
type State string

// The states.
const (
	Unchecked State = ""        // nothing in the file vouches for the bytes
	Intact    State = "intact"  // the digest agrees
	Differs   State = "differs" // the digest does not agree
	Cut       State = "cut"     // the file ends before the region does
)

// A Region is a run of records of one kind. Regions of a damaged file can overlap.
type Region struct {
	Kind       int // index in Map.Kinds
	Start, End int // offsets
	First      int // index of its first record among those of its kind
	// Owner is the index of the region of the record that it belongs to; -1 means no record.
	Owner int
	State State
	Label string // the content of its only record in a few words; "" if it has several
}

// A Note says where a file is damaged, beside the findings of the gate.
type Note struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
	Vague bool   `json:"vague,omitempty"` // some of the bytes are damaged, but not known which
}

// A Map is the anatomy of a file.
type Map struct {
	Format  Format
	Kinds   []Kind
	Regions []Region
	Enums   map[string]map[string]string // names of numbers, by the key of a field
	Notes   []Note                       // at most maxNotes

	data   []byte
	intact bool           // the digests of the sections agree
	table  map[string]int // the region of each kind of table
	uses   *uses
}

const maxNotes = 100

// Of returns the anatomy of a file. Its first bytes tell its format, and if they do not, the
// extension of its name does. The Map refers to data, which must not change.
func Of(name string, data []byte) *Map { return of(name, data, false) }

// OfIntact is Of for a file whose section digests are known to agree. It does not compute them.
func OfIntact(name string, data []byte) *Map { return of(name, data, true) }

func of(name string, data []byte, intact bool) *Map {
	switch ext := strings.ToLower(path.Ext(name)); {
	case channelfile.HasMagic(data):
		return ofChannelFile(data, intact)
	case len(data) >= 4 && ext != ".cf" && sysmon.LayoutOf(sysmon.VersionOf(binary.LittleEndian.Uint32(data))) != sysmon.LayoutUnknown:
		return ofBlob(data)
	case ext == ".cf" && !uniform(data):
		return ofChannelFile(data, intact)
	case config.IsXML(data):
		return ofText(data)
	}
	m := &Map{Format: Unknown, Kinds: []Kind{unknownKind}, Enums: map[string]map[string]string{}, data: data}
	if len(data) > 0 {
		m.add(Region{End: len(data), Owner: -1})
	}
	m.noteUniform()
	return m
}

var unknownKind = Kind{
	Name: "bytes", Group: "bytes", Single: true, Doc: "Neither the first bytes nor the name show a format.",
	Fields: []Field{{Form: Bytes}},
}

// uniform reports whether all bytes are equal.
func uniform(data []byte) bool {
	return len(data) == 0 || len(bytes.TrimLeft(data, string(data[:1]))) == 0
}

func (m *Map) noteUniform() {
	switch {
	case len(m.data) == 0:
		m.note(0, 0, "the file is empty")
	case len(m.data) > 1 && uniform(m.data):
		m.note(0, len(m.data), "all %d bytes are 0x%02X (%d), so the content is lost", len(m.data), m.data[0], m.data[0])
	}
}

func (m *Map) note(start, end int, format string, args ...any) {
	if len(m.Notes) < maxNotes {
		m.Notes = append(m.Notes, Note{Start: start, End: end, Text: fmt.Sprintf(format, args...)})
	}
}

// vague is note for damage somewhere in a range.
func (m *Map) vague(start, end int, format string, args ...any) {
	n := len(m.Notes)
	m.note(start, end, format, args...)
	if n < len(m.Notes) {
		m.Notes[n].Vague = true
	}
}

func (m *Map) add(r Region) int {
	m.Regions = append(m.Regions, r)
	return len(m.Regions) - 1
}

func (m *Map) kind(name string) int {
	for i := range m.Kinds {
		if m.Kinds[i].Name == name {
			return i
		}
	}
	panic("no kind " + name)
}

// noteZeros notes runs of zero bytes in a damaged range, as a file system leaves them where it did
// not write the content.
func (m *Map) noteZeros(start, end int) {
	const fewest = 64 // bytes; shorter runs are common in content
	for at := start; at < end; at++ {
		run := at
		for run < end && m.data[run] == 0 {
			run++
		}
		if run-at >= fewest {
			m.note(at, run, "%d zero bytes from 0x%X (%d) to 0x%X (%d): the content here may never have been written", run-at, at, at, run, run)
		}
		at = max(at, run)
	}
}

// records returns the number of records of a region, a part of a record at the end included.
func (m *Map) records(r *Region) int {
	k := &m.Kinds[r.Kind]
	if k.Size == 0 {
		return 1
	}
	return (r.End - r.Start + k.Size - 1) / k.Size
}

// count returns the number of whole records of a kind that has one table, and its first offset.
func (m *Map) count(kind string) (n, start int) {
	i, ok := m.table[kind]
	if !ok {
		return 0, 0
	}
	r := &m.Regions[i]
	return (r.End - r.Start) / m.Kinds[r.Kind].Size, r.Start
}

// u32 returns a number, or far if it is larger. No file has far bytes, so an offset or a length
// of that size is wrong in either case. A sum of two fits an int of 32 bits.
func (m *Map) u32(at int) int { return int(min(binary.LittleEndian.Uint32(m.data[at:]), far)) }

const far = 1<<30 - 1
