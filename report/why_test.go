package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// recording returns recorded events of one input, at the places "e:1" and so on.
func recording(values ...string) *validate.Recorded {
	return &validate.Recorded{Events: func(_ *sensor.Definition, yield func(func() string, interp.Event) bool) error {
		for i, v := range values {
			if !yield(func() string { return fmt.Sprintf("e:%d", i+1) }, interp.Event{{Type: sensor.TypeString, Text: []byte(v)}}) {
				break
			}
		}
		return nil
	}}
}

// TestWhys tests which findings have the condition of their event, and that it is bounded.
func TestWhys(t *testing.T) {
	d := &sensor.Definition{Name: "pipes", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Pipe")}
	contains := func(n int) (list []channelfile.Expr) {
		for i := range n {
			list = append(list, channelfile.Contains(0, fmt.Sprintf("v%d.", i)))
		}
		return list
	}
	many := channelfile.Or(contains(500)...)
	all := channelfile.And(contains(150)...)
	var every strings.Builder
	for i := range 150 {
		fmt.Fprintf(&every, "v%d.", i)
	}
	for _, tt := range []struct {
		why        string
		check      string
		conditions []channelfile.Expr
		events     []*validate.Recorded
		findings   []validate.Finding // their checks are set below
		whys, left int
		nodes      int    // of the first
		says       string // a text of the first
	}{
		{"a match", "CF5003", contains(1), []*validate.Recorded{recording("other", "v0.")}, []validate.Finding{{Event: "e:2"}}, 1, 0, 1, `the event has Pipe "v0."`},
		{"the second recording has the event", "CF5003", contains(1), []*validate.Recorded{nil, recording("v0.")}, []validate.Finding{{Event: "e:1"}}, 1, 0, 1, "v0."},
		{"a value that a terminal or a page could obey", "CF5003", contains(1), []*validate.Recorded{recording("v0.\x1b]\u202e<b>")}, []validate.Finding{{Event: "e:1"}}, 1, 0, 1, `"v0.\x1b]\u202e<b>"`},
		{"a long value is cut", "CF5003", contains(1), []*validate.Recorded{recording("v0." + strings.Repeat("x", 70_000))}, []validate.Finding{{Event: "e:1"}}, 1, 0, 1, "(70003 bytes)"},
		{"an event on which the rule does not match", "CF5003", contains(1), []*validate.Recorded{recording("other")}, []validate.Finding{{Event: "e:1"}}, 0, 1, 0, ""},
		{"an event that is lost", "CF5006", contains(1), []*validate.Recorded{recording("v0.", "other")}, []validate.Finding{{Event: "e:2"}}, 1, 0, 1, "does not hold"},
		{"an event that is not lost", "CF5006", contains(1), []*validate.Recorded{recording("v0.")}, []validate.Finding{{Event: "e:1"}}, 0, 1, 0, ""},
		{"no such event", "CF5003", contains(1), []*validate.Recorded{recording("v0.")}, []validate.Finding{{Event: "e:9"}}, 0, 1, 0, ""},
		{"a finding without an event", "CF5003", contains(1), []*validate.Recorded{recording("v0.")}, []validate.Finding{{}}, 0, 0, 0, ""},
		{"an alternative decides, far behind the first", "CF5003", []channelfile.Expr{many}, []*validate.Recorded{recording("v499.")}, []validate.Finding{{Event: "e:1"}}, 1, 0, 1 + maxParts + 1, "479 more parts do not decide"},
		{"more parts than the page shows", "CF5003", []channelfile.Expr{all}, []*validate.Recorded{recording(every.String())}, []validate.Finding{{Event: "e:1"}}, 1, 0, maxNodes, "all of"},
		{"more findings than the page explains", "CF5003", contains(maxWhys + 2), []*validate.Recorded{recording(every.String())}, make([]validate.Finding, maxWhys+2), maxWhys, 2, 1, "v0."},
	} {
		r := &validate.Report{Subject: validate.Rules("rules", nil), Definition: d, File: testkit.Parse(t, testkit.Encode(t, testkit.HeaderOf(d), tt.conditions...))}
		for i, f := range tt.findings {
			f.Check, f.Instance = &validate.Check{ID: tt.check}, &validate.Instance{Index: i}
			if len(tt.findings) > 1 {
				f.Event = "e:1"
			}
			r.Findings = append(r.Findings, f)
		}
		var w whys
		w.add(r, tt.events)
		if len(w.of) != tt.whys || w.left != tt.left {
			t.Errorf("%s: explained %d findings and left out %d; expected %d and %d", tt.why, len(w.of), w.left, tt.whys, tt.left)
			continue
		}
		if tt.whys == 0 {
			continue
		}
		why := w.of[whyKey{"rules", tt.check, 0}]
		if text := fmt.Sprintf("%+v", why); len(why.Nodes) != tt.nodes || !strings.Contains(text, tt.says) || len(text) > 200*maxNodeText {
			t.Errorf("%s: found %d parts, %.300s; expected %d and %q", tt.why, len(why.Nodes), text, tt.nodes, tt.says)
		}
		if !why.Nodes[0].Decides || (why.More != "") != (tt.nodes == maxNodes) {
			t.Errorf("%s: found %+v and more %q; expected that the whole decides", tt.why, why.Nodes[0], why.More)
		}
	}
}
