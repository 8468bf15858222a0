package channelfile

import (
	"fmt"
	"unicode/utf8"
)

// explain is the slow reader of the entries of all sections. It checks groups G
// to R of FORMAT.md, section 7, in that order. It returns a *ParseError for the
// first requirement that the file breaks, or nil. Parse calls it only if scan
// found a fault, and it does not rely on any result of scan.
func (f *File) explain() error {
	for _, group := range []func() error{
		f.explainInstances, f.explainConditions, f.explainCriteria, f.explainOperands,
		f.explainValues, f.explainForms,
		f.explainPrograms, f.explainInstructions, f.explainClasses, f.explainRanges,
		f.explainReferences, f.explainTexts,
	} {
		if err := group(); err != nil {
			return err
		}
	}
	return nil
}

// u32 reads the number at offset off of entry i of a section. The result is not
// an int, because an int may have only 32 bits and the number is not checked
// yet.
func (f *File) u32(section, i, off int) uint64 {
	return uint64(le.Uint32(f.sec[section][i*int(sectionKinds[section].entry)+off:]))
}

// field returns the bytes of a field of entry i of a section, and its path.
func (f *File) field(section, i int, name string) (Range, string) {
	size, off, width := 0, 0, 0
	for _, fd := range entryFields[section] {
		if fd.name == name {
			off, width = size, fd.size
		}
		size += fd.size
	}
	at := f.section(section).Range.Start + i*size + off
	path := fmt.Sprintf("%s[%d]", entryNames[section], i)
	if name != "" {
		path += "." + name
	}
	return Range{at, at + width}, path
}

func (f *File) failField(section, i int, name string, err error, format string, args ...any) error {
	r, path := f.field(section, i, name)
	return f.fail(r, path, err, format, args...)
}

// A tiling checks that entries refer to adjacent, non-overlapping parts of
// their target.
type tiling struct {
	next, total uint64
}

// explain checks the next entry, which refers to count things from start on.
// The things are named by what. If the entry is wrong, explain returns the
// reason and true.
func (t *tiling) explain(start, count uint64, what string) (detail string, bad bool) {
	switch {
	case start != t.next:
		return fmt.Sprintf("starts at %d (0x%x) (want %d, 0x%x, where the %s of the entry before it end)", start, start, t.next, t.next, what), true
	case start+count > t.total:
		return fmt.Sprintf("%d %s from %d on, but there are only %d", count, what, start, t.total), true
	}
	t.next += count
	return "", false
}

func (t *tiling) rest() uint64 { return t.total - t.next }

// explainInstances checks group G.
func (f *File) explainInstances() error {
	tile := tiling{total: uint64(f.Words())}
	for i := range f.Instances() {
		first, count := f.u32(secInstances, i, 16), f.u32(secInstances, i, 20)
		if count < 1 || count > MaxWords {
			return f.failField(secInstances, i, "words", ErrLimit, "%d words (want 1 to %d)", count, MaxWords)
		}
		if detail, bad := tile.explain(first, count, "words"); bad {
			return f.failField(secInstances, i, "first_word", ErrInstanceWords, "%s", detail)
		}
	}
	if n := tile.rest(); n > 0 {
		return f.failField(secConditions, int(tile.next), "", ErrInstanceWords, "the last %d words, from this one on, belong to no instance", n)
	}
	return nil
}

// explainConditions checks group H.
func (f *File) explainConditions() error {
	var depths [MaxStack]int
	for i := range f.Instances() {
		in := f.Instance(i)
		stack := depths[:0]
		for k := in.First; k < in.First+in.Count; k++ {
			w := f.Word(k)
			depth := 0
			if w.IsReference() {
				if w.Criterion() >= f.Criteria() {
					return f.failField(secConditions, k, "", ErrConditionReference, "instance %d refers to criterion %d (0x%x), but there are only %d", i, w.Criterion(), w.Criterion(), f.Criteria())
				}
			} else {
				n := w.Operands()
				if n < 2 || n > len(stack) {
					return f.failField(secConditions, k, "", ErrConditionStack, "%v in instance %d (want at least 2 operands, and at most the %d truth values on the stack)", w, i, len(stack))
				}
				for _, d := range stack[len(stack)-n:] {
					depth = max(depth, d)
				}
				depth++
				stack = stack[:len(stack)-n]
			}
			if depth > MaxDepth {
				return f.failField(secConditions, k, "", ErrLimit, "instance %d nests its ands and ors %d deep (limit %d)", i, depth, MaxDepth)
			}
			if len(stack) == MaxStack {
				return f.failField(secConditions, k, "", ErrLimit, "instance %d needs a stack of more than %d truth values", i, MaxStack)
			}
			stack = append(stack, depth)
		}
	}
	return nil
}

// explainCriteria checks group I.
func (f *File) explainCriteria() error {
	declared := f.Header.InputsDeclared
	tile := tiling{total: uint64(f.Operands())}
	for i := range f.Criteria() {
		c := f.Criterion(i)
		first, count := f.u32(secCriteria, i, 4), f.u32(secCriteria, i, 8)
		switch {
		case !c.Operator.Known():
			return f.failField(secCriteria, i, "operator", ErrOperator, "version %s has no operator %d (0x%02x)", Version, uint8(c.Operator), uint8(c.Operator))
		}
		if extra := c.Flags &^ operatorKinds[c.Operator].flags; extra != 0 {
			return f.failField(secCriteria, i, "flags", ErrFlags, "0x%02x, but %v allows only the flags in 0x%02x", uint8(c.Flags), c.Operator, uint8(operatorKinds[c.Operator].flags))
		}
		if c.Input >= declared {
			return f.failField(secCriteria, i, "input", ErrInput, "input %d (index %d, 0x%x), but the header declares only %d", int(c.Input)+1, c.Input, c.Input, declared)
		}
		if (c.Operator == OpExists) != (count == 0) {
			return f.failField(secCriteria, i, "operands", ErrOperandCount, "%v with %d operands (want 0 for exists, at least 1 for any other operator)", c.Operator, count)
		}
		if count > MaxOperands {
			return f.failField(secCriteria, i, "operands", ErrLimit, "%d operands (limit %d)", count, MaxOperands)
		}
		if detail, bad := tile.explain(first, count, "operands"); bad {
			return f.failField(secCriteria, i, "first_operand", ErrOperandBounds, "%s", detail)
		}
	}
	if n := tile.rest(); n > 0 {
		return f.failField(secOperands, int(tile.next), "", ErrOperandBounds, "the last %d operands, from this one on, belong to no criterion", n)
	}
	return nil
}

// explainOperands checks group J.
func (f *File) explainOperands() error {
	declared, values, programs := uint64(f.Header.InputsDeclared), uint64(f.Values()), uint64(f.Programs())
	for i := range f.Criteria() {
		c := f.Criterion(i)
		for k := c.First; k < c.First+c.Count; k++ {
			o := f.u32(secOperands, k, 0)
			switch {
			case c.Flags&FlagInputs != 0 && o >= declared:
				return f.failField(secOperands, k, "", ErrInput, "criterion %d compares with input %d (index %d, 0x%x), but the header declares only %d", i, o+1, o, o, declared)
			case c.Operator == OpRegexp:
				if o >= programs {
					return f.failField(secOperands, k, "", ErrOperandReference, "criterion %d runs program %d (0x%x), but there are only %d", i, o, o, programs)
				}
			case c.Flags&FlagInputs == 0 && o >= values:
				return f.failField(secOperands, k, "", ErrOperandReference, "criterion %d compares with value %d (0x%x), but there are only %d", i, o, o, values)
			}
		}
	}
	return nil
}

// explainPool checks group K for values, and group R for texts.
func (f *File) explainPool(section, pool int, limit uint64, bounds error) error {
	tile := tiling{total: uint64(f.section(pool).Count)}
	for i := range f.section(section).Count {
		start, n := f.u32(section, i, 0), f.u32(section, i, 4)
		if n > limit {
			return f.failField(section, i, "length", ErrLimit, "%d bytes (0x%x, limit %d)", n, n, limit)
		}
		if detail, bad := tile.explain(start, n, "bytes"); bad {
			return f.failField(section, i, "offset", bounds, "%s", detail)
		}
	}
	if n := tile.rest(); n > 0 {
		at := f.section(pool).Range.Start + int(tile.next)
		return f.fail(Range{at, f.section(pool).Range.End}, entryNames[pool], bounds, "the last %d bytes belong to no entry of %v", n, f.section(section).Type)
	}
	return nil
}

func (f *File) explainValues() error {
	return f.explainPool(secValues, secPool, MaxValueLength, ErrValueBounds)
}

// explainForms checks group L.
func (f *File) explainForms() error {
	patterns := newBitset(f.Values()) // the values that are known to be well-formed patterns
	for i := range f.Criteria() {
		c := f.Criterion(i)
		if c.Flags&FlagInputs != 0 || c.Operator == OpRegexp {
			continue
		}
		for k := c.First; k < c.First+c.Count; k++ {
			o := f.Operand(k)
			if c.Operator == OpPattern && !patterns.has(uint32(o)) {
				if _, ok := patternForm(f.Value(o)); !ok {
					return f.failField(secOperands, k, "", ErrOperandForm, "criterion %d needs a pattern, but value %d has a backslash that is not before a *, a ? or a backslash", i, o)
				}
				patterns.set(uint32(o))
			}
			if width, n := operatorKinds[c.Operator].width, f.poolRange(secValues, o).Len(); width >= 0 && n != width {
				return f.failField(secOperands, k, "", ErrOperandForm, "criterion %d, %v, needs a value of %d bytes, but value %d has %d", i, c.Operator, width, o, n)
			}
		}
	}
	return nil
}

// explainPrograms checks group M.
func (f *File) explainPrograms() error {
	if !f.HasPrograms() {
		return nil
	}
	sources := tiling{total: uint64(len(f.sec[secSources]))}
	insts := tiling{total: uint64(len(f.sec[secInstructions]) / instSize)}
	for i := range f.Programs() {
		source, length := f.u32(secPrograms, i, 0), f.u32(secPrograms, i, 4)
		first, count := f.u32(secPrograms, i, 8), f.u32(secPrograms, i, 12)
		if length > MaxExpressionLength {
			return f.failField(secPrograms, i, "length", ErrLimit, "%d bytes (0x%x, limit %d)", length, length, MaxExpressionLength)
		}
		if count < 1 || count > MaxInstructions {
			return f.failField(secPrograms, i, "instructions", ErrLimit, "%d instructions (want 1 to %d)", count, MaxInstructions)
		}
		if detail, bad := sources.explain(source, length, "bytes"); bad {
			return f.failField(secPrograms, i, "source", ErrProgramBounds, "%s", detail)
		}
		if detail, bad := insts.explain(first, count, "instructions"); bad {
			return f.failField(secPrograms, i, "first_instruction", ErrProgramBounds, "%s", detail)
		}
	}
	if n := sources.rest(); n > 0 {
		end := f.section(secSources).Range.End
		return f.fail(Range{end - int(n), end}, entryNames[secSources], ErrProgramBounds, "the last %d bytes belong to no program", n)
	}
	if n := insts.rest(); n > 0 {
		return f.failField(secInstructions, int(insts.next), "", ErrProgramBounds, "the last %d instructions, from this one on, belong to no program", n)
	}
	return nil
}

// explainInstructions checks group N.
func (f *File) explainInstructions() error {
	classes := f.Classes()
	for i := range f.Programs() {
		p, first := f.Program(i), f.FirstInstruction(i)
		for k := range p.Len() {
			in := p.Inst(k)
			switch {
			case !in.Op.Known():
				return f.failField(secInstructions, first+k, "op", ErrInstruction, "version %s has no instruction %d (0x%04x)", Version, uint16(in.Op), uint16(in.Op))
			case in.Op == InstMatch && in.Out|in.Arg != 0:
				return f.failField(secInstructions, first+k, "out", ErrInstruction, "match with out %d and arg %d (0x%x) (want 0 for both)", in.Out, in.Arg, in.Arg)
			case in.Op == InstAssert && !Assertion(in.Arg).Known():
				return f.failField(secInstructions, first+k, "arg", ErrInstruction, "version %s has no assertion %d (0x%x)", Version, in.Arg, in.Arg)
			case int64(in.Out) >= int64(p.Len()):
				return f.failField(secInstructions, first+k, "out", ErrInstructionTarget, "%v continues at instruction %d (0x%x), but program %d has only %d", in.Op, in.Out, in.Out, i, p.Len())
			case in.Op == InstSplit && int64(in.Arg) >= int64(p.Len()):
				return f.failField(secInstructions, first+k, "arg", ErrInstructionTarget, "%v continues at instruction %d (0x%x), but program %d has only %d", in.Op, in.Arg, in.Arg, i, p.Len())
			case in.Op == InstRunes && int64(in.Arg) >= int64(classes):
				return f.failField(secInstructions, first+k, "arg", ErrInstructionTarget, "needs a rune of class %d (0x%x), but there are only %d classes", in.Arg, in.Arg, classes)
			}
		}
	}
	return nil
}

// explainClasses checks group O.
func (f *File) explainClasses() error {
	tile := tiling{total: uint64(len(f.sec[secRanges]) / rangeSize)}
	for i := range f.Classes() {
		first, count := f.u32(secClasses, i, 0), f.u32(secClasses, i, 4)
		if count > MaxRanges {
			return f.failField(secClasses, i, "ranges", ErrLimit, "%d ranges (limit %d)", count, MaxRanges)
		}
		if detail, bad := tile.explain(first, count, "ranges"); bad {
			return f.failField(secClasses, i, "first_range", ErrClassBounds, "%s", detail)
		}
	}
	if n := tile.rest(); n > 0 {
		return f.failField(secRanges, int(tile.next), "", ErrClassBounds, "the last %d ranges, from this one on, belong to no class", n)
	}
	return nil
}

// explainRanges checks group P.
func (f *File) explainRanges() error {
	for i := range f.Classes() {
		least := uint64(0)
		for k := f.classRange(i).Start; k < f.classRange(i).End; k++ {
			lo, hi := f.u32(secRanges, k, 0), f.u32(secRanges, k, 4)
			switch {
			case lo < least:
				return f.failField(secRanges, k, "lo", ErrClassRanges, "U+%04X in class %d, but the range before it ends at U+%04X (want ascending ranges that do not touch)", lo, i, least-2)
			case hi < lo:
				return f.failField(secRanges, k, "hi", ErrClassRanges, "U+%04X in class %d, before the start of the range, U+%04X", hi, i, lo)
			case hi > utf8.MaxRune:
				return f.failField(secRanges, k, "hi", ErrClassRanges, "0x%x in class %d, beyond the last rune, U+%04X", hi, i, utf8.MaxRune)
			}
			least = hi + 2
		}
	}
	return nil
}

// explainReferences checks group Q.
func (f *File) explainReferences() error {
	if !f.HasProvenance() {
		return nil
	}
	n := uint64(f.Texts())
	for i := range f.Instances() {
		for k, fd := range entryFields[secOrigins][:originTexts] {
			if t := f.u32(secOrigins, i, 4*k); t >= n {
				return f.failField(secOrigins, i, fd.name, ErrTextReference, "text %d (0x%x), but there are only %d", t, t, n)
			}
		}
	}
	for i := range f.Words() {
		if t := f.u32(secUses, i, 4); t >= n {
			return f.failField(secUses, i, "text", ErrTextReference, "text %d (0x%x), but there are only %d", t, t, n)
		}
	}
	return nil
}

// explainTexts checks group R.
func (f *File) explainTexts() error {
	if !f.HasProvenance() {
		return nil
	}
	return f.explainPool(secTexts, secTextPool, MaxTextLength, ErrTextBounds)
}
