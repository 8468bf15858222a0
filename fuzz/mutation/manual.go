package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// A manualChange is a mutant written by hand: a text of a file and its replacement.
type manualChange struct {
	part, file, why string
	before, after   string
	equivalent      string // reason why nothing changes; "" means that the oracle must detect it
}

// manualChanges has mistakes that people made or might make.
var manualChanges = []manualChange{
	{
		part: "gate", file: "validate/contract/contract.go",
		why:    "a contract supplies every declared input, as in July 2024",
		before: "var unlisted = sensor.SuppliedInput{State: sensor.StateNotSupplied}",
		after:  "var unlisted = sensor.SuppliedInput{Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 16}",
	},
	{
		part: "gate", file: "validate/contract/inputs_supplied.go",
		why:    "the inputs read are compared with the inputs that the file declares",
		before: "f.input(p, need.Index).State == sensor.StateNotSupplied {\n\t\t\t\t\tbad",
		after:  "need.Index >= p.Needs.InputsDeclared {\n\t\t\t\t\tbad",
	},
	{
		part: "gate", file: "validate/report.go",
		why:    "an early acceptance: a skipped check counts as a check that ran",
		before: "len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0",
		after:  "len(r.Undecided) > 0 || len(r.Ran) == 0",

		equivalent: "another check detects the same, on purpose",
	},
	{
		part: "gate", file: "validate/report.go",
		why:    "an early acceptance: the reasons for an undecided verdict are ignored",
		before: "len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0",
		after:  "len(r.Skipped) > 0 || len(r.Ran) == 0",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "builds with different budgets count as the same",
		before: "r.Limits.Revision, r.Budget.Steps, r.Budget.Memory,",
		after:  "r.Limits.Revision, r.Budget.Memory,",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "builds that supply different types count as the same",
		before: "b = append(b, byte(in.Type), byte(in.State))",
		after:  "b = append(b, byte(in.State))",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "an acknowledgement never expires",
		before: "return !a.Until.Before(now)",
		after:  "return true",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "the second input of a comparison is not read",
		before: "\t\tif in := &t.inputs[other]; in.last != i+1 {",
		after:  "\t\tif in := &t.inputs[other]; in.last != i+1 && other < 0 {",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "a list of contains is charged as one operand",
		before: "\t\treturn criteria + lengths + operands, lengths + operands\n",
		after:  "\t\treturn criteria + lengths + operands, criteria + lengths/max(operands, 1)\n",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "a program is charged for its instructions, not for the tests of ranges",
		before: "\t\t\tc += uint64(bits.Len(uint(p.Ranges(in.Arg))))\n",
		after:  "\t\t\tc += 0 * uint64(bits.Len(uint(p.Ranges(in.Arg))))\n",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "an unknown length is zero",
		before: "\treturn length, length > 0\n",
		after:  "\treturn length, true\n",
	},
	{
		part: "decoders", file: "channelfile/conform.go",
		why:    "only the first section is hashed",
		before: "\t\tif f.SectionDigest(i) != f.Sections[i].Digest {",
		after:  "\t\tif i == 0 && f.SectionDigest(i) != f.Sections[i].Digest {",
	},
	{
		part: "decoders", file: "channelfile/internal/casefold/fold.go",
		why:    "only ASCII is folded",
		before: "\tif i < len(Table) {\n\t\tif t",
		after:  "\tif i < 0 {\n\t\tif t",
	},
	{
		part: "decoders", file: "channelfile/scan.go",
		why:    "the end of a value is computed in 32 bits",
		before: "start+length > uint64(len(pool))",
		after:  "uint64(uint32(start)+uint32(length)) > uint64(len(pool))",

		equivalent: "the sum is at most the size of the pool plus 65,535",
	},
	{
		part: "sensors", file: "sensor/interp/interpreter.go",
		why:    "a missing input is absent for positional readers too",
		before: "\tif it.access == sensor.AccessNamed {\n\t\treturn &absent, nil",
		after:  "\tif it.access <= sensor.AccessNamed {\n\t\treturn &absent, nil",
	},
	{
		part: "sensors", file: "sensor/interp/interpreter.go",
		why:    "an or ends at the first false operand",
		before: "\t\t\t\ttruth = truth || operand\n",
		after:  "\t\t\t\ttruth = truth && operand\n",
	},
	{
		part: "sensors", file: "sensor/interp/model.go",
		why:    "the model sensor trusts the number of inputs",
		before: "\tif i >= len(m.inputs) {\n\t\tpanic",
		after:  "\tif i > len(m.inputs) {\n\t\tpanic",
	},
	{
		part: "sensors", file: "sensor/interp/model.go",
		why:    "the model sensor does not check the range of operands",
		before: "\tm.check(operands, first*4, count*4)\n",
		after:  "\tm.check(operands, first*4, 0)\n",

		equivalent: "another check detects the same, on purpose",
	},
	{
		part: "meaning", file: "sensor/meaning/field.go",
		why:    "a test that must fail asks for a value that is present",
		before: "\t\tpresent = present || !l.negated\n",
		after:  "\t\tpresent = present || l.test != nil\n",
	},
	{
		part: "meaning", file: "sensor/meaning/alphabet.go",
		why:    "only letters of ASCII have another case",
		before: "\tlist := append([]rune(nil), unfold()[r]...)\n",
		after:  "\tlist := append([]rune(nil), unfold()[r]...)\n\tlist = slices.DeleteFunc(list, func(r rune) bool { return r > 127 })\n",
	},
	{
		part: "meaning", file: "sensor/meaning/solver.go",
		why:    "a contradiction in one alternative is one of the whole condition",
		before: "\t\t\tif !why[level] { // the same contradiction without this choice\n",
		after:  "\t\t\tif true {\n",
	},
	{
		part: "change", file: "sensor/cells/cells.go",
		why:    "the second input of a comparison is not used, as in July 2024",
		before: "\t\tfor other := range s.f.OperandInputs(c) {\n\t\t\tk.input = other\n\t\t\ts.add(k, i, w)\n",
		after:  "\t\tfor other := range s.f.OperandInputs(c) {\n\t\t\tk.input = other\n",
	},
	{
		part: "change", file: "sensor/cells/ledger.go",
		why:    "a part of an entry counts before its date",
		before: "\t\tif by, ok := l.parts[part{build, c.part(n), n}]; !counts(by, ok) {\n",
		after:  "\t\tif _, ok := l.parts[part{build, c.part(n), n}]; !ok {\n",
	},
	{
		part: "change", file: "sensor/delta/delta.go",
		why:    "rules are compared in their order, not by their IDs",
		before: "\treturn bytes.Compare(a[:], b[:])\n",
		after:  "\treturn 0 * bytes.Compare(a[:], b[:])\n",
	},
	{
		part: "change", file: "validate/change/growth_bounded.go",
		why:    "a growth is a share of the new size",
		before: "p.ChangeLimits.Growth, g.old)",
		after:  "p.ChangeLimits.Growth, g.now)",
	},
}

func (p *manualChange) mutant() *Mutant {
	return &Mutant{Part: p.part, File: p.file, Func: "by hand", Kind: kindManual, Before: p.before, After: p.after + " (" + p.why + ")", manual: p}
}

// buildManual compiles the detector with a manual mutant.
func (w *builder) buildManual(ctx context.Context, b *Mutant) (program string, err error) {
	path := filepath.Join(w.root, filepath.FromSlash(b.File))
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	src = withoutDirectives(src)
	if n := bytes.Count(src, []byte(b.manual.before)); n != 1 {
		return "", fmt.Errorf("%s has the text of a manual change %d times (want once): %s", b.File, n, b.manual.before)
	}
	name := fmt.Sprintf("manual%d", b.Number)
	copied := filepath.Join(w.folder, name+".go")
	if err := os.WriteFile(copied, bytes.Replace(src, []byte(b.manual.before), []byte(b.manual.after), 1), 0o666); err != nil {
		return "", err
	}
	return w.buildDetector(ctx, name, map[string]string{path: copied})
}

// withoutDirectives returns source without lines that hold only a directive, so that the texts
// of manualChanges can span them.
func withoutDirectives(src []byte) []byte {
	return directiveLine.ReplaceAll(src, nil)
}

var directiveLine = regexp.MustCompile(`(?m)^[ \t]*` + directivePrefix + `.*\n`)
