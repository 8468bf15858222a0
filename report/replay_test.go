package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/events"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/replay"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// aReplay returns a replay with texts that could deceive a terminal or a spreadsheet.
func aReplay(t *testing.T) *Replay {
	t.Helper()
	const bad = "=\x1b[31m\u202e\n"
	origin := testkit.From(&channelfile.Origin{Title: bad, Path: bad, Line: 3})
	f := testkit.Parse(t, testkit.EncodeFrom(t, testkit.IPC, origin, channelfile.Exists(1), channelfile.Exists(2), channelfile.Exists(3)))
	return &Replay{
		Content: []replay.Content{{File: f, Definition: builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion)}},
		Files:   1, MaxBadLines: 20,
		Result: &replay.Result{
			Events: 3_000_010, Tried: 3_000_000, Untried: []replay.Count{{Type: bad, Events: 4}}, NoType: 6,
			Rules: []replay.Rule{
				{Instance: 0, Events: 3_000_000},
				{Instance: 1, Events: 3_000_000, Matches: 1, Work: 75, Examples: []replay.Example{{File: bad, Line: 7, Values: []replay.Value{{Input: bad, Text: bad, Bytes: 300}}}}},
				{Instance: 2, Events: 3_000_000, Matches: 2_999_999},
			},
			Cost: replay.Cost{Search: 20, Interpreter: 5, Interpreted: 2},
			Fields: []replay.Field{
				{Definition: builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion), Input: 5, Events: 9, Present: 8},
				{Definition: builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion), Input: 6, Events: 9, Rules: 2},
				{Definition: builtin.Definitions().ByNumber(testkit.IPC.Type, testkit.IPC.TypeVersion), Input: 7, Events: 9, Present: 1, Rules: 1},
			},
			BadLines: 12, FirstBad: []*events.LineError{{Name: bad, Line: 4, Err: errors.New(bad)}},
		},
	}
}

// TestReplayHTML tests that the page has the rules that match with their examples, and why the
// first example matches, also with texts that try to leave their place.
func TestReplayHTML(t *testing.T) {
	const value = "<script>\u202e"
	d := &sensor.Definition{
		Name: "pipes", Number: 3001, Version: 1, Channel: 3001, Inputs: testkit.Strings("Pipe", "Image"),
		Feeds: []sensor.Feed{{Name: "pipes", Channel: "Pipes", Source: "test", Events: []uint32{17}, Fields: []sensor.FeedField{{Input: "Pipe"}}}},
	}
	defs := testkit.Definitions(t, d)
	origin := testkit.From(&channelfile.Origin{Title: value, Path: "r.yml", Line: 3})
	f := testkit.Parse(t, testkit.EncodeFrom(t, testkit.HeaderOf(d), origin, channelfile.And(channelfile.Contains(0, "x"), channelfile.Not(channelfile.Exists(1)))))
	line := func(pipe string) string {
		data, err := json.Marshal(map[string]any{"EventID": 17, "Channel": "Pipes", "EventData": map[string]string{"Pipe": pipe}})
		if err != nil {
			t.Fatal(err)
		}
		return string(data) + "\n"
	}
	text := line("other") + "not an event\n" + line("x"+value) + line("x2") + line("x3") + line("x4") + line("x5")
	source := replay.Source{Name: "e.ndjson", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
	r := &Replay{Content: []replay.Content{{File: f, Definition: d}}, Files: 1}
	var err error
	if r.Result, err = replay.Run(defs, r.Content, []replay.Source{source}, replay.Options{Examples: 4}); err != nil {
		t.Fatal(err)
	}
	r.Explain(defs, []replay.Source{source})
	var b bytes.Buffer
	if err := r.HTML(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 of 1 rule, with 5 matches. But the result is not complete.", "1 line could not be tried", "5 matches of 6 events", "r.yml:3, type pipes",
		"Why it matches event e.ndjson:3", `the event has Pipe &#34;x&lt;script&gt;\u202e&#34;`, "the event has no Image: feed pipes never has it",
		"Show 1 more example", `"where":"e.ndjson:6"`, "Share of the work",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(b.String(), value) {
		t.Errorf("the page has %q, which is not escaped", value)
	}
	// An example that cannot be read again has no reason.
	r.Explain(defs, []replay.Source{{Name: "e.ndjson", Open: func() (io.ReadCloser, error) { return nil, errors.New("gone") }}})
	if len(r.whys) != 0 {
		t.Errorf("found %d reasons; expected none without the events", len(r.whys))
	}
}

// TestReplay checks the forms of a replay.
func TestReplay(t *testing.T) {
	r := aReplay(t)
	var text, table, fields, data bytes.Buffer
	if err := errors.Join(r.Text(&text), r.CSV(&table), r.FieldsCSV(&fields), r.JSON(&data)); err != nil {
		t.Fatal(err)
	}
	shownSafely(t, "text", text.String())
	for _, want := range []string{
		"events  3,000,010 in 1 file: 3,000,000 tried, 4 of types without content, 6 of no type\n",
		"rules   3: 2 with 3,000,000 matches, 1 without a match, 0 of types without an event\n",
		"2,999,999  3,000,000  99.9999 %", "<0.0001 %", "... (300 bytes)", "    and 11 more lines\n",
		"    75.0000 %  ", "    20.0000 %  search for literals of all rules\n", "     5.0000 %  2 events for which the interpreter ran all rules\n",
		"Fields that events have and no rule reads:\n    ipc: PipeName\n", "Fields that rules read and no event has:\n    ipc: Image (2 rules)\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text does not have %q:\n%s", want, &text)
		}
	}
	rows, err := csv.NewReader(&table).ReadAll()
	if err != nil || len(rows) != 4 || !strings.HasPrefix(rows[2][2], "'=") || rows[3][7] != "999999" {
		t.Errorf("table: %v, %q", err, rows)
	}
	if rows[2][14] != "75" || rows[2][15] != "750000" {
		t.Errorf("work: %q", rows[2])
	}
	if want := "type,type_version,field,events,events_with_field,rules\nipc,1,PipeName,9,8,0\nipc,1,Image,9,0,2\nipc,1,User,9,1,1\n"; fields.String() != want {
		t.Errorf("fields: %q, expected %q", &fields, want)
	}
	testSchema(t, "replay.json", map[string]schemaCase{
		"the replay":        {data.String(), true},
		"an unknown key":    {strings.Replace(data.String(), `"schema"`, `"more": 1, "schema"`, 1), false},
		"a share above all": {strings.Replace(data.String(), `"matchesPerMillion": 999999`, `"matchesPerMillion": 1000001`, 1), false},
	})
}

// TestReplayVerdict checks which replays are accepted.
func TestReplayVerdict(t *testing.T) {
	all, fewer := uint64(3_000_000), uint64(2_999_999)
	for why, tt := range map[string]struct {
		change func(r *Replay)
		want   validate.Verdict
	}{
		"complete":                {func(*Replay) {}, validate.Accepted},
		"as many bad lines":       {func(r *Replay) { r.MaxBadLines = 12 }, validate.Accepted},
		"too many bad lines":      {func(r *Replay) { r.MaxBadLines = 11 }, validate.Undecided},
		"no event was tried":      {func(r *Replay) { r.Tried = 0 }, validate.Undecided},
		"a file cannot be read":   {func(r *Replay) { r.Problems = []error{errors.New("a")} }, validate.Undecided},
		"a rule is left out":      {func(r *Replay) { r.LeftOut = 1 }, validate.Undecided},
		"as many matches":         {func(r *Replay) { r.MaxMatches = &all }, validate.Accepted},
		"too many matches":        {func(r *Replay) { r.MaxMatches = &fewer }, validate.Rejected},
		"too many, and undecided": {func(r *Replay) { r.MaxMatches, r.LeftOut = &fewer, 1 }, validate.Undecided},
	} {
		r := aReplay(t)
		tt.change(r)
		if have := r.Verdict(); have != tt.want {
			t.Errorf("%s: %v, expected %v", why, have, tt.want)
		}
	}
}
