// Package sysmonreader is a model of the engine that loads a rule blob into the driver of Sysmon
// and decides about events. It was written from a description of the published engine and of
// measurements on it. It shares no code with the packages that read and judge blobs, so it can
// test them: a blob that the gate accepts must do no harm here.
//
// The model is as trusting as the engine. It follows offsets without looking where they lead, and
// each access goes through [Engine]'s memory, which notices one outside of the blob.
package sysmonreader

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// An Outcome is the end of a load, or of a decision.
type Outcome uint8

const (
	Accepted Outcome = iota
	Refused
	ReadsOutside
	WritesOutside
	NullPointer
	NeverEnds
)

// String returns a few words, such as "reads outside".
func (o Outcome) String() string {
	return [...]string{"accepted", "refused", "reads outside", "writes outside", "null pointer", "never ends"}[o]
}

// Harmful reports whether the outcome stops or damages the host.
func (o Outcome) Harmful() bool { return o >= ReadsOutside }

// An EventType is an event of the manifest of a build.
type EventType struct {
	ID              uint32
	Tag             string // "" means that it cannot be filtered
	LoggedByDefault bool
	Fields          []string
}

// An Engine is the engine of a build.
type Engine struct {
	Major uint16      // major binary version
	Types []EventType // in any order
	Linux bool        // tests one byte of the last unit of a value, and lowers ASCII letters only

	// After is the memory behind the blob. A read there is noticed, and gets its bytes. The model
	// stops at the end of it, so it stops at the first read outside if After is empty.
	After []byte
}

// The places in records that the engine looks at.
const (
	headerRecords    = 4
	headerFirstEvent = 16

	eventID      = 0
	eventDefault = 4
	eventCombine = 8
	eventNext    = 12
	eventCount   = 16
	eventFirst   = 20

	filterField         = 0
	filterName          = 4
	filterOperator      = 516
	filterNext          = 520
	filterSize          = 524
	filterAggregationID = 528
	filterAggregation   = 532
	filterData          = 536

	aggregationMessage = 256
	aggregationID      = 264
	aggregationCombine = 280
	aggregationChecked = 284
	aggregationMatched = 288
)

const (
	expand     = 0x40000000 // of an operator in memory: the value has a variable
	maxRecords = 65534      // records of one tag at which the engine refuses a blob
)

// A Trouble is an access or a loop that the engine must not have.
type Trouble struct {
	Outcome Outcome
	At      int64 // offset of the access, or of the record at which the loop was noticed
	Size    int   // of the access in bytes; 0 for others
}

func (t *Trouble) Error() string {
	if t.Size > 0 {
		return fmt.Sprintf("%v: %d bytes at 0x%X (%d)", t.Outcome, t.Size, t.At, t.At)
	}
	return fmt.Sprintf("%v at 0x%X (%d)", t.Outcome, t.At, t.At)
}

// Loaded are the rules that the engine has after a load.
type Loaded struct {
	Outcome Outcome
	Trouble []Trouble // all accesses outside that were noticed, at most maxTrouble, then the end

	engine *Engine
	types  []*EventType // by ID up to the highest; nil for those that are not there
	memory []byte       // the blob, and After behind it
	size   int          // of the blob
	steps  int
	limit  int                // of steps
	lists  map[uint32][]int64 // event records in the order of the chain, by the highest ID of a tag
}

// maxTrouble is the maximum number of troubles that are kept.
const maxTrouble = 100

// stop ends a load or a decision.
type stop struct{ trouble Trouble }

// at returns memory for an access. It ends the run if the memory does not exist.
func (l *Loaded) at(offset int64, size int, outcome Outcome) []byte {
	if offset+int64(size) > int64(l.size) {
		t := Trouble{outcome, offset, size}
		if offset+int64(size) > int64(len(l.memory)) {
			panic(stop{t})
		}
		if len(l.Trouble) < maxTrouble {
			l.Trouble = append(l.Trouble, t)
		}
	}
	return l.memory[offset : offset+int64(size)]
}

func (l *Loaded) word(offset int64) uint32 {
	return binary.LittleEndian.Uint32(l.at(offset, 4, ReadsOutside))
}

func (l *Loaded) unit(offset int64) uint16 {
	return binary.LittleEndian.Uint16(l.at(offset, 2, ReadsOutside))
}

func (l *Loaded) setWord(offset int64, word uint32) {
	binary.LittleEndian.PutUint32(l.at(offset, 4, WritesOutside), word)
}

// step counts a record of a chain. A chain that takes more steps than the limit has come back to a
// record: no blob has so many of them. While it counts event records the engine itself ends at
// maxRecords of a tag, so the limit is above that then.
func (l *Loaded) step(offset int64) {
	if l.steps++; l.steps > l.limit {
		panic(stop{Trouble{NeverEnds, offset, 0}})
	}
}

// run calls f and turns its end into an outcome.
func (l *Loaded) run(f func() Outcome) (outcome Outcome) {
	l.steps, l.limit = 0, 4*l.size+1000
	before := len(l.Trouble)
	defer func() {
		if end := recover(); end != nil {
			s, ok := end.(stop)
			if !ok {
				panic(end)
			}
			l.Trouble = append(l.Trouble, s.trouble)
			outcome = s.trouble.Outcome
		}
		for _, t := range l.Trouble[before:] {
			outcome = worse(outcome, t.Outcome)
		}
	}()
	return f()
}

// worse returns the graver outcome. A write outside is graver than the read before it.
func worse(a, b Outcome) Outcome {
	if a == Accepted || a == Refused || a == ReadsOutside && b == WritesOutside {
		return b
	}
	return a
}

// Load loads a blob, of which it makes a copy.
func (e *Engine) Load(blob []byte) *Loaded {
	l := &Loaded{engine: e, types: e.table(), memory: slices.Concat(blob, e.After), size: len(blob), lists: map[uint32][]int64{}}
	l.Outcome = l.run(l.load)
	return l
}

// table returns the types by their IDs. The event of errors, 255, is not among them.
func (e *Engine) table() []*EventType {
	highest := uint32(0)
	for i := range e.Types {
		if id := e.Types[i].ID; id != 255 {
			highest = max(highest, id)
		}
	}
	table := make([]*EventType, highest+1)
	for i := range e.Types {
		if id := e.Types[i].ID; id != 255 {
			table[id] = &e.Types[i]
		}
	}
	return table
}

// typeOf returns the type of an ID, or nil.
func (l *Loaded) typeOf(id uint32) *EventType {
	if uint64(id) >= uint64(len(l.types)) {
		return nil
	}
	return l.types[id]
}

func (l *Loaded) load() Outcome {
	if l.size < 8 {
		return Refused
	}
	if l.word(headerRecords) == 0 || uint16(l.word(0)>>16) != l.engine.Major {
		return Refused
	}
	limit := l.limit
	l.limit = maxRecords*(len(l.types)+1) + 4*l.size
	for e, ok := l.nextEvent(-1); ok; e, ok = l.nextEvent(e) {
		l.step(e)
		index, ok, outcome := l.index(l.word(e + eventID))
		if outcome != Accepted {
			return outcome
		}
		if !ok {
			continue
		}
		if l.word(e+eventDefault) > 1 {
			return Refused
		}
		l.lists[index] = append(l.lists[index], e)
		if len(l.lists[index]) >= maxRecords {
			return Refused
		}
	}
	l.steps, l.limit = 0, limit
	for e, ok := l.nextEvent(-1); ok; e, ok = l.nextEvent(e) {
		l.step(e)
		for f, ok := l.nextFilter(e, -1); ok; f, ok = l.nextFilter(e, f) {
			l.step(f)
			l.lower(f)
		}
	}
	return Accepted
}

// index returns the highest ID of the tag of an event. It reports false for an ID that the engine
// passes over.
func (l *Loaded) index(id uint32) (uint32, bool, Outcome) {
	if int32(id) < 0 {
		return 0, false, Accepted
	}
	if id == 255 {
		return 0, true, Accepted
	}
	if uint64(id) >= uint64(len(l.types)) {
		return 0, false, Refused
	}
	t := l.types[id]
	if t == nil || t.Tag == "" {
		panic(stop{Trouble{NullPointer, 0, 0}})
	}
	for next := l.typeOf(id + 1); next != nil && next.Tag == t.Tag; next = l.typeOf(id + 1) {
		id++
	}
	return id, true, Accepted
}

// inside reports whether the first byte of a record lies in the blob, which is all that the engine
// looks at.
func (l *Loaded) inside(offset uint32) bool { return int64(offset) < int64(l.size) }

// nextEvent returns the event record behind another one, or the first one behind -1.
func (l *Loaded) nextEvent(e int64) (int64, bool) {
	if e < 0 {
		first := l.word(headerFirstEvent)
		return int64(first), l.inside(first)
	}
	next := l.word(e + eventNext)
	return int64(next), next != 0 && l.inside(next)
}

// nextFilter returns the filter behind another one of an event, or the first one behind -1.
func (l *Loaded) nextFilter(e, f int64) (int64, bool) {
	next := uint32(0)
	if f < 0 {
		if l.word(e+eventCount) == 0 {
			return 0, false
		}
		next = l.word(e + eventFirst)
	} else {
		next = l.word(f + filterNext)
	}
	if next == 0 || !l.inside(next) {
		return 0, false
	}
	f = int64(next)
	size := int64(l.word(f + filterSize))
	if size == 0 || f+size >= int64(l.size) {
		return 0, false
	}
	last := f + filterData + size
	if l.engine.Linux {
		return f, l.at(last-1, 1, ReadsOutside)[0] == 0
	}
	return f, size%2 == 0 && l.unit(last-2) == 0
}

// lower changes the letters of a value to lower case, in place, and marks a value with a variable.
func (l *Loaded) lower(f int64) {
	size := int64(l.word(f + filterSize))
	variable := false
	for i := int64(0); i < size; i += 2 {
		at := f + filterData + i
		u := l.unit(at)
		variable = variable || u == '%'
		binary.LittleEndian.PutUint16(l.at(at, 2, WritesOutside), l.lowered(u))
	}
	if variable && !l.engine.Linux {
		l.setWord(f+filterOperator, l.word(f+filterOperator)|expand)
	}
}

// Filters returns the offsets of the filters that the engine has, by event record, and those of
// the event records. The load must have been accepted.
func (l *Loaded) Filters() (events, filters []int64) {
	outcome := l.run(func() Outcome {
		for e, ok := l.nextEvent(-1); ok; e, ok = l.nextEvent(e) {
			l.step(e)
			events = append(events, e)
			for f, ok := l.nextFilter(e, -1); ok; f, ok = l.nextFilter(e, f) {
				l.step(f)
				filters = append(filters, f)
			}
		}
		return Accepted
	})
	if outcome != Accepted {
		l.Outcome = outcome
	}
	return events, filters
}
