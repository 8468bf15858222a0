package validate_test

import (
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/validate"
)

// check returns a check that Vet accepts, with changes.
func check(id string, change func(*validate.Check)) *validate.Check {
	c := &validate.Check{
		ID: id, Name: "name-" + strings.ToLower(id),
		Doc:  "it holds\n\nWhat goes wrong.\n\nWhat to do.",
		Uses: validate.UsesNeeds,
		Run:  func(*validate.Pass) {},
	}
	if change != nil {
		change(c)
	}
	return c
}

func TestVet(t *testing.T) {
	good := check("CF9001", nil)
	tests := []struct {
		name   string
		checks []*validate.Check
		want   string // part of the error; empty: none
		why    string
	}{
		{"one", []*validate.Check{good}, "", "the least list"},
		{"nil list", nil, "no checks", "a list that was lost must not accept everything"},
		{"nil check", []*validate.Check{good, nil}, "check 1 of the list is nil", "a mistake in a list must not be a panic in a pipeline"},
		{"short ID", []*validate.Check{check("CF1", nil)}, `ID "CF1"`, "IDs have four digits"},
		{"letters", []*validate.Check{check("CFx001", nil)}, `ID "CFx001"`, "IDs have four digits"},
		{"other prefix", []*validate.Check{check("XY1001", nil)}, `ID "XY1001"`, "IDs start with CF"},
		{"the same twice", []*validate.Check{good, good}, "two checks have the ID CF9001", "an ID is given once"},
		{"two with one ID", []*validate.Check{good, check("CF9001", func(c *validate.Check) { c.Name = "other" })}, "two checks have the ID CF9001", "an ID is given once"},
		{"two with one name", []*validate.Check{good, check("CF9002", func(c *validate.Check) { c.Name = good.Name })}, "another check has the name name-cf9001", "a name names one check"},
		{"no name", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Name = "" })}, `name ""`, "people say names"},
		{"name with capitals", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Name = "Name" })}, `name "Name"`, "names are words joined by hyphens"},
		{"no documentation", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Doc = "" })}, "is not documented", "nobody knows what to do"},
		{"title alone", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Doc = "it holds" })}, "is not documented", "nobody knows what to do"},
		{"title with a full stop", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Doc = "it holds.\n\nText." })}, "is not documented", "titles stand in lists"},
		{"title of two lines", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Doc = "it\nholds\n\nText." })}, "is not documented", "titles stand in lists"},
		{"no Run", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Run = nil })}, "has no Run", "it would find nothing, by a panic"},
		{"uses nothing", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Uses = 0 })}, "uses nothing", "it would run on what it cannot judge"},
		{"a severity that does not exist", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Severity = validate.Note + 1 })}, "severity 3 (want error, warning or note)", "nobody could say whether it blocks"},
		{"a note", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Severity = validate.Note })}, "", "a check may find what never blocks"},
		{"requires what is not there", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Requires = []string{"CF9009"} })}, `requires "CF9009", which is not in the list`, "it would rely on what never ran"},
		{"requires what comes later", []*validate.Check{check("CF9000", func(c *validate.Check) { c.Requires = []string{good.ID} }), good}, "does not stand before it", "it would run first"},
		{"requires itself", []*validate.Check{check("CF9001", func(c *validate.Check) { c.Requires = []string{"CF9001"} })}, "CF9001 requires itself", "it would never run"},
		{
			"requires each other", []*validate.Check{
				check("CF9001", func(c *validate.Check) { c.Requires = []string{"CF9002"} }),
				check("CF9002", func(c *validate.Check) { c.Requires = []string{"CF9001"} }),
			}, "does not stand before it", "neither would run",
		},
		{
			"requires what uses more", []*validate.Check{
				check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesNeeds | validate.UsesFleet }),
				check("CF9002", nil),
			}, "", "they do not require each other",
		},
	}
	// A check that requires one that uses more would be run where the other
	// does not apply.
	fleet := check("CF9001", func(c *validate.Check) { c.Uses = validate.UsesNeeds | validate.UsesFleet })
	tests = append(tests, struct {
		name   string
		checks []*validate.Check
		want   string
		why    string
	}{"requires one that uses more", []*validate.Check{fleet, check("CF9002", func(c *validate.Check) { c.Requires = []string{fleet.ID} })},
		"CF9002 requires CF9001, which uses more than it", "it would run where the other does not apply"})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := validate.Vet(tt.checks)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("%v, expected no error: %s", err, tt.why)
			case tt.want != "" && err == nil:
				t.Errorf("no error, expected %q: %s", tt.want, tt.why)
			case tt.want != "" && !strings.Contains(err.Error(), tt.want):
				t.Errorf("%q does not say %q", err, tt.want)
			}
			// A list that cannot be used judges nothing.
			if r := validate.Run(validate.ChannelFile("", nil), validate.Options{Checks: tt.checks}); err != nil {
				if r.Verdict() != validate.Undecided || len(r.Ran) > 0 || len(r.Undecided) != 1 || !strings.Contains(r.Undecided[0], err.Error()) {
					t.Errorf("a run with that list: %v, %d checks ran, %q", r.Verdict(), len(r.Ran), r.Undecided)
				}
			}
		})
	}
}

func TestCheckText(t *testing.T) {
	c := check("CF3999", nil)
	if got := c.Title(); got != "it holds" {
		t.Errorf("title %q", got)
	}
	if got := c.String(); got != "CF3999 name-cf3999" {
		t.Errorf("text %q", got)
	}
	if got := c.Family(); got != 3 {
		t.Errorf("family %d", got)
	}
}

// TestWords holds the words that reports print, and that what is unknown is
// the worst there is.
func TestWords(t *testing.T) {
	tests := []struct {
		got, want, why string
	}{
		{validate.Verdict(0).String(), "undecided", "the zero verdict accepts nothing"},
		{validate.Accepted.String(), "accepted", ""},
		{validate.Rejected.String(), "rejected", ""},
		{validate.Verdict(77).String(), "undecided", "no verdict is none"},
		{validate.Severity(0).String(), "error", "the zero severity blocks"},
		{validate.Warning.String(), "warning", ""},
		{validate.Note.String(), "note", ""},
		{validate.Severity(77).String(), "error", "what is no severity blocks"},
		{validate.KindChannelFile.String(), "channel file", ""},
		{validate.KindRules.String(), "rules", ""},
		{validate.KindNeeds.String(), "needs", ""},
		{validate.KindDefinition.String(), "definition", ""},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%q, expected %q: %s", tt.got, tt.want, tt.why)
		}
	}
}
