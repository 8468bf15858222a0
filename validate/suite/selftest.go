package suite

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// canaries are the files that the gate judges first: good.cf, which reads two inputs that
// every build supplies, and 291.cf, which also has a criterion on the 21st input. A test
// rebuilds them.
//
//go:embed canary/good.cf canary/291.cf
var canaries embed.FS

// A canary is a subject with a known verdict.
type canary struct {
	name   string
	file   string
	change func([]byte) []byte
	fleet  string // story or fixed; "" means no fleet
	want   validate.Verdict
	checks []string // IDs of exactly the checks that have findings
}

// The fleets of the canaries: the built-in fleet 291, and its one build that supplies all
// inputs.
const (
	story = "291"
	fixed = "7.16"
)

var selfTests = []canary{
	{"good content on a fleet that supplies what it reads", "good.cf", nil, fixed, validate.Accepted, nil},
	{"good content without a fleet", "good.cf", nil, "", validate.Undecided, nil},
	{"content that declares one input too many", "good.cf", nil, story, validate.Rejected, []string{"CF3002"}},
	{"content that reads one input too many", "291.cf", nil, story, validate.Rejected, []string{"CF3001"}},
	{"a file with one bit changed", "good.cf", func(b []byte) []byte { b[len(b)-8] ^= 1; return b }, fixed, validate.Rejected, []string{"CF1031"}},
	{"a file without its end", "good.cf", func(b []byte) []byte { return b[:len(b)-8] }, fixed, validate.Rejected, []string{"CF1003"}},
	{"a file of zeros", "good.cf", func(b []byte) []byte { clear(b); return b }, fixed, validate.Rejected, []string{"CF0004"}},
}

// SelfTest judges content with a known verdict by a list of checks, and returns the first
// wrong result, or nil. In March 2010 a faulty validator of an antivirus vendor accepted a
// file that should have been refused. A gate must therefore show in each run that it still
// works.
func SelfTest(checks []*validate.Check) error {
	all, ok := builtin.Fleet(story)
	if !ok {
		return fmt.Errorf("the built-in fleet %q is missing", story)
	}
	one := *all
	one.Contracts = slices.DeleteFunc(slices.Clone(all.Contracts), func(c sensor.Contract) bool { return c.Build != fixed })
	fleets := map[string]*sensor.Fleet{story: all, fixed: &one}
	definitions := builtin.Definitions()
	for _, c := range selfTests {
		if err := c.judge(checks, definitions, fleets[c.fleet]); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (c canary) judge(checks []*validate.Check, definitions *sensor.Definitions, fleet *sensor.Fleet) error {
	data, err := canaries.ReadFile("canary/" + c.file)
	if err != nil {
		return err
	}
	if c.change != nil {
		data = c.change(slices.Clone(data))
	}
	opts := validate.Options{
		Checks: checks, Definitions: definitions,
		Fleet: fleet, Now: time.Unix(0, 0),
	}
	r := validate.Run(validate.ChannelFile("", data), opts)
	var found []string
	for _, t := range r.Totals {
		found = append(found, t.Check.ID)
	}
	slices.Sort(found)
	if r.Verdict() != c.want || !slices.Equal(found, c.checks) {
		return fmt.Errorf("%v with findings of [%s], expected %v with [%s]",
			r.Verdict(), strings.Join(found, " "), c.want, strings.Join(c.checks, " "))
	}
	return nil
}
