package channelfile

// This file turns the tree of an expression into a program. FORMAT.md, section
// 5, specifies the construction step by step: two compilers that follow it make
// the same bytes.

// A regexpCompiler makes programs of expressions, one after another.
type regexpCompiler struct {
	regexpParser
	insts  []Inst   // the last one of the program first: each part is compiled for the instruction that follows it
	number []uint32 // of each of insts, in the program
	order  []uint32 // insts in the order of the program
	stack  []uint32
	met    []uint32 // of each class of the parser its number in the program
}

func (c *regexpCompiler) add(op InstOp, out, arg uint32) uint32 {
	c.insts = append(c.insts, Inst{op, out, arg})
	return uint32(len(c.insts) - 1)
}

// part makes the instructions of a node, after which next follows, and returns
// the one at which they start. It recurses no deeper than groups nest.
func (c *regexpCompiler) part(node int32, next uint32) uint32 {
	n := &c.nodes[node]
	parts := c.parts[n.first:][:n.count]
	switch n.kind {
	case regexpRunes:
		return c.add(InstRunes, next, n.arg)
	case regexpAssert:
		return c.add(InstAssert, next, n.arg)
	case regexpConcat:
		for i := len(parts) - 1; i >= 0; i-- {
			next = c.part(parts[i], next)
		}
		return next
	case regexpAlternate:
		last := len(parts) - 1
		start := c.part(parts[last], next)
		for i := last - 1; i >= 0; i-- {
			start = c.add(InstSplit, c.part(parts[i], next), start)
		}
		return start
	case regexpRepeat:
		return c.repeat(parts[0], n.least, n.most, next)
	}
	return next // the empty expression
}

func (c *regexpCompiler) repeat(body int32, least, most int, next uint32) uint32 {
	start := next
	if most < 0 {
		// A split that each turn comes back to.
		split := c.add(InstSplit, 0, next)
		entry := c.part(body, split)
		c.insts[split].Out = entry
		start = split
		if least > 0 {
			start = entry
		}
		for range least - 1 {
			start = c.part(body, start)
		}
		return start
	}
	for range most - least {
		start = c.add(InstSplit, c.part(body, start), next)
	}
	for range least {
		start = c.part(body, start)
	}
	return start
}

// unmet is the number of what the walk through a program has not met.
const unmet = ^uint32(0)

// unmetList returns a list of n numbers that are unmet. It reuses list.
func unmetList(list []uint32, n int) []uint32 {
	list = list[:0]
	for range n {
		list = append(list, unmet)
	}
	return list
}

// compile makes the program of the expression that was parsed last. It reuses
// what p has.
func (c *regexpCompiler) compile(p *Program) {
	c.insts = c.insts[:0]
	start := c.part(c.root, c.add(InstMatch, 0, 0))

	// Instructions get their numbers in the order in which a walk meets them.
	c.number = unmetList(c.number, len(c.insts))
	c.order = c.order[:0]
	c.stack = append(c.stack[:0], start)
	for len(c.stack) > 0 {
		i := c.stack[len(c.stack)-1]
		c.stack = c.stack[:len(c.stack)-1]
		if c.number[i] != unmet {
			continue
		}
		c.number[i] = uint32(len(c.order))
		c.order = append(c.order, i)
		switch in := c.insts[i]; in.Op {
		case InstSplit:
			c.stack = append(c.stack, in.Arg, in.Out)
		case InstRunes, InstAssert:
			c.stack = append(c.stack, in.Out)
		}
	}
	// So do classes.
	c.met = unmetList(c.met, len(c.classes))
	p.source = append(p.source[:0], c.source...)
	p.insts, p.classes, p.ranges = p.insts[:0], p.classes[:0], p.ranges[:0]
	for _, i := range c.order {
		in := c.insts[i]
		switch in.Op {
		case InstRunes:
			if c.met[in.Arg] == unmet {
				c.met[in.Arg] = uint32(len(p.classes) / classSize)
				p.appendClass(c.rangesOf(in.Arg))
			}
			in.Out, in.Arg = c.number[in.Out], c.met[in.Arg]
		case InstSplit:
			in.Out, in.Arg = c.number[in.Out], c.number[in.Arg]
		case InstAssert:
			in.Out = c.number[in.Out]
		}
		p.insts = le.AppendUint16(p.insts, uint16(in.Op))
		p.insts = le.AppendUint16(p.insts, uint16(in.Out))
		p.insts = le.AppendUint32(p.insts, in.Arg)
	}
}

func (p *Program) appendClass(s runeSet) {
	p.classes = le.AppendUint32(p.classes, uint32(len(p.ranges)/rangeSize))
	p.classes = le.AppendUint32(p.classes, uint32(len(s)))
	for _, r := range s {
		p.ranges = le.AppendUint32(p.ranges, uint32(r.lo))
		p.ranges = le.AppendUint32(p.ranges, uint32(r.hi))
	}
}
