package channelfile

// This file turns the tree of an expression into a program. FORMAT.md, section
// 5, specifies the construction step by step: two compilers that follow it make
// the same bytes.

// A compiler makes the instructions of one program, the last one first: each
// part is compiled for the instruction that follows it.
type compiler struct {
	insts []Inst
}

func (c *compiler) add(op InstOp, out, arg uint32) uint32 {
	c.insts = append(c.insts, Inst{op, out, arg})
	return uint32(len(c.insts) - 1)
}

// part makes the instructions of n, after which next follows, and returns the
// one at which they start. It recurses no deeper than groups nest.
func (c *compiler) part(n *regexpNode, next uint32) uint32 {
	switch n.kind {
	case regexpRunes:
		return c.add(InstRunes, next, n.arg)
	case regexpAssert:
		return c.add(InstAssert, next, n.arg)
	case regexpConcat:
		for i := len(n.parts) - 1; i >= 0; i-- {
			next = c.part(n.parts[i], next)
		}
		return next
	case regexpAlternate:
		last := len(n.parts) - 1
		start := c.part(n.parts[last], next)
		for i := last - 1; i >= 0; i-- {
			start = c.add(InstSplit, c.part(n.parts[i], next), start)
		}
		return start
	case regexpRepeat:
		return c.repeat(n, next)
	}
	return next // the empty expression
}

func (c *compiler) repeat(n *regexpNode, next uint32) uint32 {
	body := n.parts[0]
	start := next
	if n.most < 0 {
		// A split that each turn comes back to.
		split := c.add(InstSplit, 0, next)
		entry := c.part(body, split)
		c.insts[split].Out = entry
		start = split
		if n.least > 0 {
			start = entry
		}
		for range n.least - 1 {
			start = c.part(body, start)
		}
		return start
	}
	for range n.most - n.least {
		start = c.add(InstSplit, c.part(body, start), next)
	}
	for range n.least {
		start = c.part(body, start)
	}
	return start
}

// compile returns the program of an expression that was parsed.
func (r *parsedRegexp) compile() *Program {
	c := compiler{insts: make([]Inst, 0, r.root.size+1)}
	start := c.part(r.root, c.add(InstMatch, 0, 0))

	// Instructions get their numbers in the order in which a walk meets them.
	const unmet = ^uint32(0)
	number := make([]uint32, len(c.insts))
	for i := range number {
		number[i] = unmet
	}
	order := make([]uint32, 0, len(c.insts))
	stack := []uint32{start}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if number[i] != unmet {
			continue
		}
		number[i] = uint32(len(order))
		order = append(order, i)
		switch in := c.insts[i]; in.Op {
		case InstSplit:
			stack = append(stack, in.Arg, in.Out)
		case InstRunes, InstAssert:
			stack = append(stack, in.Out)
		}
	}
	// So do classes.
	classNumber := make([]uint32, len(r.classes))
	for i := range classNumber {
		classNumber[i] = unmet
	}
	p := &Program{source: []byte(r.source), insts: make([]byte, 0, len(order)*instSize)}
	for _, i := range order {
		in := c.insts[i]
		switch in.Op {
		case InstRunes:
			if classNumber[in.Arg] == unmet {
				classNumber[in.Arg] = uint32(len(p.classes) / classSize)
				p.appendClass(r.classes[in.Arg])
			}
			in.Out, in.Arg = number[in.Out], classNumber[in.Arg]
		case InstSplit:
			in.Out, in.Arg = number[in.Out], number[in.Arg]
		case InstAssert:
			in.Out = number[in.Out]
		}
		p.insts = le.AppendUint16(p.insts, uint16(in.Op))
		p.insts = le.AppendUint16(p.insts, uint16(in.Out))
		p.insts = le.AppendUint32(p.insts, in.Arg)
	}
	return p
}

func (p *Program) appendClass(s runeSet) {
	p.classes = le.AppendUint32(p.classes, uint32(len(p.ranges)/rangeSize))
	p.classes = le.AppendUint32(p.classes, uint32(len(s)))
	for _, r := range s {
		p.ranges = le.AppendUint32(p.ranges, uint32(r.lo))
		p.ranges = le.AppendUint32(p.ranges, uint32(r.hi))
	}
}
