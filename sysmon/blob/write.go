package blob

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon"
)

// A Writer writes a rule blob as the compiler of Sysmon does, record by record: an element, and
// then its filters and Rule elements in the order of the document. Undo takes the last element
// back, as the compiler does if the event lacks a field. It leaves the same traces as there.
//
// A method that fails changes nothing.
type Writer struct {
	binary, schema sysmon.Version

	// The compiler writes into a buffer that grows in steps. What it takes back stays in the
	// buffer behind size, up to the next growth.
	data      []byte
	size      int // of the blob
	allocated int // of the compiler's buffer; data can have more

	event      int // offset of the last event record; 0 means that there is not one
	filter     int // offset of the last filter of it, or 0
	group      int // offset of the last aggregation; stale after Undo
	id         uint32
	inGroup    bool
	undoSize   int
	undoEvent  int
	canUndo    bool
	overwrites bool
}

// NewWriter returns a writer of blobs of a binary version, with the schema version that the
// configuration declares. The layout of the binary version must be that of 15 to 18.
func NewWriter(binary, schema sysmon.Version) (*Writer, error) {
	if sysmon.LayoutOf(binary) != sysmon.Layout15 {
		return nil, fmt.Errorf("no rule blob of binary version %s can be written: its layout is not known well enough (want 15.00 to 18.99)", binary)
	}
	return &Writer{binary: binary, schema: schema}, nil
}

// growth is the least growth of the compiler's buffer in bytes.
const growth = 0x1000

// room makes room for a record, and returns its bytes. The compiler clears its buffer from the end
// of the last record on if it has to grow.
func (w *Writer) room(size int) ([]byte, error) {
	size = roundUp(size)
	if size > MaxSize-w.size {
		return nil, fmt.Errorf("the rule blob would exceed %d bytes", MaxSize)
	}
	if size > w.allocated-w.size {
		w.allocated += max(size, growth)
		if w.allocated > len(w.data) {
			grown := make([]byte, max(w.allocated, 2*len(w.data)))
			copy(grown, w.data[:w.size])
			w.data = grown
		}
		clear(w.data[w.size:w.allocated])
	}
	record := w.data[w.size : w.size+size]
	w.size += size
	return record, nil
}

// put writes a word at an offset.
func (w *Writer) put(at int, word uint32) { binary.LittleEndian.PutUint32(w.data[at:], word) }

// add adds n to the word at an offset.
func (w *Writer) add(at int, n uint32) { w.put(at, binary.LittleEndian.Uint32(w.data[at:])+n) }

// Element writes the record of an element of an event.
func (w *Writer) Element(event uint32, include, all bool) error {
	if MaxSize-w.size < headerSize+eventSize {
		return fmt.Errorf("the rule blob would exceed %d bytes", MaxSize)
	}
	before := w.size
	if w.event == 0 {
		header, err := w.room(headerSize)
		if err != nil {
			return err
		}
		clear(header)
		for i, word := range []uint32{w.binary.Word(), 0, headerSize, w.schema.Word(), headerSize} {
			w.put(4*i, word)
		}
	} else {
		w.put(w.event+12, uint32(w.size))
	}
	w.undoSize, w.undoEvent, w.canUndo = before, w.event, true
	w.event = w.size
	record, err := w.room(eventSize)
	if err != nil {
		return err
	}
	clear(record)
	w.put(w.event, event)
	w.put(w.event+4, bit(include))
	w.put(w.event+8, bit(all))
	w.add(4, 1)
	w.filter, w.inGroup = 0, false
	return nil
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// Undo takes the last element back. Only one can be taken back in a row.
func (w *Writer) Undo() error {
	if !w.canUndo {
		return errors.New("there is no element that can be undone")
	}
	w.add(4, ^uint32(0))
	w.event, w.size, w.canUndo, w.inGroup = w.undoEvent, w.undoSize, false, false
	if w.event == 0 {
		w.data, w.size, w.allocated = nil, 0, 0
	}
	return nil
}

// Group writes the record of a Rule element. The filters behind it belong to it, up to the next
// Group, EndGroup or Element.
func (w *Writer) Group(name string, all bool) error { return w.numberedGroup(w.id+1, name, all) }

func (w *Writer) numberedGroup(id uint32, name string, all bool) error {
	if w.event == 0 {
		return errors.New("a Rule stands in an element")
	}
	if err := checkText(name); err != nil {
		return fmt.Errorf("the name of a Rule: %w", err)
	}
	if MaxSize-w.size < spacing {
		return fmt.Errorf("the rule blob would exceed %d bytes", MaxSize)
	}
	// The compiler links the last aggregation even if it took that back. The record at its offset
	// is then another one, or lies behind the end.
	switch link := w.group + 272; {
	case w.group == 0:
		w.put(20, uint32(w.size))
	case link+4 > w.allocated:
		w.overwrites = true
	default:
		w.overwrites = w.overwrites || link < w.size && w.word(w.group+264) != w.id
		w.put(link, uint32(w.size))
	}
	w.group, w.id, w.inGroup = w.size, id, true
	record, err := w.room(aggregationSize)
	if err != nil {
		return err
	}
	clear(record[:aggregationSize])
	appendText(record[:0], name, aggregationNameUnits-1)
	w.put(w.group+264, id)
	w.put(w.group+280, bit(all))
	return nil
}

func (w *Writer) word(at int) uint32 { return binary.LittleEndian.Uint32(w.data[at:]) }

// EndGroup ends a Rule element: the filters behind it belong to no Rule.
func (w *Writer) EndGroup() { w.inGroup = false }

// Filter writes a filter of the last element.
func (w *Writer) Filter(field int, op sysmon.Operator, value, name string) error {
	switch {
	case w.event == 0:
		return errors.New("a filter stands in an element")
	case field < 0 || int64(field) > 0xFFFF_FFFF:
		return fmt.Errorf("the field index is %d (want 0 to 4294967295)", field)
	case !op.Known():
		return fmt.Errorf("unknown %v", op)
	case len(name) >= filterNameUnits:
		return fmt.Errorf("the name has %d bytes (want at most 255)", len(name))
	}
	if err := checkText(name); err != nil {
		return fmt.Errorf("the name of a filter: %w", err)
	}
	if err := checkText(value); err != nil {
		return fmt.Errorf("the value of a filter: %w", err)
	}
	size := 2 // the NUL
	for _, r := range value {
		size += 2
		if r >= 0x10000 {
			size += 2
		}
	}
	at := w.size
	record, err := w.room(filterSize + 1 + size)
	if err != nil {
		return err
	}
	clear(record[:filterSize+1+size])
	w.put(at, uint32(field))
	appendText(record[4:4], name, filterNameUnits-1)
	w.put(at+516, uint32(op))
	w.put(at+524, uint32(size))
	appendText(record[filterSize:filterSize], value, len(value))
	if w.filter != 0 {
		w.put(w.filter+520, uint32(at))
	}
	if w.word(w.event+20) == 0 {
		w.put(w.event+20, uint32(at))
	}
	w.add(w.event+16, 1)
	if w.inGroup {
		w.put(at+528, w.id)
		w.put(at+532, uint32(w.group))
		if w.word(w.group+268) == 0 {
			w.put(w.group+268, uint32(at))
		}
		w.add(w.group+276, 1)
	}
	w.filter = at
	return nil
}

// Bytes returns the blob. It is empty if there is no element: the compiler then writes no blob.
func (w *Writer) Bytes() []byte { return w.data[:w.size:w.size] }

// Damaged reports whether the compiler overwrote a record: it links an aggregation to one that it
// took back, in whose place another record stands. The blob is then not that of the configuration.
func (w *Writer) Damaged() bool { return w.overwrites }

// Encode returns the blob of rules, byte for byte as the compiler of a build with this binary
// version writes it. The elements must be in the order of the blob. Groups with the ID 0 are
// counted. Rules without an element have no blob, so the result is empty.
//
// For the rules of a blob without faults Encode returns the same blob. Bytes in its Gaps are zero.
func Encode(r *sysmon.Rules, binary sysmon.Version) ([]byte, error) {
	w, err := NewWriter(binary, r.Schema)
	if err != nil {
		return nil, err
	}
	for i := range r.Elements {
		if err := w.element(&r.Elements[i]); err != nil {
			return nil, fmt.Errorf("element %d (event %d): %w", i+1, r.Elements[i].Event, err)
		}
	}
	if first := firstGroup(r); first >= 0 && r.Elements[first].Groups[0].ID > 1 && first == 0 {
		w.put(20, 0) // the compiler has lost it: see Blob.undoneFirst
	}
	return w.Bytes(), nil
}

// firstGroup returns the index of the first element with a group, or -1.
func firstGroup(r *sysmon.Rules) int {
	for i := range r.Elements {
		if len(r.Elements[i].Groups) > 0 {
			return i
		}
	}
	return -1
}

// element writes an element with its filters and groups.
func (w *Writer) element(e *sysmon.Element) error {
	if err := w.Element(e.Event, e.Include, e.All); err != nil {
		return err
	}
	next, open := 0, -1 // the next group to write, and the one that is open
	for i := 0; i <= len(e.Filters); i++ {
		for ; next < len(e.Groups) && e.Groups[next].First <= i; next++ {
			g := &e.Groups[next]
			if g.First < i {
				return fmt.Errorf("group %d begins at filter %d, before the group in front of it", next+1, g.First+1)
			}
			id := g.ID
			if id == 0 {
				id = w.id + 1
			}
			if id <= w.id {
				return fmt.Errorf("group %d has the ID %d (want more than %d)", next+1, id, w.id)
			}
			if err := w.numberedGroup(id, g.Name, g.All); err != nil {
				return err
			}
			open = next
		}
		if i == len(e.Filters) {
			break
		}
		f := &e.Filters[i]
		switch {
		case f.Group < 0:
			w.EndGroup()
			open = -1
		case f.Group != open:
			return fmt.Errorf("filter %d belongs to group %d, which does not stand before it", i+1, f.Group+1)
		}
		if err := w.Filter(f.Field, f.Op, f.Value, f.Name); err != nil {
			return fmt.Errorf("filter %d: %w", i+1, err)
		}
	}
	if next < len(e.Groups) {
		return fmt.Errorf("group %d begins at filter %d of %d", next+1, e.Groups[next].First+1, len(e.Filters))
	}
	return nil
}
