package blob

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/corpus/asm"
	"github.com/cfcheck/cfcheck/sysmon"
)

// assemble returns the blob of the base with further statements. The assembler shares nothing with
// this package.
func assemble(t *testing.T, name string, statements []string) []byte {
	t.Helper()
	var sources []asm.Source
	for _, file := range []string{"layout.txt", "base.txt"} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, asm.Source{Name: file, Text: string(text)})
	}
	im, err := asm.Assemble(append(sources, asm.Source{Name: name, Text: strings.Join(statements, "\n") + "\n"})...)
	if err != nil {
		t.Fatal(err)
	}
	return im.Data
}

// TestAssembly compares the writer with the assembler.
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
	data := assemble(t, "none", nil)
	if !bytes.Equal(data, encoded(t, r)) {
		t.Error("the writer and the assembler make different blobs of the same rules")
	}
	if got := allFaults(parsed(t, data), newestBuild(t)); len(got) > 0 {
		t.Errorf("the assembled blob has the faults %q", got)
	}
}

// A section of faults.txt.
type faultSection struct {
	requirement      Requirement
	why              string
	also             []string
	bad, near        []string
	build, nearBuild string
}

func faultSections(t *testing.T) []faultSection {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "faults.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []faultSection
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, ": ")
		if key == "requirement" {
			n, err := strconv.Atoi(value)
			if err != nil {
				t.Fatalf("faults.txt:%d: %v", i+1, err)
			}
			list = append(list, faultSection{requirement: Requirement(n), build: "15.15", nearBuild: "15.15"})
			continue
		}
		if !ok || len(list) == 0 {
			t.Fatalf("faults.txt:%d: %q", i+1, line)
		}
		s := &list[len(list)-1]
		switch key {
		case "why":
			s.why = value
		case "also":
			s.also = strings.Split(value, ", ")
		case "bad":
			s.bad = append(s.bad, value)
		case "near":
			s.near = append(s.near, value)
		case "build":
			s.build = value
		case "near-build":
			s.nearBuild = value
		default:
			t.Fatalf("faults.txt:%d: unknown key %q", i+1, key)
		}
	}
	return list
}

// TestAssembledFaults holds a bad blob and its near miss against each requirement.
func TestAssembledFaults(t *testing.T) {
	seen := map[Requirement]bool{EventNumber: true} // 65,534 records are too many for a text: TestEventNumber
	requirements := func(data []byte, name string) (string, bool) {
		build, err := sysmon.BuildNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		b := parsed(t, data)
		faults := append(slices.Clone(b.Faults), b.For(build)...)
		numbers := map[int]bool{}
		for _, f := range faults {
			numbers[int(f.Requirement)] = true
		}
		var list []string
		for n := range int(requirementsEnd) {
			if numbers[n] {
				list = append(list, strconv.Itoa(n))
			}
		}
		return strings.Join(list, ", "), Acceptable(faults)
	}
	for _, s := range faultSections(t) {
		if seen[s.requirement] || s.why == "" || len(s.bad) == 0 && s.build == "15.15" {
			t.Errorf("requirement %d comes twice, or has no reason or no bad blob", s.requirement)
		}
		seen[s.requirement] = true
		want := append([]string{strconv.Itoa(int(s.requirement))}, s.also...)
		slices.SortFunc(want, func(a, b string) int {
			m, _ := strconv.Atoi(a)
			n, _ := strconv.Atoi(b)
			return m - n
		})
		got, acceptable := requirements(assemble(t, fmt.Sprintf("bad %d", s.requirement), s.bad), s.build)
		if got != strings.Join(want, ", ") || acceptable != s.requirement.Note() {
			t.Errorf("the bad blob of requirement %d breaks %s, acceptable %v; want %s: %s", s.requirement, got, acceptable, strings.Join(want, ", "), s.why)
		}
		if got, acceptable := requirements(assemble(t, fmt.Sprintf("near %d", s.requirement), s.near), s.nearBuild); !acceptable || strings.Contains(", "+got+",", fmt.Sprintf(", %d,", s.requirement)) {
			t.Errorf("the near miss of requirement %d breaks %s", s.requirement, got)
		}
	}
	for _, r := range Requirements() {
		if !seen[r] {
			t.Errorf("faults.txt has no section for requirement %d", r)
		}
	}
}
