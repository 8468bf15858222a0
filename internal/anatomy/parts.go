package anatomy

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/numeral"
	"github.com/cfcheck/cfcheck/internal/oneline"
	"github.com/cfcheck/cfcheck/sysmon"
)

// A Part is a run of bytes with one meaning.
type Part struct {
	Path       string // such as "criterion[2].operator"
	Start, End int
	Says       string // the meaning of the bytes; "" if they have no meaning beside themselves
}

// Parts returns the parts of the file, region by region. The parts of a region cover each of its
// bytes once, and so do the regions of a file that is in normal form.
func (m *Map) Parts() iter.Seq[Part] {
	return func(yield func(Part) bool) {
		for i := range m.Regions {
			r := &m.Regions[i]
			if m.Kinds[r.Kind].Placed != "" {
				if !m.placed(r, yield) {
					return
				}
			} else if !m.fieldsOf(r, yield) {
				return
			}
		}
	}
}

// fieldsOf yields the fields of the records of a region.
func (m *Map) fieldsOf(r *Region, yield func(Part) bool) bool {
	k := &m.Kinds[r.Kind]
	size := k.Size
	if size == 0 {
		size = r.End - r.Start
	}
	for i := range m.records(r) {
		start := r.Start + i*size
		for j := range k.Fields {
			f := &k.Fields[j]
			at := start + f.At
			end := at + f.Size
			if f.Size == 0 {
				end = start + size
			}
			end = min(end, r.End)
			if at >= end {
				continue
			}
			p := Part{Path: k.path(r.First + i), Start: at, End: end}
			if f.Name != "" {
				p.Path += "." + f.Name
			}
			if f.Size == 0 || end-at == f.Size {
				p.Says = m.says(f, r, r.First+i, at, end)
			}
			if !yield(p) {
				return false
			}
		}
	}
	return true
}

func (k *Kind) path(i int) string {
	if k.Single {
		return k.Name
	}
	return k.Name + "[" + strconv.Itoa(i) + "]"
}

// placed yields the records of a region whose places another table holds. Bytes that no record
// claims become one part without an index.
func (m *Map) placed(r *Region, yield func(Part) bool) bool {
	k := &m.Kinds[r.Kind]
	n, table := m.count(k.Placed)
	size := m.Kinds[m.kind(k.Placed)].Size
	at := r.Start
	for i := range n {
		offset, length := m.u32(table+i*size), m.u32(table+i*size+4)
		start, end := r.Start+offset, r.Start+offset+length
		if start != at || end > r.End {
			break // a damaged table
		}
		if length == 0 {
			continue
		}
		if !yield(Part{k.path(i), start, end, m.says(&k.Fields[0], r, i, start, end)}) {
			return false
		}
		at = end
	}
	return at == r.End || yield(Part{Path: k.Name, Start: at, End: r.End})
}

// uses has the use of each operand, value and instruction by the records that refer to it.
type uses struct {
	operand []uint8 // operandValue, operandProgram or operandInput, for each operand
	// value has for each value an operator that compares with it; 0 means that nothing does.
	value []channelfile.Operator
}

// The kinds of operands.
const (
	operandValue uint8 = iota
	operandProgram
	operandInput
)

// used computes the uses. Criteria that claim operands which belong to another one are passed over
// from there on, so the time is linear in the size of the file.
func (m *Map) used() *uses {
	if m.uses != nil {
		return m.uses
	}
	operands, operandsAt := m.count("operand")
	values, _ := m.count("value")
	criteria, at := m.count("criterion")
	u := &uses{operand: make([]uint8, operands), value: make([]channelfile.Operator, values)}
	next := 0
	for i := range criteria {
		c := at + i*12
		first, count := m.u32(c+4), m.u32(c+8)
		if first != next || first+count > operands {
			break // the table is damaged from here on
		}
		next += count
		op := channelfile.Operator(m.data[c+1])
		for k := first; k < next; k++ {
			v := m.u32(operandsAt + 4*k)
			switch {
			case channelfile.Flags(m.data[c])&channelfile.FlagInputs != 0:
				u.operand[k] = operandInput
			case op == channelfile.OpRegexp:
				u.operand[k] = operandProgram
			case v < values:
				u.value[v] = op
			}
		}
	}
	m.uses = u
	return u
}

// says returns the meaning of the bytes of field f of record i.
func (m *Map) says(f *Field, r *Region, i, at, end int) string {
	data := m.data[at:end]
	var n uint64
	if len(data) <= 8 {
		for k, c := range data {
			n |= uint64(c) << (8 * k)
		}
	}
	switch f.Form {
	case Number:
		return strconv.FormatUint(n, 10)
	case Time:
		return time.Unix(int64(min(n, channelfile.MaxCreated)), 0).UTC().Format(time.RFC3339)
	case UUID:
		return channelfile.ID(data).String()
	case Enum:
		return m.name(f.Enum, n)
	case Flags:
		return flagsSay(channelfile.Flags(n))
	case Rune:
		return fmt.Sprintf("U+%04X", n)
	case Text:
		return Literal(data)
	case Input:
		return inputSays(n)
	case Word:
		return channelfile.Word(n).String()
	case Operand:
		kind := operandValue
		if u := m.used(); i < len(u.operand) { // a damaged file can have a second table
			kind = u.operand[i]
		}
		switch kind {
		case operandInput:
			return inputSays(n)
		case operandProgram:
			return fmt.Sprintf("program %d", n)
		}
		return fmt.Sprintf("value %d", n)
	case Value:
		return OperandText(m.used().value[i], data)
	case Argument:
		if channelfile.InstOp(binary.LittleEndian.Uint16(m.data[at-4:])) == channelfile.InstAssert {
			return m.name(f.Enum, n)
		}
		return strconv.FormatUint(n, 10)
	case Version:
		return sysmon.VersionOf(uint32(n)).String()
	case Units:
		return unitsSay(data)
	case Offset:
		if n == 0 {
			return "0 (there is not one)"
		}
		return fmt.Sprintf("0x%X (%d)", n, n)
	case Member:
		return m.name(m.member(r), n)
	}
	return ""
}

// name returns the name of a number, or the number.
func (m *Map) name(enum string, n uint64) string {
	digits := strconv.FormatUint(n, 10)
	if name, ok := m.Enums[enum][digits]; ok {
		return name
	}
	return "unknown (" + digits + ")"
}

func inputSays(n uint64) string { return fmt.Sprintf("input %d (index %d)", n+1, n) }

func flagsSay(flags channelfile.Flags) string {
	var names []string
	for _, f := range flagNames {
		if flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Literal returns a string as authors of rules write it, in single quotes and with plain
// backslashes. It escapes runes that do not print and shortens long strings.
func Literal(s []byte) string {
	const most = 72 // bytes
	if len(s) <= most {
		return "'" + oneline.Clean(string(s)) + "'"
	}
	n := most
	for n > most-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("'%s'... (%s bytes)", oneline.Clean(string(s[:n])), numeral.Thousands(uint64(len(s))))
}

// OperandText returns a value as an operand of an operator. A value whose length does not fit the
// operator, as in a damaged file, is shown as a string.
func OperandText(op channelfile.Operator, v channelfile.Value) string {
	switch {
	case op == channelfile.OpIntegerEquals && len(v) == 8:
		return strconv.FormatInt(v.Integer(), 10)
	case op == channelfile.OpIntegerRange && len(v) == 16:
		least, greatest := v.IntegerRange()
		return fmt.Sprintf("%d to %d", least, greatest)
	case op == channelfile.OpAddressRange && len(v) == 32:
		first, last := v.AddressRange()
		return fmt.Sprintf("%v to %v", first, last)
	}
	return Literal(v)
}

// unitsSay returns UTF-16 up to the first NUL as a literal.
func unitsSay(data []byte) string {
	var units []uint16
	for i := 0; i+1 < len(data); i += 2 {
		u := binary.LittleEndian.Uint16(data[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return Literal([]byte(string(utf16.Decode(units))))
}
