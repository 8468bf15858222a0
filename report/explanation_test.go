package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/trace"
)

// TestExplanation tests the forms of an explanation with texts that could deceive a terminal.
func TestExplanation(t *testing.T) {
	const bad = "=\x1b[31m\u202e\n"
	origin := testkit.From(&channelfile.Origin{Title: bad, Path: bad, Line: 3})
	f := testkit.Parse(t, testkit.EncodeFrom(t, testkit.IPC, origin,
		channelfile.And(channelfile.Contains(5, bad, "x").From(4, bad), channelfile.Not(channelfile.Exists(1)))))
	d := builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)
	r := trace.OfInstance(f, 0, d)
	e := &trace.Recorded{Event: make(interp.Event, len(d.Inputs)), Feed: &d.Feeds[0], ID: 17}
	e.Event[5] = interp.Text(strings.Repeat(bad, 200))
	root, err := r.Tree(e.Event)
	if err != nil {
		t.Fatal(err)
	}
	x := &Explanation{
		Event: ExplainedEvent{File: bad, Line: 7, Record: 2000, More: true, ID: 17, Provider: bad, Channel: bad, Feeds: []string{bad}},
		Rules: []ExplainedRule{{Rule: r}, {Rule: r, Event: e, Root: root, Fleets: []ExplainedFleet{{Name: bad, Builds: 2, Hosts: 12, Groups: []trace.Hosts{
			{Builds: []string{bad}, Hosts: 7, Verdict: trace.NotRecorded, Reason: bad},
			{Builds: []string{bad}, Hosts: 5, Verdict: trace.NoMatch, Root: root, Inputs: []trace.Input{{Index: 5, Name: bad, Difference: trace.Cut, Reason: bad}}},
		}}}}},
	}
	var text, data bytes.Buffer
	if err := errors.Join(x.Text(&text), x.JSON(&data)); err != nil {
		t.Fatal(err)
	}
	shownSafely(t, "text", text.String())
	for _, want := range []string{
		"record 2,000, event 17 of", "--record N explains another one\n", "and this event is of another type\n", "result  matches\n", "> yes all of\n", "> yes   not\n", "> no      ",
		"  not recorded on 7 hosts: ", "  no match on 5 hosts: ", "(2000 bytes)",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text does not have %q:\n%s", want, &text)
		}
	}
	testSchema(t, "explanation.json", map[string]schemaCase{
		"the explanation":   {data.String(), true},
		"an unknown key":    {strings.Replace(data.String(), `"schema"`, `"more": 1, "schema"`, 1), false},
		"another verdict":   {strings.Replace(data.String(), `"not recorded"`, `"unrecorded"`, 1), false},
		"a part of no kind": {strings.Replace(data.String(), `"kind": "not"`, `"kind": "nor"`, 1), false},
	})
}
