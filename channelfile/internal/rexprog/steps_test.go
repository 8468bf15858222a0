package rexprog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/corpus"
)

// This file is a second compiler of regular expressions: it follows the steps
// of FORMAT.md, "From a source to its program", by name, and shares no code
// with compile.go.

// A stepInst is an instruction before it has a number.
type stepInst struct {
	op       channelfile.InstOp
	out, arg *stepInst // arg of a split
	what     string    // the class or the assertion
}

// A stepPart is a part of an expression.
type stepPart struct {
	kind        string // one of runes, assertion, sequence, alternatives, repetition
	what        string // the rune or the assertion, as the source has it
	parts       []stepPart
	least, most int // most is -1 if there is none
}

// empty reports whether a part has no instructions: step 2.
func (p stepPart) empty() bool {
	switch p.kind {
	case "sequence":
		return !slices.ContainsFunc(p.parts, func(item stepPart) bool { return !item.empty() })
	case "repetition":
		return p.most == 0 || p.parts[0].empty()
	}
	return false
}

// makePart is make(part, next) of step 3.
func makePart(p stepPart, next *stepInst) *stepInst {
	if p.empty() {
		return next
	}
	switch p.kind {
	case "runes":
		return &stepInst{op: channelfile.InstRunes, out: next, what: p.what}
	case "assertion":
		return &stepInst{op: channelfile.InstAssert, out: next, what: p.what}
	case "sequence":
		for _, item := range slices.Backward(p.parts) {
			next = makePart(item, next)
		}
		return next
	case "alternatives":
		last := len(p.parts) - 1
		s := makePart(p.parts[last], next)
		for _, alternative := range slices.Backward(p.parts[:last]) {
			s = &stepInst{op: channelfile.InstSplit, out: makePart(alternative, next), arg: s}
		}
		return s
	}
	x, n, m := p.parts[0], p.least, p.most
	if m >= 0 {
		s := next
		for range m - n {
			s = &stepInst{op: channelfile.InstSplit, out: makePart(x, s), arg: next}
		}
		for range n {
			s = makePart(x, s)
		}
		return s
	}
	split := &stepInst{op: channelfile.InstSplit, arg: next}
	e := makePart(x, split)
	split.out = e
	if n == 0 {
		return split
	}
	s := e
	for range n - 1 {
		s = makePart(x, s)
	}
	return s
}

// numberParts is the pseudocode of step 4, line by line.
func numberParts(start *stepInst) []*stepInst {
	number := map[*stepInst]int{}
	var order []*stepInst
	stack := []*stepInst{start}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, has := number[i]; has {
			continue
		}
		number[i] = len(order)
		order = append(order, i)
		if i.op == channelfile.InstSplit {
			stack = append(stack, i.arg)
		}
		if i.op != channelfile.InstMatch {
			stack = append(stack, i.out)
		}
	}
	return order
}

// stepText writes numbered instructions as FORMAT.md does.
func stepText(order []*stepInst) string {
	number := map[*stepInst]int{}
	for n, i := range order {
		number[i] = n
	}
	var b strings.Builder
	for n, i := range order {
		switch i.op {
		case channelfile.InstMatch:
			fmt.Fprintf(&b, "%d match\n", n)
		case channelfile.InstSplit:
			fmt.Fprintf(&b, "%d split       out %d, arg %d\n", n, number[i.out], number[i.arg])
		default:
			fmt.Fprintf(&b, "%d %-6s %s  out %d\n", n, i.op, i.what, number[i.out])
		}
	}
	return b.String()
}

// instsOf returns the instructions of a program as those of this file, of which
// the first is where it starts.
func instsOf(p channelfile.Program) []*stepInst {
	insts := make([]*stepInst, p.Len())
	for i := range insts {
		insts[i] = &stepInst{}
	}
	for i := range insts {
		in := p.Inst(i)
		*insts[i] = stepInst{op: in.Op, out: insts[in.Out]}
		switch in.Op {
		case channelfile.InstSplit:
			insts[i].arg = insts[in.Arg]
		case channelfile.InstRunes:
			insts[i].what = p.ClassString(in.Arg)
		case channelfile.InstAssert:
			insts[i].what = channelfile.Assertion(in.Arg).String()
		}
	}
	return insts
}

// source writes a part as an expression.
func (p stepPart) source() string {
	var b strings.Builder
	switch p.kind {
	case "runes", "assertion":
		return p.what
	case "sequence", "alternatives":
		for i, part := range p.parts {
			if i > 0 && p.kind == "alternatives" {
				b.WriteByte('|')
			}
			b.WriteString(part.source())
		}
		return "(?:" + b.String() + ")"
	}
	body := p.parts[0].source()
	if p.parts[0].kind == "repetition" {
		body = "(" + body + ")"
	}
	switch [2]int{p.least, p.most} {
	case [2]int{0, 1}:
		return body + "?"
	case [2]int{0, -1}:
		return body + "*"
	case [2]int{1, -1}:
		return body + "+"
	}
	if p.most < 0 {
		return fmt.Sprintf("%s{%d,}", body, p.least)
	}
	return fmt.Sprintf("%s{%d,%d}", body, p.least, p.most)
}

// The assertions that drawPart draws, and what a program calls them.
var stepAssertions = map[string]string{
	"^": "begin text", "$": "end text", "(?m:^)": "begin line", "(?m:$)": "end line", `\b`: "word boundary", `\B`: "no word boundary",
}

// drawPart draws a part.
func drawPart(r *rand.Rand, depth int) stepPart {
	kind := r.IntN(10)
	if depth == 0 {
		kind = r.IntN(4)
	}
	several := func(kind string) stepPart {
		p := stepPart{kind: kind}
		for range 2 + r.IntN(3) {
			p.parts = append(p.parts, drawPart(r, depth-1))
		}
		return p
	}
	switch {
	case kind < 3:
		return stepPart{kind: "runes", what: string(rune('a' + r.IntN(4)))}
	case kind == 3 && r.IntN(2) == 0:
		return stepPart{kind: "sequence"}
	case kind == 3:
		return stepPart{kind: "assertion", what: []string{"^", "$", "(?m:^)", "(?m:$)", `\b`, `\B`}[r.IntN(6)]}
	case kind < 6:
		return several("sequence")
	case kind < 8:
		return several("alternatives")
	}
	p := stepPart{kind: "repetition", parts: []stepPart{drawPart(r, depth-1)}, least: r.IntN(3), most: -1}
	if r.IntN(2) == 0 {
		p.most = p.least + r.IntN(3)
	}
	return p
}

// The compiler makes what the steps of FORMAT.md make of random expressions.
func TestProgramsBySteps(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 1))
	loops := 0
	expressions := 20_000
	if testing.Short() {
		expressions = 4_000
	}
	for range expressions {
		part := drawPart(r, 1+r.IntN(4))
		source := part.source()
		p, err := channelfile.CompileRegexp(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		order := numberParts(makePart(part, &stepInst{op: channelfile.InstMatch}))
		for n, i := range order {
			switch i.op {
			case channelfile.InstRunes:
				i.what = "[" + i.what + "]"
			case channelfile.InstAssert:
				i.what = stepAssertions[i.what]
			case channelfile.InstSplit:
				if slices.Index(order, i.out) <= n {
					loops++
				}
			}
		}
		if got, want := stepText(instsOf(*p)), stepText(order); got != want {
			t.Fatalf("%s is\n%sby FORMAT.md, section 5, it is\n%s", source, got, want)
		}
	}
	if loops < 1000 {
		t.Errorf("%d splits lead back; expected more, for that is where two walks differ", loops)
	}
}

// The programs of the corpus that are those of their sources are numbered by
// the walk, and a worked program of FORMAT.md is what the compiler makes.
func TestProgramsNumbered(t *testing.T) {
	text, err := os.ReadFile("../../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	worked := workedPrograms(string(text))
	if len(worked) == 0 {
		t.Fatal("FORMAT.md has no worked program")
	}
	for source, block := range worked {
		p, err := channelfile.CompileRegexp(source)
		if err != nil {
			t.Errorf("the worked program of FORMAT.md: %v", err)
			continue
		}
		if got := stepText(instsOf(*p)); got != block {
			t.Errorf("FORMAT.md says that %s is\n%sthe compiler makes\n%s", source, block, got)
		}
	}

	sources := map[string]bool{}
	for source := range worked {
		sources[source] = true
	}
	for _, c := range corpus.Cases() {
		f, err := channelfile.Parse(c.Data)
		if err != nil {
			continue
		}
		for i := range f.Programs() {
			sources[f.Program(i).Source()] = true
		}
	}
	n := 0
	for source := range sources {
		p, err := channelfile.CompileRegexp(source)
		if err != nil {
			continue // of a case about that
		}
		n++
		insts := instsOf(*p)
		if got := numberParts(insts[0]); !slices.Equal(got, insts) {
			t.Errorf("the walk of FORMAT.md numbers %s as\n%sthe compiler makes\n%s", source, stepText(got), stepText(insts))
		}
	}
	if n < 15 {
		t.Errorf("%d expressions; the corpus had 15 and more once", n)
	}
}

// workedPrograms returns the blocks that follow a line "For example `x` is",
// by their sources.
func workedPrograms(format string) map[string]string {
	worked := map[string]string{}
	for _, after := range strings.Split(format, "\nFor example `")[1:] {
		source, rest, ok := strings.Cut(after, "` is\n\n```\n")
		if block, _, end := strings.Cut(rest, "```"); ok && end {
			worked[source] = block
		}
	}
	return worked
}
