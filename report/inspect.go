package report

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// Hex writes every byte of a file, labelled with the part that it belongs to
// and what it says.
func Hex(w io.Writer, f *channelfile.File) error {
	const row = 16
	b := bufio.NewWriter(w)
	for path, r := range f.Layout() {
		data := f.Data()[r.Start:r.End]
		for at := 0; at < len(data); at += row {
			line := data[at:min(at+row, len(data))]
			label := ""
			if at == 0 {
				label = path
				if says := saying(path, data); says != "" {
					label = fmt.Sprintf("%-26s %s", path, says)
				}
			}
			fmt.Fprintf(b, "%s\n", strings.TrimRight(fmt.Sprintf("%08x  %-*s  %s", r.Start+at, 3*row-1, spaced(line), label), " "))
		}
	}
	return b.Flush()
}

func spaced(data []byte) string { return fmt.Sprintf("% x", data) }

// saying returns what a part of a file says, for a person.
func saying(path string, data []byte) string {
	section, field, _ := strings.Cut(path, ".")
	kind, _, _ := strings.Cut(section, "[")
	switch {
	case kind == "pool", kind == "textpool":
		return clean(strconv.Quote(shorten(string(data))))
	case kind == "instance" && field == "id":
		return channelfile.ID(data).String()
	case kind == "word":
		return channelfile.Word(binary.LittleEndian.Uint32(data)).String()
	case kind == "criterion" && field == "operator":
		return channelfile.Operator(data[0]).String()
	case kind == "criterion" && field == "flags":
		return flagNames(channelfile.Flags(data[0]))
	case kind == "section" && field == "type":
		return channelfile.SectionType(binary.LittleEndian.Uint32(data)).String()
	case path == "header.created":
		return created(binary.LittleEndian.Uint64(data))
	case path == "header.magic", kind == "padding", len(data) > 8:
		return ""
	}
	var n uint64
	for i, c := range data {
		n |= uint64(c) << (8 * i)
	}
	return strconv.FormatUint(n, 10)
}

func created(seconds uint64) string {
	return time.Unix(int64(min(seconds, channelfile.MaxCreated)), 0).UTC().Format(time.RFC3339)
}

func flagNames(flags channelfile.Flags) string {
	var names []string
	for _, f := range []struct {
		flag channelfile.Flags
		name string
	}{{channelfile.FlagFold, "fold"}, {channelfile.FlagAll, "all"}, {channelfile.FlagInputs, "inputs"}} {
		if flags&f.flag != 0 {
			names = append(names, f.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// shorten cuts a text to what fits a line.
func shorten(s string) string {
	const most = 72
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// Inspect writes what a file says, in the words of its authors where the file
// has them.
func Inspect(w io.Writer, f *channelfile.File, defs *sensor.Definitions) error {
	b := bufio.NewWriter(w)
	h := f.Header
	def := defs.ByNumber(h.Type, h.TypeVersion)
	name := "not known"
	if def != nil {
		name = def.Name
	}
	fmt.Fprintf(b, "channel        %d\nrevision       %d\ntype           %d (%s) version %d\n", h.Channel, h.Revision, h.Type, clean(name), h.TypeVersion)
	fmt.Fprintf(b, "inputs         %d declared, %d read\ncreated        %s\nsize           %d bytes\n", h.InputsDeclared, h.InputsRead, created(h.Created), h.FileSize)
	fmt.Fprintf(b, "header digest  %x\ncontent digest %x\n\n", f.HeaderDigest(), f.ContentDigest())
	for _, s := range f.Sections {
		fmt.Fprintf(b, "0x%08x  %-10s  %s, %s\n", s.Range.Start, s.Type, count(uint64(s.Range.Len()), "byte"), count(uint64(s.Count), "entry"))
	}
	for i := range f.Instances() {
		in, origin := f.Instance(i), f.Origin(i)
		fmt.Fprintf(b, "\ninstance %d  %v\n", i, in.ID)
		if f.HasProvenance() {
			fmt.Fprintf(b, "  %s\n  %s:%d\n", clean(strconv.Quote(origin.Title)), clean(origin.Path), origin.Line)
			if origin.Author != "" {
				fmt.Fprintf(b, "  by %s\n", clean(origin.Author))
			}
		}
		for _, line := range condition(f, def, in) {
			fmt.Fprintf(b, "    %s\n", clean(line))
		}
	}
	return b.Flush()
}

// condition returns the condition of an instance as lines, each operand of an
// and or an or below it and further in.
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

// criterion writes a criterion as a person would say it.
func criterion(f *channelfile.File, def *sensor.Definition, c channelfile.Criterion) string {
	name := fmt.Sprintf("input %d (index %d)", c.Input+1, c.Input)
	if def != nil && int(c.Input) < len(def.Inputs) {
		name = def.Inputs[c.Input].Name
	}
	var operands []string
	for v := range f.OperandValues(c) {
		operands = append(operands, operand(c.Operator, v))
	}
	for other := range f.OperandInputs(c) {
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
	const most = 8
	if more := len(operands) - most; more > 0 {
		operands = append(operands[:most], fmt.Sprintf("and %d more", more))
	}
	if len(operands) > 0 {
		text += " " + strings.Join(operands, ", ")
	}
	return text
}

func operand(op channelfile.Operator, v []byte) string {
	switch op {
	case channelfile.OpIntegerEquals:
		return strconv.FormatInt(channelfile.Integer(v, 0), 10)
	case channelfile.OpIntegerRange:
		return fmt.Sprintf("%d to %d", channelfile.Integer(v, 0), channelfile.Integer(v, 1))
	case channelfile.OpAddressRange:
		return fmt.Sprintf("%v to %v", channelfile.Address(v, 0), channelfile.Address(v, 1))
	}
	return strconv.Quote(shorten(string(v)))
}

// Needs writes what content requires of its reader.
func Needs(w io.Writer, name string, n *sensor.Needs) error {
	b := bufio.NewWriter(w)
	typ := n.TypeName
	if typ == "" {
		typ = "not known"
	}
	fmt.Fprintf(b, "%s\n", clean(name))
	fmt.Fprintf(b, "  type %d (%s) version %d, format %s\n", n.Type, clean(typ), n.TypeVersion, clean(n.Format))
	fmt.Fprintf(b, "  inputs declared %d, read %d\n", n.InputsDeclared, n.InputsRead)
	for _, in := range n.Inputs {
		name := in.Name
		if name == "" {
			name = "(not defined)"
		}
		fmt.Fprintf(b, "  input %d (index %d) %s: %s, %s", in.Index+1, in.Index, clean(name),
			count(uint64(in.Instances), "rule"), count(uint64(in.Criteria), "criterion"))
		if in.Coefficient > 0 {
			fmt.Fprintf(b, ", %s a byte of its length", count(in.Coefficient, "step"))
		}
		fmt.Fprintln(b)
		causes(b, in.First, in.Instances)
	}
	for _, op := range n.Operators {
		fmt.Fprintf(b, "  operator %v: %s, %s\n", op.Operator, count(uint64(op.Instances), "rule"), count(uint64(op.Criteria), "criterion"))
	}
	s := n.Sizes
	fmt.Fprintf(b, "  sizes: %s, %s, %s; at most %d words a condition, %d operands a criterion, %s a value, %d truths on the stack\n",
		count(s.FileSize, "byte"), count(s.Instances, "instance"), count(s.Criteria, "criterion"),
		s.WordsPerInstance, s.OperandsPerCriterion, count(s.ValueLength, "byte"), s.Stack)
	fmt.Fprintf(b, "  cost of an event: %s and what each input's length adds; memory %s\n", count(n.Constant, "step"), count(n.Memory, "byte"))
	return b.Flush()
}

// causes writes the rules that make a need.
func causes(w io.Writer, list []sensor.Cause, all int) {
	for _, c := range list {
		title := c.Title
		if title == "" {
			title = c.ID.String()
		}
		place := ""
		if c.Path != "" {
			place = "  " + clean(c.Path)
			if c.Line > 0 {
				place += ":" + strconv.Itoa(c.Line)
			}
		}
		fmt.Fprintf(w, "    %s%s\n", clean(strconv.Quote(title)), place)
	}
	if more := all - len(list); more > 0 {
		fmt.Fprintf(w, "    and %d more\n", more)
	}
}
