package blob

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/cfcheck/cfcheck/corpus/asm"
	"github.com/cfcheck/cfcheck/sysmon"
)

// assembled returns the blob of testdata/whole.txt, over the layout of the corpus. The assembler
// shares nothing with this package.
func assembled(t *testing.T) []byte {
	t.Helper()
	var sources []asm.Source
	for _, file := range []string{"../../corpus/layouts/sysmon.txt", "testdata/whole.txt"} {
		text, err := os.ReadFile(filepath.FromSlash(file))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, asm.Source{Name: file, Text: string(text)})
	}
	im, err := asm.Assemble(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return im.Data
}

// TestAssembly compares the writer with the assembler. The cases of the corpus have a blob for each
// fault, and its near miss.
func TestAssembly(t *testing.T) {
	filter := func(field int, op sysmon.Operator, value, name string, group int) sysmon.Filter {
		return sysmon.Filter{Field: field, Op: op, Value: value, Name: name, Group: group}
	}
	r := &sysmon.Rules{
		Schema: sysmon.Version{Major: 4, Minor: 90}, Binary: sysmon.Version{Major: 18},
		Elements: []sysmon.Element{
			{
				Event: 1, Include: true,
				Groups: []sysmon.Group{{Name: "shell", All: true, First: 1}, {First: 3}},
				Filters: []sysmon.Filter{
					filter(4, sysmon.Image, "cmd.exe", "", -1), filter(4, sysmon.EndWith, `\powershell.exe`, "shell", 0),
					filter(10, sysmon.ContainsAny, "-enc;-nop", "shell", 0), filter(20, sysmon.Is, "", "other", 1),
				},
			},
			{Event: 13, Include: true, All: true, Filters: []sysmon.Filter{filter(6, sysmon.Contains, `\Run\`, "", -1), filter(7, sysmon.NotEndWith, "ü\U0001F600", "", -1)}},
			{Event: 22, All: true},
		},
	}
	data := assembled(t)
	if !bytes.Equal(data, encoded(t, r)) {
		t.Error("the writer and the assembler make different blobs of the same rules")
	}
	if got := allFaults(parsed(t, data), newestBuild(t)); len(got) > 0 {
		t.Errorf("the assembled blob has the faults %q", got)
	}
}
