package view

import (
	"fmt"

	"github.com/cfcheck/cfcheck/sysmon/blob"
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

// A formatRequirement is a row of FORMAT.md, section 7.
type formatRequirement struct {
	number      int
	check, text string
}
