package report

import (
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/odd"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// A writeCall holds all inputs of a report.
type writeCall struct {
	Report  *validate.Report
	Digest  string
	LeftOut []LeftOut
	Fleet   string

	Gate           Gate
	Problems       []string
	Remarks        []string
	Sources        []Source
	PassedOver     []PassedOver
	FailOnWarnings bool
	ShowNotes      bool
	MaxRules       int
	Lines          func(string, int) (string, bool)
}

// TestOddOptions writes reports with each unusual value in each exported field of
// their inputs, and with pairs of such values. No report panics or hangs. No report
// becomes accepted, unless every reason against it is gone.
func TestOddOptions(t *testing.T) {
	parsed := corpusFile(t, "minimal")
	file := parsed.Data()
	more := odd.Values{
		reflect.TypeFor[*validate.Check]():                               {first, advice, aside, &validate.Check{}},
		reflect.TypeFor[*channelfile.File]():                             {},
		reflect.TypeFor[*sensor.Definition]():                            {&sensor.Definition{}},
		reflect.TypeFor[*sensor.Needs]():                                 {&sensor.Needs{}},
		reflect.TypeFor[[]*validate.Check]():                             {[]*validate.Check{}, []*validate.Check{nil}, []*validate.Check{first, first}, []*validate.Check{{}}},
		reflect.TypeFor[*interp.Witness]():                               {&interp.Witness{}, &interp.Witness{Happens: "\x1b[2K"}},
		reflect.TypeFor[channelfile.ID]():                                {},
		reflect.TypeFor[func(validate.Part) (validate.Position, bool)](): {},
		reflect.TypeFor[func(string, int) (string, bool)](): {
			func(string, int) (string, bool) { return "\xff\n", true },
			func(string, int) (string, bool) { return "", false },
		},
	}
	finding := validate.Finding{
		Check: advice, Message: "look", Details: []string{"at it"}, Fix: "do", Group: "g", Builds: []validate.Build{{Name: "1", Hosts: 1}},
		Where:    validate.Location{Path: "instance[0]", Range: at(80, 90), Source: validate.Position{Path: "a.yml", Line: 1, Column: 2, Text: "x"}},
		Instance: &validate.Instance{Index: 0}, Input: &validate.Input{Index: 1, Name: "Image", Type: sensor.TypeString},
	}
	base := writeCall{
		Report: &validate.Report{
			Subject: validate.ChannelFile("C.cf", file), File: parsed, Fleet: fleet, Findings: []validate.Finding{finding, finding},
			Summaries: []validate.Summary{{Check: advice, Group: "g", Found: 2, Message: "both"}}, Totals: []validate.Total{{Check: advice, Found: 2}},
			Ran: []*validate.Check{first, advice}, NotApplicable: []*validate.Check{aside},
			Builds: []validate.BuildReport{{Build: validate.Build{Name: "1", Hosts: 1}, Addressed: true}}, Counts: validate.Counts{Builds: 1, Contracts: 1, Hosts: 1},
		},
		Digest: "ab", LeftOut: []LeftOut{{File: "a.yml"}}, Gate: Gate{Version: "1", Checks: 4},
		Problems: []string{"a problem"}, Remarks: []string{"a remark"}, Sources: []Source{SourceOf("rules", "a.yml", nil)}, PassedOver: passedOver(),
	}
	odd.Try(t, 3000, &base, more, writeOdd)
}

func writeOdd(c *writeCall) (says string) {
	result := Judged(c.Report, c.Digest)
	result.LeftOut, result.FleetNamed = c.LeftOut, c.Fleet
	run := &Run{
		Gate: c.Gate, Problems: c.Problems, Remarks: c.Remarks, Sources: c.Sources, PassedOver: c.PassedOver,
		FailOnWarnings: c.FailOnWarnings, ShowNotes: c.ShowNotes, MaxRules: c.MaxRules, Lines: c.Lines,
	}
	run.Picture = new(Picture)
	run.Picture.Add(c.Report, c.Fleet)
	run.Add(result)
	if run.Verdict() != validate.Undecided && len(c.Problems) > 0 {
		return fmt.Sprintf("%v, in spite of a problem", run.Verdict())
	}
	if run.Verdict() == validate.Accepted && (c.Report == nil || result.Verdict() != validate.Accepted) {
		return "accepted, and the report is not"
	}
	for _, format := range Formats {
		if err := format.Write(io.Discard, run); err != nil {
			return fmt.Sprintf("%s: %v", format.Name, err)
		}
	}
	run.Close()
	return ""
}
