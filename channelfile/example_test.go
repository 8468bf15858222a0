package channelfile_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/cfcheck/cfcheck/channelfile"
)

// Build a file and read it again.
func ExampleBuilder() {
	const (
		image    = 4
		pipeName = 5
	)
	b := channelfile.NewBuilder(channelfile.Header{
		Channel: 291, Revision: 32, Type: 1, TypeVersion: 1, InputsDeclared: 21,
		Created: 1767225600,
	})
	id, err := channelfile.ParseID("6d3d1b80-2b27-4d55-8b9a-5f1e6a2f7c01")
	if err != nil {
		fmt.Println(err)
		return
	}
	err = b.Add(id, channelfile.And(
		channelfile.Prefix(pipeName, `\PSEXESVC`).Fold().From(14, `PipeName|startswith: '\PSEXESVC'`),
		channelfile.Not(channelfile.Suffix(image, `\psexesvc.exe`).Fold()).From(16, `Image|endswith: '\psexesvc.exe'`),
	), &channelfile.Origin{Title: "PsExec Pipe of Another Program", Path: "rules/psexec.yml", Line: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := b.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}

	f, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(channelfile.FileName(f.Header), "reads", f.Header.InputsRead, "inputs")
	inst := f.Instance(0)
	fmt.Println(inst.ID)
	for i := inst.First; i < inst.First+inst.Count; i++ {
		w := f.Word(i)
		c := f.Criterion(w.Criterion())
		for v := range f.OperandValues(c) {
			line, text := f.Use(i)
			fmt.Printf("%v: input %d, %v %q, from line %d: %s\n", w, c.Input, c.Operator, v, line, text)
		}
	}
	// Output:
	// C-00000291-00000001-00000032.cf reads 6 inputs
	// 6d3d1b80-2b27-4d55-8b9a-5f1e6a2f7c01
	// not criterion 0: input 4, suffix "\\psexesvc.exe", from line 16: Image|endswith: '\psexesvc.exe'
	// criterion 1: input 5, prefix "\\psexesvc", from line 14: PipeName|startswith: '\PSEXESVC'
}

// A file that cannot be read has an error with the bytes at fault.
func ExampleParse() {
	data, err := os.ReadFile("../corpus/cases/291-july-on-21/C-00000291-00000001-00000032.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = channelfile.Parse(data[:300])
	var bad *channelfile.ParseError
	if errors.As(err, &bad) {
		fmt.Println(errors.Is(err, channelfile.ErrTruncated), bad.Path, bad.Range)
		fmt.Println(bad.Detail)
	}
	// Output:
	// true header.file_size {40 44}
	// the header gives 1800 bytes (0x708), the file has 300 (0x12c): the last 1500 are missing
}

// The file that a finding is about may have thousands of instances. A report
// needs only one.
func ExampleFile_Extract() {
	data, err := os.ReadFile("../corpus/cases/291-july-on-21/C-00000291-00000001-00000032.cf")
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range f.Instances() {
		small, err := f.Extract(i)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d of %d bytes\n", f.Origin(i).Title, len(small), len(data))
	}
	// Output:
	// Demo command pipe: 840 of 1800 bytes
	// Demo pipe of a stage: 872 of 1800 bytes
	// Demo pipe of a known form: 864 of 1800 bytes
	// Demo beacon pipe of another program: 952 of 1800 bytes
	// Demo client at the other end of a pipe: 888 of 1800 bytes
}

// A program needs no compiler to run, and its size is known before it runs.
func ExampleCompileRegexp() {
	p, err := channelfile.CompileRegexp(`^d[0-9]+$`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range p.Len() {
		fmt.Println(i, p.InstString(i))
	}
	_, err = channelfile.CompileRegexp(`demo-(?!0)[0-9]+`)
	fmt.Println(errors.Is(err, channelfile.ErrRegexpNotExpressible))
	fmt.Println(err)
	// Output:
	// 0 begin text to 1
	// 1 [d] to 2
	// 2 [0-9] to 3
	// 3 split to 2 and 4
	// 4 end text to 5
	// 5 match
	// true
	// regular expression `demo-(?!0)[0-9]+`: at byte 5: not expressible: (?! starts a negative look-ahead, which RE2 does not have; write a criterion of its own for the text that must or must not be there, or let the expression match that text
}

// Each byte of a conforming file belongs to one named part.
func ExampleFile_Layout() {
	b := channelfile.NewBuilder(channelfile.Header{Channel: 291, Revision: 32, Type: 1, TypeVersion: 1, InputsDeclared: 21})
	if err := b.Add(channelfile.ID{15: 1}, channelfile.Equals(5, `\demo`), nil); err != nil {
		fmt.Println(err)
		return
	}
	data, err := b.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := channelfile.Parse(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for name, r := range f.Layout() {
		if r.Start >= f.CriterionRange(0).Start {
			fmt.Printf("0x%04x %2d bytes  %s\n", r.Start, r.Len(), name)
		}
	}
	// Output:
	// 0x0190  1 bytes  criterion[0].flags
	// 0x0191  1 bytes  criterion[0].operator
	// 0x0192  2 bytes  criterion[0].input
	// 0x0194  4 bytes  criterion[0].first_operand
	// 0x0198  4 bytes  criterion[0].operands
	// 0x019c  4 bytes  padding
	// 0x01a0  4 bytes  operand[0]
	// 0x01a4  4 bytes  padding
	// 0x01a8  4 bytes  value[0].offset
	// 0x01ac  4 bytes  value[0].length
	// 0x01b0  5 bytes  pool[0]
	// 0x01b5  3 bytes  padding
}
