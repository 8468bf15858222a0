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

// canaries are the files that the gate judges before it judges anything else:
// good.cf, which reads two inputs that every build supplies, and 291.cf, the
// same with a criterion on the 21st input. A test builds them again.
//
//go:embed canary/good.cf canary/291.cf
var canaries embed.FS

// A canary is a subject with a known verdict.
type canary struct {
	name   string
	file   string
	change func([]byte) []byte
	fleet  string // of fleet 291: all builds, or the one that supplies all inputs
	want   validate.Verdict
	checks []string // that find something, exactly
}

// The fleets of the canaries.
const (
	story  = "291"
	mended = "7.16"
)

var selfTests = []canary{
	{"good content on a fleet that supplies what it reads", "good.cf", nil, mended, validate.Accepted, nil},
	{"good content without a fleet", "good.cf", nil, "", validate.Undecided, nil},
	{"content that declares an input too many", "good.cf", nil, story, validate.Rejected, []string{"CF3002"}},
	{"content that reads an input too many", "291.cf", nil, story, validate.Rejected, []string{"CF3001"}},
	{"a file with one bit changed", "good.cf", func(b []byte) []byte { b[len(b)-8] ^= 1; return b }, mended, validate.Rejected, []string{"CF1031"}},
	{"a file without its end", "good.cf", func(b []byte) []byte { return b[:len(b)-8] }, mended, validate.Rejected, []string{"CF1003"}},
	{"a file of zeros", "good.cf", func(b []byte) []byte { clear(b); return b }, mended, validate.Rejected, []string{"CF0004"}},
}

// SelfTest judges known content with a list of checks, and returns what the
// list judges wrongly; nil if nothing. In March 2010 an antivirus vendor's
// faulty validator let a file pass that its sound one had refused: a gate has
// to show at each run that it still works.
func SelfTest(checks []*validate.Check) error {
	all, ok := builtin.Fleet(story)
	if !ok {
		return fmt.Errorf("the built-in fleet %q is missing", story)
	}
	one := *all
	one.Contracts = slices.DeleteFunc(slices.Clone(all.Contracts), func(c sensor.Contract) bool { return c.Build != mended })
	fleets := map[string]*sensor.Fleet{story: all, mended: &one}
	for _, c := range selfTests {
		if err := c.judge(checks, fleets[c.fleet]); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (c canary) judge(checks []*validate.Check, fleet *sensor.Fleet) error {
	data, err := canaries.ReadFile("canary/" + c.file)
	if err != nil {
		return err
	}
	if c.change != nil {
		data = c.change(slices.Clone(data))
	}
	opts := validate.Options{
		Checks: checks, Definitions: builtin.Definitions(),
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
