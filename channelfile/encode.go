package channelfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Encode returns the file. It does not change the Builder.
//
// It returns an error if the header or the size of the file exceeds a limit.
func (b *Builder) Encode() ([]byte, error) {
	if err := checkHeader(b.header); err != nil {
		return nil, err
	}
	e := encoder{b: b}
	e.numberCriteria()
	e.orderInstances()
	if b.provenance == yes {
		e.numberTexts()
	}
	return e.encode()
}

func checkHeader(h Header) error {
	for _, l := range []struct {
		what       string
		value, max uint64
		name       string
	}{
		{"channel", uint64(h.Channel), MaxNumber, "MaxNumber"},
		{"revision", uint64(h.Revision), MaxNumber, "MaxNumber"},
		{"type version", uint64(h.TypeVersion), MaxNumber, "MaxNumber"},
		{"number of inputs declared", uint64(h.InputsDeclared), MaxInputs, "MaxInputs"},
		{"time of creation", h.Created, MaxCreated, "MaxCreated"},
	} {
		if l.value > l.max {
			return fmt.Errorf("%w: the %s of the header is %d (%s is %d)", ErrLimit, l.what, l.value, l.name, l.max)
		}
	}
	return nil
}

// An encoder translates the numbers of a Builder, which depend on the order of
// Add, into the numbers of the file, which depend on a sort order.
type encoder struct {
	b        *Builder
	criteria []fileCriterion // in the order of the file
	operands []uint32        // operands of the criteria, but not in the order of the criteria
	values   []string        // in the order of the file
	programs programEncoder
	order    []int    // indices of the Builder's instances, in the order of the file
	cond     postfix  // in the order of the file
	texts    []string // in the order of the file
	textAt   []uint32 // for each text of the Builder, its number in the file
}

// A fileCriterion is a criterion of the file. Its field first is an index into
// the operands of the encoder.
type fileCriterion struct {
	builtCriterion
	number uint32 // in the Builder
}

// rank returns the strings of list whose numbers are in used, sorted by their
// bytes. place maps the number of such a string to its index in sorted.
func rank(list []string, used bitset) (sorted []string, place []uint32) {
	// Most pairs of strings differ in their first 8 bytes. Comparing these as
	// one number avoids reading the strings.
	type entry struct {
		start  uint64
		number uint32
	}
	var entries []entry
	for i, s := range list {
		if used.has(uint32(i)) {
			var b [8]byte
			copy(b[:], s)
			entries = append(entries, entry{binary.BigEndian.Uint64(b[:]), uint32(i)})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.start != b.start {
			return cmp.Compare(a.start, b.start)
		}
		return strings.Compare(list[a.number], list[b.number])
	})
	sorted = make([]string, len(entries))
	place = make([]uint32, len(list))
	for i, e := range entries {
		sorted[i] = list[e.number]
		place[e.number] = uint32(i)
	}
	return sorted, place
}

// numberCriteria sorts values, programs and criteria. It omits those that no
// instance uses. They belong to instances that Add rejected.
func (e *encoder) numberCriteria() {
	b := e.b
	usedCriteria := newBitset(len(b.records))
	for _, w := range b.cond.words {
		if w.IsReference() {
			usedCriteria.set(uint32(w.Criterion()))
		}
	}
	usedValues, usedPrograms := newBitset(len(b.values.list)), newBitset(len(b.programs.list))
	for i, r := range b.records {
		if !usedCriteria.has(uint32(i)) || r.flags&FlagInputs != 0 {
			continue
		}
		used := usedValues
		if r.operator == OpRegexp {
			used = usedPrograms
		}
		for _, o := range b.operands[r.first:][:r.count] {
			used.set(o)
		}
	}
	var place []uint32
	e.values, place = rank(b.values.list, usedValues)
	sources, programPlace := rank(b.programs.list, usedPrograms)
	e.programs.add(sources, b)
	for i, r := range b.records {
		if !usedCriteria.has(uint32(i)) {
			continue
		}
		c := fileCriterion{r, uint32(i)}
		c.first = len(e.operands)
		for _, o := range b.operands[r.first:][:r.count] {
			switch {
			case r.operator == OpRegexp:
				o = programPlace[o]
			case r.flags&FlagInputs == 0:
				o = place[o]
			}
			e.operands = append(e.operands, o)
		}
		slices.Sort(e.operands[c.first:])
		e.criteria = append(e.criteria, c)
	}
	slices.SortFunc(e.criteria, func(x, y fileCriterion) int {
		if a, b := x.sortKey(), y.sortKey(); a != b {
			return cmp.Compare(a, b)
		}
		return slices.Compare(e.operands[x.first:][:x.count], e.operands[y.first:][:y.count])
	})
}

// sortKey returns the leading fields of the sort order of criteria as one
// number.
func (c *builtCriterion) sortKey() uint32 {
	return uint32(c.input)<<16 | uint32(c.operator)<<8 | uint32(c.flags)
}

// orderInstances sorts the instances, and the operands within their conditions.
func (e *encoder) orderInstances() {
	b := e.b
	place := make([]Word, len(b.records)) // for each criterion, its number in the file
	for i, c := range e.criteria {
		place[c.number] = Word(i)
	}
	e.order = make([]int, len(b.instances))
	for i := range e.order {
		e.order[i] = i
	}
	slices.SortFunc(e.order, func(x, y int) int {
		return slices.Compare(b.instances[x].id[:], b.instances[y].id[:])
	})
	p := &e.cond
	p.traced, p.texts = b.provenance == yes, &b.texts
	p.words = make([]Word, 0, len(b.cond.words))
	p.uses = make([]use, 0, len(b.cond.uses))
	for _, i := range e.order {
		inst := &b.instances[i]
		p.spans = p.spans[:0]
		for k := inst.first; k < inst.first+inst.count; k++ {
			w := b.cond.words[k]
			if !w.IsReference() {
				p.join(w&^wordCount, len(p.spans)-w.Operands())
				continue
			}
			var u use
			if p.traced {
				u = b.cond.uses[k]
			}
			p.reference(place[w.Criterion()]<<1|w&1, u)
		}
		p.normalise(0)
	}
}

// numberTexts sorts the texts of the provenance.
func (e *encoder) numberTexts() {
	used := newBitset(len(e.b.texts.list))
	for _, u := range e.cond.uses {
		used.set(u.text)
	}
	for i := range e.b.instances {
		for _, t := range e.b.instances[i].origin {
			used.set(t)
		}
	}
	e.texts, e.textAt = rank(e.b.texts.list, used)
}

// encode writes the file.
func (e *encoder) encode() ([]byte, error) {
	sections := slices.Clone(sectionsBase)
	if len(e.programs.sources) > 0 {
		sections = append(sections, sectionsOfPrograms...)
	}
	if e.b.provenance == yes {
		sections = append(sections, sectionsProvenance...)
	}
	counts := [sectionsAll]int{
		secInstances:  len(e.order),
		secConditions: len(e.cond.words),
		secCriteria:   len(e.criteria),
		secOperands:   len(e.operands),
		secValues:     len(e.values),
		secPool:       totalLength(e.values),

		secPrograms:     len(e.programs.sources),
		secSources:      totalLength(e.programs.sources),
		secInstructions: e.programs.instructions,
		secClasses:      len(e.programs.classes),
		secRanges:       totalLength(e.programs.classes) / rangeSize,

		secOrigins:  len(e.order),
		secUses:     len(e.cond.uses),
		secTexts:    len(e.texts),
		secTextPool: totalLength(e.texts),
	}
	var starts [sectionsAll]int
	first := headerSize + len(sections)*recordSize + digestSize
	size := first
	for _, k := range sections {
		starts[k] = size
		size = alignUp(size + counts[k]*int(sectionKinds[k].entry))
	}
	if size > MaxFileSize {
		return nil, fmt.Errorf("%w: the file of %d instances would have %d bytes (MaxFileSize is %d); split it by template type, or omit the provenance",
			ErrLimit, len(e.order), size, MaxFileSize)
	}
	out := make([]byte, size)

	write := [sectionsAll]func([]byte){
		secInstances:  e.writeInstances,
		secConditions: e.writeConditions,
		secCriteria:   e.writeCriteria,
		secOperands:   e.writeOperands,
		secValues:     func(s []byte) { writeEntries(s, e.values) },
		secPool:       func(s []byte) { writePool(s, e.values) },

		secPrograms:     e.programs.writeRecords,
		secSources:      func(s []byte) { writePool(s, e.programs.sources) },
		secInstructions: e.programs.writeInstructions,
		secClasses:      e.programs.writeClasses,
		secRanges:       func(s []byte) { writePool(s, e.programs.classes) },

		secOrigins:  e.writeOrigins,
		secUses:     e.writeUses,
		secTexts:    func(s []byte) { writeEntries(s, e.texts) },
		secTextPool: func(s []byte) { writePool(s, e.texts) },
	}
	for i, k := range sections {
		length := counts[k] * int(sectionKinds[k].entry)
		s := out[starts[k]:][:length]
		write[k](s)
		rec := out[headerSize+i*recordSize:][:recordSize]
		le.PutUint32(rec, uint32(sectionKinds[k].typ))
		le.PutUint32(rec[4:], uint32(starts[k]))
		le.PutUint32(rec[8:], uint32(length))
		le.PutUint32(rec[12:], uint32(counts[k]))
		digest := sha256.Sum256(s)
		copy(rec[16:], digest[:])
	}

	h := e.b.header
	copy(out, magic)
	le.PutUint16(out[offMajor:], MajorVersion)
	le.PutUint16(out[offMinor:], MinorVersion)
	le.PutUint32(out[offChannel:], h.Channel)
	le.PutUint32(out[offRevision:], h.Revision)
	le.PutUint32(out[offType:], h.Type)
	le.PutUint32(out[offTypeVersion:], h.TypeVersion)
	le.PutUint16(out[offInputsDeclared:], h.InputsDeclared)
	le.PutUint16(out[offInputsRead:], e.inputsRead())
	le.PutUint64(out[offCreated:], h.Created)
	le.PutUint32(out[offFileSize:], uint32(size))
	le.PutUint32(out[offSectionCount:], uint32(len(sections)))
	digest := sha256.Sum256(out[:first-digestSize])
	copy(out[first-digestSize:], digest[:])
	return out, nil
}

func totalLength(list []string) int {
	n := 0
	for _, s := range list {
		n += len(s)
	}
	return n
}

// inputsRead returns the highest input index that a criterion names, plus one.
func (e *encoder) inputsRead() uint16 {
	var read uint16
	for _, c := range e.criteria {
		read = max(read, c.input+1)
		if c.flags&FlagInputs != 0 {
			read = max(read, uint16(e.operands[c.first+c.count-1])+1)
		}
	}
	return read
}

func (e *encoder) writeInstances(s []byte) {
	next := 0
	for _, i := range e.order {
		inst := &e.b.instances[i]
		copy(s, inst.id[:])
		le.PutUint32(s[16:], uint32(next))
		le.PutUint32(s[20:], uint32(inst.count))
		next += inst.count
		s = s[instanceSize:]
	}
}

func (e *encoder) writeConditions(s []byte) {
	for i, w := range e.cond.words {
		le.PutUint32(s[i*wordSize:], uint32(w))
	}
}

func (e *encoder) writeCriteria(s []byte) {
	next := 0
	for _, c := range e.criteria {
		s[0], s[1] = byte(c.flags), byte(c.operator)
		le.PutUint16(s[2:], c.input)
		le.PutUint32(s[4:], uint32(next))
		le.PutUint32(s[8:], uint32(c.count))
		next += c.count
		s = s[criterionSize:]
	}
}

func (e *encoder) writeOperands(s []byte) {
	for _, c := range e.criteria {
		for _, o := range e.operands[c.first:][:c.count] {
			le.PutUint32(s, o)
			s = s[operandSize:]
		}
	}
}

// writeEntries writes the offset and the length of each string in its pool.
func writeEntries(s []byte, list []string) {
	next := 0
	for _, v := range list {
		le.PutUint32(s, uint32(next))
		le.PutUint32(s[4:], uint32(len(v)))
		next += len(v)
		s = s[valueSize:]
	}
}

func writePool(s []byte, list []string) {
	for _, v := range list {
		s = s[copy(s, v):]
	}
}

func (e *encoder) writeOrigins(s []byte) {
	for _, i := range e.order {
		inst := &e.b.instances[i]
		for k, t := range inst.origin {
			le.PutUint32(s[4*k:], e.textAt[t])
		}
		le.PutUint32(s[20:], inst.line)
		s = s[originSize:]
	}
}

func (e *encoder) writeUses(s []byte) {
	for _, u := range e.cond.uses {
		le.PutUint32(s, u.line)
		le.PutUint32(s[4:], e.textAt[u.text])
		s = s[useSize:]
	}
}
