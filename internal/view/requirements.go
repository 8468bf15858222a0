package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/validate"
)

// requirementsOf returns the requirements that a check enforces: those of FORMAT.md for channel
// files, those of BLOB.md for rule blobs. A check of another family has no requirement.
func requirementsOf(check string) []requirement {
	var list []requirement
	for _, r := range formatRequirements {
		if r.check == check {
			list = append(list, requirement{fmt.Sprint(r.number), r.text})
		}
	}
	for _, r := range blob.Requirements() {
		if r.Check() == check {
			list = append(list, requirement{fmt.Sprint(uint8(r)), r.Text()})
		}
	}
	return list
}

// narrowed returns the requirements of a check that a finding can break, by its place and message.
// Size is that of the file.
func narrowed(list []requirement, f *validate.Finding, size int) []requirement {
	keep := func(holds func(text string) bool) {
		if some := slices.DeleteFunc(slices.Clone(list), func(r requirement) bool { return !holds(r.Text) }); len(some) > 0 {
			list = some
		}
	}
	if len(list) < 2 {
		return list
	}
	path := f.Where.Path
	if f.Check.ID == "CF1003" { // the file is too short
		want := "80 + 48"
		switch {
		case size < 48:
			want = "48 bytes"
		case path == "header.file_size":
			want = "file size field"
		}
		keep(func(text string) bool { return strings.Contains(text, want) })
		return list
	}
	kind, _, _ := strings.Cut(path, "[")
	kind, field, _ := strings.Cut(kind, ".")
	each := func(text string) bool { return strings.HasPrefix(text, "each ") }
	switch {
	case kind == "header":
		keep(func(text string) bool { return !each(text) })
		keep(func(text string) bool { return strings.Contains(text, strings.ReplaceAll(field, "_", " ")) })
	case kind != "":
		keep(func(text string) bool { return strings.HasPrefix(text, "each "+kind) })
	}
	last := strings.Contains(f.Message, "belong to no")
	keep(func(text string) bool { return strings.HasPrefix(text, "the last ") == last })
	return list
}

// A formatRequirement is a row of FORMAT.md, section 7.
type formatRequirement struct {
	number      int
	check, text string
}
