package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// A personal bug is one that a person would make: other words in a file.
type personal struct {
	part, file, why string
	before, after   string
}

// byPeople are the bugs that people made, or might.
var byPeople = []personal{
	{
		part: "gate", file: "validate/contract/contract.go",
		why:    "a contract supplies what is declared, as in July 2024",
		before: "var unlisted = sensor.SuppliedInput{State: sensor.StateNotSupplied}",
		after:  "var unlisted = sensor.SuppliedInput{Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 16}",
	},
	{
		part: "gate", file: "validate/contract/inputs_supplied.go",
		why:    "what is read is compared with what the file declares",
		before: "f.input(p, need.Index).State == sensor.StateNotSupplied {\n\t\t\t\t\tbad",
		after:  "need.Index >= p.Needs.InputsDeclared {\n\t\t\t\t\tbad",
	},
	{
		part: "gate", file: "validate/report.go",
		why:    "an early accept: what was skipped is as good as what ran",
		before: "len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0",
		after:  "len(r.Undecided) > 0 || len(r.Ran) == 0",
	},
	{
		part: "gate", file: "validate/report.go",
		why:    "an early accept: what stands in the way of a verdict is forgotten",
		before: "len(r.Undecided) > 0 || len(r.Skipped) > 0 || len(r.Ran) == 0",
		after:  "len(r.Skipped) > 0 || len(r.Ran) == 0",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "builds whose budgets differ are taken for the same",
		before: "r.Limits.ProgramInstructions, r.Budget.Steps, r.Budget.Memory,",
		after:  "r.Limits.ProgramInstructions, r.Budget.Memory,",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "builds that supply other types are taken for the same",
		before: "b = append(b, byte(in.Type), byte(in.State))",
		after:  "b = append(b, byte(in.State))",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "an acknowledgement holds for ever",
		before: "return !a.Until.Before(now)",
		after:  "return true",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "what a criterion compares its input with is not read",
		before: "\t\tif in := &t.inputs[other]; in.last != i+1 {",
		after:  "\t\tif in := &t.inputs[other]; in.last != i+1 && other < 0 {",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "a list of contains is charged as one operand",
		before: "\t\treturn 1 + lengths + operands, lengths + operands\n",
		after:  "\t\treturn 1 + lengths + operands, 1 + lengths/max(operands, 1)\n",
	},
	{
		part: "gate", file: "sensor/needs.go",
		why:    "a program is charged for its instructions, not for the tests of ranges",
		before: "\t\t\tc += uint64(bits.Len(uint(p.Ranges(in.Arg))))\n",
		after:  "\t\t\tc += 0 * uint64(bits.Len(uint(p.Ranges(in.Arg))))\n",
	},
	{
		part: "gate", file: "sensor/contract.go",
		why:    "a length that is not known is zero",
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
		why:    "the end of a value is reckoned in 32 bits",
		before: "start+length > uint64(len(pool))",
		after:  "uint64(uint32(start)+uint32(length)) > uint64(len(pool))",
	},
	{
		part: "sensors", file: "sensor/interp/interpreter.go",
		why:    "an input that is missing is absent, for a reader by position too",
		before: "\tif it.access == sensor.AccessNamed {\n\t\treturn &absent, nil",
		after:  "\tif it.access <= sensor.AccessNamed {\n\t\treturn &absent, nil",
	},
	{
		part: "sensors", file: "sensor/interp/interpreter.go",
		why:    "an or ends at the first operand that does not hold",
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
		why:    "the model sensor does not look at what a run may come to read",
		before: "\tm.check(operands, first*4, count*4)\n",
		after:  "\tm.check(operands, first*4, 0)\n",
	},
}

func (p *personal) bug() *Bug {
	return &Bug{Part: p.part, File: p.file, Func: "by a person", Kind: "person", Before: p.before, After: p.after + " (" + p.why + ")", person: p}
}

// person builds the hunt with a bug that a person made.
func (w *workshop) person(ctx context.Context, b *Bug) (program string, err error) {
	path := filepath.Join(w.root, filepath.FromSlash(b.File))
	src, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(src, []byte(b.person.before)); n != 1 {
		return "", fmt.Errorf("%s has %d times what a bug stands for, expected once: %s", b.File, n, b.person.before)
	}
	name := fmt.Sprintf("person%d", b.Number)
	copied := filepath.Join(w.folder, name+".go")
	if err := os.WriteFile(copied, bytes.Replace(src, []byte(b.person.before), []byte(b.person.after), 1), 0o666); err != nil {
		return "", err
	}
	return w.hunter(ctx, name, map[string]string{path: copied})
}
