package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// ipc returns the built-in template type for named pipes.
func ipc(t testing.TB) *sensor.Definition {
	t.Helper()
	d := builtin.Definitions().ByName("ipc", 1)
	if d == nil {
		t.Fatal("the built-in definitions have no type ipc version 1")
	}
	return d
}

// pipes is the logsource of the rules that [ruleOf] makes.
var pipes = []sensor.Logsource{{Product: "windows", Category: "pipe_created"}}

// typed returns a definition with inputs of every type.
func typed() *sensor.Definition {
	return &sensor.Definition{Name: "ipc", Number: 1, Version: 7, Channel: 291, Logsources: pipes, Keywords: []string{"A", "B"}, Inputs: []sensor.Input{
		{Name: "A", Type: sensor.TypeString},
		{Name: "B", Type: sensor.TypeString},
		{Name: "N", Type: sensor.TypeInteger},
		{Name: "M", Type: sensor.TypeInteger},
		{Name: "IP", Type: sensor.TypeAddress},
		{Name: "Peer", Type: sensor.TypeAddress},
	}}
}

// ruleOf returns a rule with the given lines of its detection, which must be
// indented. The detection begins in line 8.
func ruleOf(detection string) string {
	return `title: Case
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
author: Jane Doe
logsource:
    category: pipe_created
    product: windows
detection:
` + strings.TrimLeft(detection, "\n")
}

// compileText parses and compiles the single rule in a text, and returns its
// channel file.
func compileText(text string, def *sensor.Definition) (*channelfile.File, error) {
	rules, err := Parse("case.yml", []byte(text))
	if err != nil {
		return nil, err
	}
	if len(rules) != 1 {
		return nil, fmt.Errorf("text has %d rules; expected one", len(rules))
	}
	return buildFile(rules, def)
}

// buildFile compiles rules for one type and returns the channel file.
func buildFile(rules []*Rule, def *sensor.Definition) (*channelfile.File, error) {
	return buildWith(rules, def, nil)
}

// buildWith is buildFile with values for placeholders.
func buildWith(rules []*Rule, def *sensor.Definition, placeholders Placeholders) (*channelfile.File, error) {
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: def.Channel, Revision: 1, Type: def.Number, TypeVersion: def.Version, InputsDeclared: uint16(len(def.Inputs)),
	})
	for _, r := range rules {
		c, err := Compile(r, def, placeholders)
		if err != nil {
			return nil, err
		}
		if err := b.Add(c.ID, c.Condition, &c.Origin); err != nil {
			return nil, fmt.Errorf("what Compile accepted, the Builder does not: %w", err)
		}
	}
	data, err := b.Encode()
	if err != nil {
		return nil, err
	}
	return channelfile.Parse(data)
}

// dump returns the condition of each instance as a tree, with the source of
// each criterion.
func dump(f *channelfile.File, def *sensor.Definition) string {
	var b strings.Builder
	for i := range f.Instances() {
		in, origin := f.Instance(i), f.Origin(i)
		fmt.Fprintf(&b, "%v %q by %q, %s:%d\n", in.ID, origin.Title, origin.Author, origin.Path, origin.Line)
		var stack []string
		for w := in.First; w < in.First+in.Count; w++ {
			word := f.Word(w)
			if word.IsReference() {
				line, text := f.Use(w)
				stack = append(stack, fmt.Sprintf("%s  <- %d: %s\n", reference(f, word, def), line, text))
				continue
			}
			name := "and"
			if word.IsOr() {
				name = "or"
			}
			args := strings.Join(stack[len(stack)-word.Operands():], "")
			stack = append(stack[:len(stack)-word.Operands()], name+"\n"+indent(args))
		}
		b.WriteString(indent(strings.Join(stack, "")))
	}
	return b.String()
}

func indent(s string) string {
	return "    " + strings.TrimSuffix(strings.ReplaceAll(s, "\n", "\n    "), "    ")
}

func reference(f *channelfile.File, w channelfile.Word, def *sensor.Definition) string {
	c := f.Criterion(w.Criterion())
	var b strings.Builder
	if w.Negated() {
		b.WriteString("not ")
	}
	fmt.Fprintf(&b, "%s %v", def.Inputs[c.Input].Name, c.Operator)
	if c.Flags&channelfile.FlagFold != 0 {
		b.WriteString(" folded")
	}
	if c.Count > 1 {
		if c.Flags&channelfile.FlagAll != 0 {
			b.WriteString(" all of")
		} else {
			b.WriteString(" any of")
		}
	}
	if c.Operator == channelfile.OpRegexp {
		for i := range c.Count {
			fmt.Fprintf(&b, " /%s/", f.Program(f.Operand(c.First+i)).Source())
		}
		return b.String()
	}
	for v := range f.OperandValues(c) {
		switch c.Operator {
		case channelfile.OpIntegerEquals:
			fmt.Fprintf(&b, " %d", v.Integer())
		case channelfile.OpIntegerRange:
			least, greatest := v.IntegerRange()
			fmt.Fprintf(&b, " %d..%d", least, greatest)
		case channelfile.OpAddressRange:
			fmt.Fprintf(&b, " %v..%v", address(v[:16]), address(v[16:]))
		default:
			fmt.Fprintf(&b, " `%s`", v)
		}
	}
	for in := range f.OperandInputs(c) {
		fmt.Fprintf(&b, " field %s", def.Inputs[in].Name)
	}
	return b.String()
}
