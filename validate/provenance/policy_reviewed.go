//mutation:missed: policy_git.txtar detects it

package provenance

import (
	"github.com/cfcheck/cfcheck/validate"
)

// policyReviewed is CF7005.
var policyReviewed = &validate.Check{
	ID:   "CF7005",
	Name: "policy-reviewed",
	Doc: `the policy and the waivers are those of the base

A change that brings its own policy could accept itself: it adds a waiver,
lowers a severity or drops a build of the fleet. So a run that compares with a
revision of the repository judges by the policy of that revision, by the files
that it names, and by the waivers that the rules have there. The finding names
each difference, because the review of the change must look at it.

Give the change to the owners of the policy. It applies when the base has it.`,
	Severity: validate.Warning,
	Uses:     validate.UsesWaivers,
	Run: func(*validate.Pass) {
		// The reader of the policy makes the findings.
	},
}
