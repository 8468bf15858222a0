package channelfile_test

import (
	"fmt"

	"github.com/cfcheck/cfcheck/channelfile"
)

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
