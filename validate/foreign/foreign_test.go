package foreign_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sysmon/blob"
	"github.com/cfcheck/cfcheck/validate"
)

var checks = gatetest.Family(8)

// fleet returns a fleet with 100 hosts for each version of Sysmon.
func fleet(versions ...string) *sensor.Fleet {
	f := &sensor.Fleet{Name: "test"}
	for _, v := range versions {
		f.Contracts = append(f.Contracts, sensor.Contract{Build: "with-" + v, Hosts: 100, Sensors: []sensor.SensorVersion{{Name: "sysmon", Version: v}}})
	}
	return f
}

func judge(s *validate.Subject, f *sensor.Fleet) *validate.Report {
	return validate.Run(s, validate.Options{Checks: checks, Fleet: f})
}

// TestRequirements holds that each requirement of a blob has its check, with the severity that the
// requirement asks for, and a text.
func TestRequirements(t *testing.T) {
	byID := map[string]*validate.Check{}
	for _, c := range checks {
		byID[c.ID] = c
	}
	all := blob.Requirements()
	if len(all) == 0 {
		t.Fatal("there are no requirements")
	}
	for _, r := range all {
		c := byID[r.Check()]
		switch {
		case c == nil:
			t.Errorf("%v has no check %s", r, r.Check())
		case c.Name != r.CheckName():
			t.Errorf("%v: check %v has another name than %s", r, c, r.CheckName())
		case (c.Severity == validate.Note) != r.Note():
			t.Errorf("%v: check %v has severity %v", r, c, c.Severity)
		case strings.Count(c.Doc, "\n\n") < 2:
			t.Errorf("%v: the text of %v has no harm, or no advice:\n%s", r, c, c.Doc)
		}
	}
}

// TestTooManyRecords holds that a blob at which the driver ends its count of records is rejected.
// The corpus has no case, because the blob has 1.6 MB.
func TestTooManyRecords(t *testing.T) {
	for _, test := range []struct {
		records int
		found   string
		why     string
	}{
		{65_533, "CF8301", "the driver counts so far; the elements log nothing"},
		{65_534, "CF8018", "the driver refuses the blob"},
	} {
		const header, record = 24, 24
		var data []byte
		word := func(n int) { data = binary.LittleEndian.AppendUint32(data, uint32(n)) }
		for _, n := range []int{15 << 16, test.records, header, 4<<16 | 50, header, 0} {
			word(n)
		}
		for i := range test.records {
			next := header + record*(i+1)
			if i == test.records-1 {
				next = 0
			}
			for _, n := range []int{1, 0, 0, next, 0, 0} {
				word(n)
			}
		}
		r := judge(validate.SysmonBlob("rules.bin", data), fleet("13.24"))
		found := ""
		for _, total := range r.Totals {
			found += total.Check.ID
		}
		if found != test.found {
			t.Errorf("%d records: found %q, expected %q, for %s", test.records, found, test.found, test.why)
		}
	}
}

// TestFleets holds the verdicts that depend on the fleet and not on the content.
func TestFleets(t *testing.T) {
	const sound = `<Sysmon schemaversion="4.50"><EventFiltering/></Sysmon>`
	for _, test := range []struct {
		why   string
		fleet *sensor.Fleet
		want  validate.Verdict
		says  string
	}{
		{"every build loads it", fleet("13.33", "15.15"), validate.Accepted, ""},
		{"there is no fleet", nil, validate.Undecided, "no fleet was given"},
		{"no host runs Sysmon", &sensor.Fleet{Name: "test", Contracts: []sensor.Contract{{Build: "mac", Hosts: 1}}}, validate.Undecided, "states that Sysmon runs on its hosts"},
		{"nobody knows the version", fleet("15.15", "99.1"), validate.Undecided, "99.1"},
		{"a build cannot load its schema", fleet("15.15", "7.01"), validate.Rejected, ""},
	} {
		r := judge(validate.SysmonSource("config.xml", []byte(sound)), test.fleet)
		if r.Verdict() != test.want || !strings.Contains(strings.Join(r.Undecided, "\n"), test.says) {
			t.Errorf("%s: %v %q, expected %v with %q", test.why, r.Verdict(), r.Undecided, test.want, test.says)
		}
	}
}

// TestNoContentOfAnotherKind holds that the checks of channel files do not apply.
func TestNoContentOfAnotherKind(t *testing.T) {
	r := judge(validate.SysmonBlob("rules.bin", nil), fleet("15.15"))
	if r.Verdict() != validate.Rejected {
		t.Errorf("an empty blob is %v", r.Verdict())
	}
	for _, c := range r.NotApplicable {
		if strings.HasPrefix(c.Name, "blob-") {
			t.Errorf("%v does not apply to a blob", c)
		}
	}
}
