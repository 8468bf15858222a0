package meaning_test

import (
	"strings"
	"testing"
	"time"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// TestProviders tests which names of providers are taken for misspelt ones.
func TestProviders(t *testing.T) {
	d := &sensor.Definition{Name: "log", Number: 3300, Version: 1, Channel: 3300}
	for _, name := range []string{"Provider", "Name"} {
		d.Inputs = append(d.Inputs, sensor.Input{Name: name, Type: sensor.TypeString, MaxLength: 200})
	}
	fields := []sensor.FeedField{{Input: "Provider", Field: "System/Provider"}, {Input: "Name"}}
	d.Feeds = []sensor.Feed{
		{Name: "agent", Provider: "Example-Agent", Fields: fields},
		{Name: "log", Fields: fields, Kinds: []sensor.EventKind{{Events: []uint32{1}, Provider: "Service Control Manager"}, {Events: []uint32{2}, Provider: "Ntfs"}}},
	}
	for _, tt := range []struct {
		why  string
		rule cf.Expr
		want string // name that was meant; "" if nothing is found
	}{
		{"a known provider", cf.Equals(0, "Ntfs"), ""},
		{"a known provider in another case", cf.Equals(0, "NTFS").Fold(), ""},
		{"a letter is missing", cf.Equals(0, "Service Control Manger").Fold(), "Service Control Manager"},
		{"two letters differ, and the case", cf.Equals(0, "example_agemt").Fold(), "Example-Agent"},
		{"three letters differ", cf.Equals(0, "example_aqemt").Fold(), ""},
		{"one of several values", cf.Equals(0, "Ntfs", "Other", "Example-Agen"), "Example-Agent"},
		{"an exclusion", cf.And(cf.Exists(1), cf.Not(cf.Equals(0, "Example-Agen"))), "Example-Agent"},
		{"a short name, which two letters make another", cf.Equals(0, "Nts"), "Ntfs"},
		{"another program", cf.Equals(0, "Other"), ""},
		{"a part of a name", cf.Contains(0, "Service Control Manger"), ""},
		{"another input", cf.Equals(1, "Example-Agen"), ""},
		{"a comparison of inputs", cf.EqualsInput(0, 1), ""},
		{"a text longer than any name", cf.Equals(0, strings.Repeat("Example-Agen", 20)), ""},
	} {
		data := testkit.EncodeFrom(t, testkit.HeaderOf(d), testkit.Origins("rules.yml"), tt.rule)
		r := validate.Run(validate.ChannelFile("", data), validate.Options{
			Checks: gatetest.Family(4), Definitions: testkit.Definitions(t, d), Fleet: testkit.Fleet(t, "reference"), Now: time.Unix(0, 0),
		})
		found := 0
		for _, f := range r.Findings {
			if f.Check.ID == "CF4012" {
				if found++; !strings.Contains(f.Fix, `"`+tt.want+`"`) || tt.want == "" {
					t.Errorf("%s: found %q; want a fix with %q", tt.why, f.Fix, tt.want)
				}
			}
		}
		if want := min(len(tt.want), 1); found != want {
			t.Errorf("%s: %d findings, want %d", tt.why, found, want)
		}
	}
}
