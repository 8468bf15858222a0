package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/anatomy"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// Hex writes every byte of a file, labelled with the name of its part in FORMAT.md
// and its meaning. It also marks bytes that belong to no part or to two parts. A
// file in normal form has no such bytes.
func Hex(w io.Writer, f *channelfile.File) error {
	b := bufio.NewWriter(w) // its error sticks until Flush
	for p := range anatomy.Of(".cf", f.Data()).Parts() {
		says := p.Says
		if overlaps(f, p.Path, channelfile.Range{Start: p.Start, End: p.End}) {
			says = strings.TrimLeft(says+" (sections overlap)", " ")
		}
		hexRows(b, f.Data(), p, says)
	}
	return b.Flush()
}

// overlaps reports whether a part lies in a section of another kind.
func overlaps(f *channelfile.File, path string, r channelfile.Range) bool {
	others := -1
	if path == "padding" {
		others = 0
	}
	for _, s := range f.Sections {
		if r.Start < s.Range.End && s.Range.Start < r.End {
			others++
		}
	}
	return others > 0
}

// hexRows writes one part of the file in rows. The first row has the label.
func hexRows(w io.Writer, data []byte, p anatomy.Part, says string) {
	const row = 16
	label := p.Path
	if says != "" {
		label = fmt.Sprintf("%-26s %s", p.Path, says)
	}
	for at := p.Start; at < p.End; at += row {
		line := fmt.Sprintf("%08x  %-*s  %s", at, 3*row-1, fmt.Sprintf("% x", data[at:min(at+row, p.End)]), label)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
		label = ""
	}
}

func created(seconds uint64) string {
	return time.Unix(int64(min(seconds, channelfile.MaxCreated)), 0).UTC().Format(time.RFC3339)
}

// Inspect writes the content of a file for people: the header, the sections, each
// instance with its condition and provenance, and each program. The definitions
// name the inputs; defs may be nil.
func Inspect(w io.Writer, f *channelfile.File, defs *sensor.Definitions) error {
	b := bufio.NewWriter(w)
	h := f.Header
	def := defs.ByNumber(h.Type, h.TypeVersion)
	name := "not known"
	if def != nil {
		name = def.Name
	}
	fmt.Fprintf(b, "channel        %d\nrevision       %d\ntype           %d (%s) version %d\n", h.Channel, h.Revision, h.Type, Clean(name), h.TypeVersion)
	fmt.Fprintf(b, "inputs         %d declared, %d read\ncreated        %s\nsize           %d bytes\n", h.InputsDeclared, h.InputsRead, created(h.Created), h.FileSize)
	fmt.Fprintf(b, "header digest  %x\ncontent digest %x\n\n", f.HeaderDigest(), f.ContentDigest())
	for _, s := range f.Sections {
		fmt.Fprintf(b, "0x%08x  %-12s  %s", s.Range.Start, s.Type, count(uint64(s.Range.Len()), "byte"))
		if s.Count != s.Range.Len() {
			fmt.Fprintf(b, ", %s", count(uint64(s.Count), "entry"))
		}
		fmt.Fprintln(b)
	}
	for i := range f.Instances() {
		in, origin := f.Instance(i), f.Origin(i)
		fmt.Fprintf(b, "\ninstance %d  %v\n", i, in.ID)
		if f.HasProvenance() {
			fmt.Fprintf(b, "  %s\n  %s:%d\n", Clean(strconv.Quote(short(origin.Title))), Clean(short(origin.Path)), origin.Line)
			if origin.Author != "" {
				fmt.Fprintf(b, "  by %s\n", Clean(short(origin.Author)))
			}
		}
		for _, line := range condition(f, def, in) {
			fmt.Fprintf(b, "    %s\n", line)
		}
	}
	for i := range f.Programs() {
		p := f.Program(i)
		r := f.SourceRange(i)
		fmt.Fprintf(b, "\nprogram %d  %s  %s\n", i, anatomy.Literal(f.Data()[r.Start:r.End]), count(uint64(p.Len()), "instruction"))
		disassemble(b, p)
	}
	return b.Flush()
}

// disassemble writes each instruction of a program on a line. A row of equal rune
// instructions is one line, because a counted repetition has a thousand of them.
func disassemble(w io.Writer, p channelfile.Program) {
	for i := 0; i < p.Len(); {
		in, n := p.Inst(i), 1
		row := func(k int) bool { return in.Op == channelfile.InstRunes && int(p.Inst(k).Out) == k+1 }
		for row(i) && i+n < p.Len() && row(i+n) && p.Inst(i+n).Op == in.Op && p.Inst(i+n).Arg == in.Arg {
			n++
		}
		if n > 2 {
			fmt.Fprintf(w, "    %4d  %s to %d, and so on up to %d\n", i, p.ClassString(in.Arg), i+1, i+n)
		} else {
			n = 1
			fmt.Fprintf(w, "    %4d  %s\n", i, p.InstString(i))
		}
		i += n
	}
}

// short shortens a text of the provenance as findings do, because any number of
// instances may share a long text.
func short(s string) string {
	n := 0
	for i := range s {
		if n == validate.MaxText {
			return s[:i] + "..."
		}
		n++
	}
	return s
}

// condition returns the condition of an instance as lines. The operands of "and"
// and "or" are indented below it.
func condition(f *channelfile.File, def *sensor.Definition, in channelfile.Instance) []string {
	var stack [][]string
	for w := in.First; w < in.First+in.Count; w++ {
		word := f.Word(w)
		if word.IsReference() {
			text := criterion(f, def, f.Criterion(word.Criterion()))
			if word.Negated() {
				text = "not " + text
			}
			stack = append(stack, []string{text})
			continue
		}
		joined := []string{"all of"}
		if word.IsOr() {
			joined[0] = "any of"
		}
		first := len(stack) - word.Operands()
		for _, operand := range stack[first:] {
			for _, line := range operand {
				joined = append(joined, "  "+line)
			}
		}
		stack = append(stack[:first], joined)
	}
	var lines []string
	for _, operand := range stack {
		lines = append(lines, operand...)
	}
	return lines
}

// criterion returns a criterion in words.
func criterion(f *channelfile.File, def *sensor.Definition, c channelfile.Criterion) string {
	name := fmt.Sprintf("input %d (index %d)", c.Input+1, c.Input)
	if def != nil && int(c.Input) < len(def.Inputs) {
		name = Clean(def.Inputs[c.Input].Name)
	}
	// Read only the operands that are shown, because many instances may refer
	// to one long list.
	const most = 8
	var operands []string
	for v := range f.OperandValues(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, anatomy.OperandText(c.Operator, v))
	}
	for p := range f.OperandPrograms(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, anatomy.Literal([]byte(p.Source())))
	}
	for other := range f.OperandInputs(c) {
		if len(operands) == most {
			break
		}
		operands = append(operands, fmt.Sprintf("the value of input %d (index %d)", other+1, other))
	}
	text := name + " " + c.Operator.String()
	if c.Flags&channelfile.FlagFold != 0 {
		text += " (any case)"
	}
	if c.Count > 1 {
		if c.Flags&channelfile.FlagAll != 0 {
			text += " all of"
		} else {
			text += " any of"
		}
	}
	if more := c.Count - most; more > 0 {
		operands = append(operands, fmt.Sprintf("and %d more", more))
	}
	if len(operands) > 0 {
		text += " " + strings.Join(operands, ", ")
	}
	return text
}

// Needs writes the needs of content for people, and the feeds that can supply them.
// def is the definition of its type version, or nil if that is unknown.
func Needs(w io.Writer, name string, n *sensor.Needs, def *sensor.Definition) error {
	b := bufio.NewWriter(w)
	typ := n.TypeName
	if typ == "" {
		typ = "not known"
	}
	fmt.Fprintf(b, "%s\n", Clean(name))
	fmt.Fprintf(b, "  type %d (%s) version %d, format %s\n", n.Type, Clean(typ), n.TypeVersion, Clean(n.Format))
	read := "no input is read"
	if n.InputsRead > 0 {
		read = fmt.Sprintf("the highest input read is %d", n.InputsRead)
	}
	fmt.Fprintf(b, "  inputs declared %d, %s\n", n.InputsDeclared, read)
	for _, in := range n.Inputs {
		name := in.Name
		if name == "" {
			name = "(not defined)"
		}
		fmt.Fprintf(b, "  input %d (index %d) %s: %s, %s", in.Index+1, in.Index, Clean(name),
			count(uint64(in.Instances), "rule"), count(uint64(in.Criteria), "criterion"))
		if in.Coefficient > 0 {
			fmt.Fprintf(b, ", %s per byte of its length", count(in.Coefficient, "step"))
		}
		fmt.Fprintln(b)
		if s := SuppliedBy(def, in.Index); s != "" {
			fmt.Fprintf(b, "    %s\n", Clean(s))
		}
		causes(b, in.First, in.Instances)
	}
	for _, op := range n.Operators {
		fmt.Fprintf(b, "  operator %v: %s, %s\n", op.Operator, count(uint64(op.Instances), "rule"), count(uint64(op.Criteria), "criterion"))
		causes(b, op.First, op.Instances)
	}
	s := n.Sizes
	fmt.Fprintf(b, "  sizes: %s, %s, %s; at most %s per condition, %s per criterion, %s per value, %s on the stack\n",
		count(s.FileSize, "byte"), count(s.Instances, "instance"), count(s.Criteria, "criterion"),
		count(s.WordsPerInstance, "word"), count(s.OperandsPerCriterion, "operand"), count(s.ValueLength, "byte"), count(s.Stack, "truth"))
	if s.ProgramInstructions > 0 {
		fmt.Fprintf(b, "  the longest program of a regular expression has %s\n", count(s.ProgramInstructions, "instruction"))
	}
	more := ""
	if slices.ContainsFunc(n.Inputs, func(in sensor.InputNeed) bool { return in.Coefficient > 0 }) {
		more = " plus the steps for the lengths of the inputs"
	}
	fmt.Fprintf(b, "  cost of an event: %s%s; memory %s\n", count(n.Constant, "step"), more, count(n.Memory, "byte"))
	return b.Flush()
}

// causes writes the rules that cause a need.
func causes(w io.Writer, list []sensor.Cause, all int) {
	for _, c := range list {
		name := c.ID.String()
		if c.Title != "" {
			name = strconv.Quote(c.Title)
		}
		place := ""
		if c.Path != "" {
			place = "  " + Clean(c.Path)
			if c.Line > 0 {
				place += ":" + strconv.Itoa(c.Line)
			}
		}
		fmt.Fprintf(w, "    %s%s\n", Clean(name), place)
	}
	if more := all - len(list); more > 0 {
		fmt.Fprintf(w, "    and %d more\n", more)
	}
}
