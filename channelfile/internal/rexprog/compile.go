// Package rexprog compiles regular expressions to the programs of channel files.
//
// FORMAT.md, section 5, specifies the syntax of an expression, the construction
// of its program step by step, and the Unicode tables. Two compilers that follow
// it produce the same bytes.
package rexprog

import (
	"encoding/binary"
	"fmt"
)

// The limits of FORMAT.md, section 10, that an expression is checked against.
// Package channelfile exports them.
const (
	MaxExpressionLength = 1 << 14 // bytes of the source
	MaxNesting          = 250     // groups inside each other
	MaxRepetition       = 1000    // a count, and the product of counts inside each other
	MaxInstructions     = 1 << 13 // instructions of a program
	MaxRanges           = 1 << 12 // ranges of a class of runes
)

// The operations of the instructions of a program.
const (
	OpMatch  = 1 // the expression matches
	OpSplit  = 2 // continue at out and at arg
	OpRunes  = 3 // consume a rune of class arg and continue at out
	OpAssert = 4 // continue at out if assertion arg holds here
)

// The assertions about a place between two runes.
const (
	AssertBeginText  = 1
	AssertEndText    = 2
	AssertBeginLine  = 3
	AssertEndLine    = 4
	AssertBoundary   = 5
	AssertNoBoundary = 6
)

// A Kind tells why an expression does not compile.
type Kind uint8

// The kinds of errors.
const (
	Malformed      Kind = iota // not a regular expression
	NotExpressible             // a feature that programs do not have
	Limit                      // a limit of the format is exceeded
)

// An Error describes the first error in an expression.
type Error struct {
	Offset int // of the error, in bytes; the length of the expression if its end is missing
	Kind   Kind
	Detail string // the fault and the remedy
}

func (e *Error) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.Detail) }

// Code is a program as a file stores it. Its classes are numbered for this
// program alone: class 0 is the first one that the program uses.
type Code struct {
	Insts   []byte // instructions: op and out with 2 bytes each, then arg with 4 bytes
	Classes []byte // classes: index of the first range and number of ranges, with 4 bytes each
	Ranges  []byte // ranges: first and last rune, with 4 bytes each
}

// The sizes of the entries of a Code, in bytes.
const (
	classSize = 8
	rangeSize = 8
)

var le = binary.LittleEndian

// A Compiler compiles one expression after another and reuses its memory. The
// zero Compiler is ready to use.
type Compiler struct {
	parser
	// The instructions in reverse order, because each part is compiled after the
	// instruction that follows it.
	insts  []inst
	number []uint32 // for each of insts, its number in the program
	order  []uint32 // indices of insts, in the order of the program
	stack  []uint32
	met    []uint32 // for each class of the parser, its number in the program
}

type inst struct {
	op       uint16
	out, arg uint32
}

// Parse reads an expression. An error is a [*Error]. It takes time and memory
// linear in the sizes of the expression and of its program, which have limits.
func (c *Compiler) Parse(expression string) error { return c.parse(expression) }

// Size returns the number of instructions of the expression that was parsed last.
func (c *Compiler) Size() int { return c.nodes[c.root].size + 1 }

// Work returns the work that all expressions took up to now. A unit takes about
// 3 nanoseconds.
func (c *Compiler) Work() uint64 { return c.work }

func (c *Compiler) add(op uint16, out, arg uint32) uint32 {
	c.insts = append(c.insts, inst{op, out, arg})
	return uint32(len(c.insts) - 1)
}

// part adds the instructions of a node, which continue at next. It returns the
// index of their first instruction. The recursion is no deeper than the nesting
// of groups.
func (c *Compiler) part(node int32, next uint32) uint32 {
	n := &c.nodes[node]
	parts := c.parts[n.first:][:n.count]
	switch n.kind {
	case kindRunes:
		return c.add(OpRunes, next, n.arg)
	case kindAssert:
		return c.add(OpAssert, next, n.arg)
	case kindConcat:
		for i := len(parts) - 1; i >= 0; i-- {
			next = c.part(parts[i], next)
		}
		return next
	case kindAlternate:
		last := len(parts) - 1
		start := c.part(parts[last], next)
		for i := last - 1; i >= 0; i-- {
			start = c.add(OpSplit, c.part(parts[i], next), start)
		}
		return start
	case kindRepeat:
		return c.repeat(parts[0], n.least, n.most, next)
	}
	return next // the empty expression
}

func (c *Compiler) repeat(body int32, least, most int, next uint32) uint32 {
	start := next
	if most < 0 {
		// A split to which each iteration returns.
		split := c.add(OpSplit, 0, next)
		entry := c.part(body, split)
		c.insts[split].out = entry
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
		start = c.add(OpSplit, c.part(body, start), next)
	}
	for range least {
		start = c.part(body, start)
	}
	return start
}

// unmet is the number of an instruction or a class that the walk has not
// reached.
const unmet = ^uint32(0)

// unmetList returns a list of n numbers that are all unmet. It reuses list.
func unmetList(list []uint32, n int) []uint32 {
	list = list[:0]
	for range n {
		list = append(list, unmet)
	}
	return list
}

// Compile writes the program of the expression that was parsed last, which had
// no error. It reuses the memory of code.
func (c *Compiler) Compile(code *Code) {
	c.insts = c.insts[:0]
	start := c.part(c.root, c.add(OpMatch, 0, 0))

	// A walk through the program numbers the instructions in the order in which
	// it reaches them.
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
		switch in := c.insts[i]; in.op {
		case OpSplit:
			c.stack = append(c.stack, in.arg, in.out)
		case OpRunes, OpAssert:
			c.stack = append(c.stack, in.out)
		}
	}
	// The classes are numbered in the same order.
	c.met = unmetList(c.met, len(c.classes))
	code.Insts, code.Classes, code.Ranges = code.Insts[:0], code.Classes[:0], code.Ranges[:0]
	for _, i := range c.order {
		in := c.insts[i]
		switch in.op {
		case OpRunes:
			if c.met[in.arg] == unmet {
				c.met[in.arg] = uint32(len(code.Classes) / classSize)
				code.appendClass(c.rangesOf(in.arg))
			}
			in.out, in.arg = c.number[in.out], c.met[in.arg]
		case OpSplit:
			in.out, in.arg = c.number[in.out], c.number[in.arg]
		case OpAssert:
			in.out = c.number[in.out]
		}
		code.Insts = le.AppendUint16(code.Insts, in.op)
		code.Insts = le.AppendUint16(code.Insts, uint16(in.out))
		code.Insts = le.AppendUint32(code.Insts, in.arg)
	}
}

func (code *Code) appendClass(s runeSet) {
	code.Classes = le.AppendUint32(code.Classes, uint32(len(code.Ranges)/rangeSize))
	code.Classes = le.AppendUint32(code.Classes, uint32(len(s)))
	for _, r := range s {
		code.Ranges = le.AppendUint32(code.Ranges, uint32(r.lo))
		code.Ranges = le.AppendUint32(code.Ranges, uint32(r.hi))
	}
}
