package policy_test

import (
	"fmt"
	"time"

	"github.com/cfcheck/cfcheck/policy"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/suite"
)

// A pipeline that judges with the Go packages can follow the policy of the repository too.
func ExampleRead() {
	p, err := policy.Read(".cfcheck.yaml", []byte(`schema: cfcheck.policy/v0
severities:
  known-good: warning
waivers:
  - check: CF3012
    rule: 3f0d0000-0000-4000-8000-000000000001
    path: User
    reason: the older builds leave the fleet in March
    by: ann
    until: 2027-03-31
`), suite.Checks)
	if err != nil {
		fmt.Println(err)
		return
	}
	opts := validate.Options{
		Checks:  p.Checks(suite.Checks),
		Waivers: p.Waivers,
		Now:     time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC),
	}
	for i := range opts.Waivers {
		w := &opts.Waivers[i]
		fmt.Printf("%s:%d: %v, by %s until %v: in force %t\n", w.From.Path, w.From.Line, w, w.By, w.Until, w.Holds(opts.Now))
	}
	// Output:
	// .cfcheck.yaml:5: CF3012, rule "3f0d0000-0000-4000-8000-000000000001", path "User", by ann until 2027-03-31: in force true
}

// A policy that a reader could misunderstand is an error with a place.
func ExampleRead_error() {
	_, err := policy.Read(".cfcheck.yaml", []byte(`schema: cfcheck.policy/v0
fleet: [fleet.json]
severities: {inputs-supplied: warning}
`), suite.Checks)
	fmt.Println(err)
	// Output:
	// .cfcheck.yaml:2:1: unknown key "fleet"; did you mean "fleets"?
	// .cfcheck.yaml:3:14: severities: CF3001 inputs-supplied: its severity is permanent: it belongs to family CF3, and only those of CF4 to CF6 can be set; remove the entry
}
