package generate

import "slices"

// RemoveInstance returns a file without one of its instances, and without entries that no
// other instance uses. It returns false for files that it cannot handle: files with provenance
// or with an invalid index.
func RemoveInstance(data []byte, instance int) (out []byte, ok bool) {
	defer func() {
		if recover() != nil { // an index out of range
			out, ok = nil, false
		}
	}()
	of := records(data)
	var sections [typeRanges + 1][]byte
	for i, r := range of {
		if r.typ != uint32(i+1) {
			return nil, false
		}
		sections[r.typ] = data[r.offset:][:r.length]
	}
	if len(of) != typePool && len(of) != typeRanges {
		return nil, false
	}
	var made [typeRanges + 1][]byte

	dropped := sections[typeInstances][24*instance:][:24]
	first, n := le.Uint32(dropped[16:]), le.Uint32(dropped[20:])
	made[typeInstances] = slices.Delete(slices.Clone(sections[typeInstances]), 24*instance, 24*instance+24)
	for rest := made[typeInstances][24*instance:]; len(rest) > 0; rest = rest[24:] {
		le.PutUint32(rest[16:], le.Uint32(rest[16:])-n)
	}
	words := slices.Delete(slices.Clone(sections[typeConditions]), int(4*first), int(4*(first+n)))

	criteria := newNumbering(len(sections[typeCriteria]) / 12)
	for i := 0; i < len(words); i += 4 {
		if w := le.Uint32(words[i:]); w>>31 == 0 {
			criteria.use(w >> 1)
		}
	}
	criteria.number()
	for i := 0; i < len(words); i += 4 {
		if w := le.Uint32(words[i:]); w>>31 == 0 {
			le.PutUint32(words[i:], criteria.of[w>>1]<<1|w&1)
		}
	}
	made[typeConditions] = words

	const inputs, regexp = 4, 7 // a flag and an operator
	values, programs := newNumbering(len(sections[typeValues])/8), newNumbering(len(sections[typePrograms])/16)
	namedBy := func(c []byte) *numbering {
		switch {
		case c[0]&inputs != 0:
			return nil
		case c[1] == regexp:
			return programs
		}
		return values
	}
	operandsOf := func(c []byte) []byte {
		return sections[typeOperands][4*le.Uint32(c[4:]):][:4*le.Uint32(c[8:])]
	}
	for _, i := range criteria.used {
		c := sections[typeCriteria][12*i:][:12]
		for o := operandsOf(c); len(o) > 0; o = o[4:] {
			if named := namedBy(c); named != nil {
				named.use(le.Uint32(o))
			}
		}
	}
	values.number()
	programs.number()
	for _, i := range criteria.used {
		c := slices.Clone(sections[typeCriteria][12*i:][:12])
		list := slices.Clone(operandsOf(c))
		for o := list; len(o) > 0; o = o[4:] {
			if named := namedBy(c); named != nil {
				le.PutUint32(o, named.of[le.Uint32(o)])
			}
		}
		le.PutUint32(c[4:], uint32(len(made[typeOperands])/4))
		made[typeCriteria] = append(made[typeCriteria], c...)
		made[typeOperands] = append(made[typeOperands], list...)
	}
	// pooled copies the used entries of a section. Each entry refers to a part of the section
	// pool. pooled also copies this part, and stores its new place in the entry.
	pooled := func(entries, pool uint32, used []uint32, size, at, unit int) {
		for _, i := range used {
			e := slices.Clone(sections[entries][size*int(i):][:size])
			from, n := int(le.Uint32(e[at:])), int(le.Uint32(e[at+4:]))
			part := sections[pool][from*unit:][:n*unit]
			le.PutUint32(e[at:], uint32(len(made[pool])/unit))
			made[entries] = append(made[entries], e...)
			made[pool] = append(made[pool], part...)
		}
	}
	pooled(typeValues, typePool, values.used, 8, 0, 1)
	if len(programs.used) == 0 {
		out = assemble(data[:headerSize], of[:typePool], made[typeInstances:typePrograms])
	} else {
		// A program refers to two parts: its source and its instructions.
		pooled(typePrograms, typeSources, programs.used, 16, 0, 1)
		instructions := made[typePrograms]
		made[typePrograms] = nil
		for ; len(instructions) > 0; instructions = instructions[16:] {
			e := instructions[:16]
			from, n := le.Uint32(e[8:]), le.Uint32(e[12:])
			part := sections[typeInstructions][8*from:][:8*n]
			le.PutUint32(e[8:], uint32(len(made[typeInstructions])/8))
			made[typePrograms] = append(made[typePrograms], e...)
			made[typeInstructions] = append(made[typeInstructions], part...)
		}
		classes := newNumbering(len(sections[typeClasses]) / 8)
		const runes = 3
		for e := made[typeInstructions]; len(e) > 0; e = e[8:] {
			if le.Uint16(e) == runes {
				classes.use(le.Uint32(e[4:]))
			}
		}
		classes.number()
		for e := made[typeInstructions]; len(e) > 0; e = e[8:] {
			if le.Uint16(e) == runes {
				le.PutUint32(e[4:], classes.of[le.Uint32(e[4:])])
			}
		}
		pooled(typeClasses, typeRanges, classes.used, 8, 0, 8)
		out = assemble(data[:headerSize], of, made[typeInstances:])
	}
	readAgain(out, records(out))
	Repair(out)
	return out, true
}

// A numbering gives new numbers to the used entries, in their old order.
type numbering struct {
	is   []bool
	used []uint32 // by old number
	of   []uint32 // new numbers, by old number
}

func newNumbering(n int) *numbering { return &numbering{is: make([]bool, n), of: make([]uint32, n)} }

func (n *numbering) use(i uint32) { n.is[i] = true }

func (n *numbering) number() {
	for i, is := range n.is {
		if is {
			n.of[i] = uint32(len(n.used))
			n.used = append(n.used, uint32(i))
		}
	}
}
