package config

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"

	"github.com/cfcheck/cfcheck/sysmon"
)

// MaxBlob is the maximum size of a rule blob that [Loading.Blob] writes, in bytes.
const MaxBlob = 256 << 20

// Blob returns the rule blob that the loader writes to the registry. It follows the loader to
// the byte, also where it undoes an event record: bytes of the record stay in the gaps
// between later ones, and the offset of the first Rule in the header can be wrong.
//
// It returns nil and no error if the build has no rule to write: its blob is then absent. It
// returns an error if the build refuses the configuration, if the layout or the binary
// version of the build is not known, and if the loader writes outside its memory.
func (l *Loading) Blob() ([]byte, error) {
	b := l.Build
	switch {
	case l.Refused != nil:
		return nil, fmt.Errorf("Sysmon %s refuses the configuration: %s", b.Name, l.Refused.Text)
	case b.Layout != sysmon.Layout15:
		return nil, fmt.Errorf("cannot write a blob for Sysmon %s: it has %s (want a build with %s)", b.Name, b.Layout, sysmon.Layout15)
	case b.Binary == sysmon.Version{}:
		return nil, fmt.Errorf("cannot write a blob for Sysmon %s: its binary version is not known", b.Name)
	}
	w := builder{schema: l.Declared, binary: b.Binary}
	for i := range l.attempts {
		if err := w.element(&l.attempts[i]); err != nil {
			return nil, err
		}
	}
	return w.memory[:w.size:w.size], nil
}

// Offsets of the blob's layout since binary version 15.
const (
	headerSize      = 24
	headerCount     = 4
	headerSelf      = 8
	headerSchema    = 12
	headerEvent     = 16
	headerGroup     = 20
	eventSize       = 24
	eventDefault    = 4
	eventAll        = 8
	eventNext       = 12
	eventCount      = 16
	eventFilter     = 20
	groupSize       = 292
	groupName       = 128 // units
	groupID         = 264
	groupFilter     = 268
	groupNext       = 272
	groupCount      = 276
	groupAll        = 280
	filterSize      = 537 // with the first byte of data, as the loader's type has it
	filterName      = 4
	filterNameUnits = 256
	filterOp        = 516
	filterNext      = 520
	filterBytes     = 524
	filterGroupID   = 528
	filterGroup     = 532
	filterData      = 536
)

// A builder models the class of the loader that writes the blob, with its memory.
type builder struct {
	schema, binary sysmon.Version

	memory []byte // allocated by the loader; zero behind size after each allocation
	size   int    // of the blob so far

	// Offsets of the last event, its last filter, and the last Rule; 0 means that there was no
	// such record. An undo does not reset that of the Rule.
	event, filter, group int

	beforeSize, beforeEvent int // state before the last event, for undo
}

// errOutside is the error of a loader that writes to freed memory.
var errOutside = errors.New("the loader writes outside its memory, because it undid an event with a Rule before another Rule; " +
	"put the element with the incorrect field behind all others of the file")

// put writes a word.
func (w *builder) put(at int, v uint32) { binary.LittleEndian.PutUint32(w.memory[at:], v) }

func (w *builder) get(at int) uint32 { return binary.LittleEndian.Uint32(w.memory[at:]) }

// add reserves size bytes, rounded up to 8, and returns their offset. The first size bytes are
// zero. The gap behind them keeps bytes of an undone record.
func (w *builder) add(size int) (int, error) {
	const step = 0x1000
	aligned := (size + 7) &^ 7
	if aligned > len(w.memory)-w.size {
		grown := len(w.memory) + max(aligned, step)
		if grown > MaxBlob {
			return 0, fmt.Errorf("the rule blob has more than %d bytes", MaxBlob)
		}
		if grown > cap(w.memory) {
			larger := make([]byte, grown, max(grown, 2*cap(w.memory)))
			copy(larger, w.memory[:w.size])
			w.memory = larger
		} else {
			w.memory = w.memory[:grown]
			clear(w.memory[w.size:])
		}
	}
	at := w.size
	clear(w.memory[at : at+size])
	w.size += aligned
	return at, nil
}

// element writes an event element, and undoes it if the loader does.
func (w *builder) element(a *attempt) error {
	e := &a.element
	if err := w.addEvent(e); err != nil {
		return err
	}
	group := 0
	for i := 0; ; i++ {
		for group < len(e.Groups) && a.before[group] == i {
			if err := w.addGroup(&e.Groups[group]); err != nil {
				return err
			}
			group++
		}
		if i == len(e.Filters) {
			break
		}
		id := uint32(0)
		if g := e.Filters[i].Group; g >= 0 {
			id = e.Groups[g].ID
		}
		if err := w.addFilter(&e.Filters[i], id); err != nil {
			return err
		}
	}
	if a.undone {
		w.undo()
	}
	return nil
}

func (w *builder) addEvent(e *sysmon.Element) error {
	w.beforeSize, w.beforeEvent = w.size, w.event
	if w.event != 0 {
		w.put(w.event+eventNext, uint32(w.size))
	} else {
		if _, err := w.add(headerSize); err != nil {
			return err
		}
		w.put(0, w.binary.Word())
		w.put(headerSelf, headerSize)
		w.put(headerSchema, w.schema.Word())
		w.put(headerEvent, uint32(w.size))
	}
	at, err := w.add(eventSize)
	if err != nil {
		return err
	}
	w.put(at, e.Event)
	w.put(at+eventDefault, bit(e.Include))
	w.put(at+eventAll, bit(e.All))
	w.put(headerCount, w.get(headerCount)+1)
	w.event, w.filter = at, 0
	return nil
}

// undo takes the last event back. Without an event before it the loader frees its memory.
func (w *builder) undo() {
	w.put(headerCount, w.get(headerCount)-1)
	w.size, w.event = w.beforeSize, w.beforeEvent
	if w.event == 0 {
		w.memory, w.size = nil, 0
	}
}

func (w *builder) addGroup(g *sysmon.Group) error {
	switch {
	case w.group == 0:
		w.put(headerGroup, uint32(w.size))
	case w.group+groupNext+4 > len(w.memory):
		return errOutside
	default:
		w.put(w.group+groupNext, uint32(w.size))
	}
	at, err := w.add(groupSize)
	if err != nil {
		return err
	}
	w.text(at, g.Name, groupName-1)
	w.put(at+groupID, g.ID)
	w.put(at+groupAll, bit(g.All))
	w.group = at
	return nil
}

func (w *builder) addFilter(f *sysmon.Filter, group uint32) error {
	if w.filter != 0 {
		w.put(w.filter+filterNext, uint32(w.size))
	}
	w.filter = w.size
	if group != 0 {
		if w.get(w.group+groupFilter) == 0 {
			w.put(w.group+groupFilter, uint32(w.size))
		}
		w.put(w.group+groupCount, w.get(w.group+groupCount)+1)
	}
	if w.get(w.event+eventFilter) == 0 {
		w.put(w.event+eventFilter, uint32(w.size))
	}
	bytes := 2*utf16Len(f.Value) + 2
	at, err := w.add(filterSize + bytes)
	if err != nil {
		return err
	}
	w.put(at, uint32(f.Field))
	w.text(at+filterName, f.Name, filterNameUnits-1)
	w.put(at+filterOp, uint32(f.Op))
	w.put(at+filterBytes, uint32(bytes))
	if group != 0 {
		w.put(at+filterGroupID, group)
		w.put(at+filterGroup, uint32(w.group))
	}
	w.text(at+filterData, f.Value, bytes/2)
	w.put(w.event+eventCount, w.get(w.event+eventCount)+1)
	return nil
}

// text writes a text as UTF-16, at most limit units.
func (w *builder) text(at int, s string, limit int) {
	var units [2]uint16
	for _, c := range s {
		for _, u := range utf16.AppendRune(units[:0], c) {
			if limit--; limit < 0 {
				return
			}
			binary.LittleEndian.PutUint16(w.memory[at:], u)
			at += 2
		}
	}
}

// utf16Len returns the number of UTF-16 units of a text.
func utf16Len(s string) int {
	n := 0
	for _, c := range s {
		n += utf16.RuneLen(c)
	}
	return n
}

// bit returns 1 for true: an include drops by default, and "and" is 1.
func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
