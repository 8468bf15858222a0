package report

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor"
)

// diff has four channels: one with each kind of change, one whose inputs moved, a new one and
// one that is withdrawn.
func diff(t testing.TB) *Diff {
	t.Helper()
	define := func(number, version, channel uint32, names ...string) *sensor.Definition {
		return &sensor.Definition{Name: fmt.Sprint("type-", number), Number: number, Version: version, Channel: channel, Inputs: testkit.Strings(names...)}
	}
	process := define(3000, 1, 3000, "Image", "Command_Line", "User")
	pipe, moved := define(3001, 1, 3001, "Image", "Pipe"), define(3001, 2, 3001, "Pipe", "Image", "User")
	dns := define(3002, 1, 3002, "Query")
	defs := testkit.Definitions(t, process, pipe, moved, dns)
	side := func(name string, d *sensor.Definition, revision uint32, conditions map[int]channelfile.Expr) *DiffSide {
		h := testkit.HeaderOf(d)
		h.Revision = revision
		b := channelfile.NewBuilder(h)
		for n, c := range conditions {
			origin := &channelfile.Origin{Rule: testkit.ID(n).String(), Title: fmt.Sprintf("Rule *%d*\x1b", n), Path: "rules.yml", Line: n}
			if d == dns {
				origin = nil
			}
			if err := b.Add(testkit.ID(n), c, origin); err != nil {
				t.Fatal(err)
			}
		}
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return &DiffSide{Name: name, File: testkit.Parse(t, data), Rules: revision == 0}
	}
	image := func(s ...string) channelfile.Expr { return channelfile.Equals(0, s...) }
	old, now := map[int]channelfile.Expr{}, map[int]channelfile.Expr{}
	old[1], now[1] = image("a"), image("a", "b")                                                        // widened
	old[2], now[2] = image("a", "b"), image("a")                                                        // narrowed
	old[3], now[3] = image("a"), image("c")                                                             // shifted
	old[4], now[4] = channelfile.Or(image("a"), channelfile.Prefix(0, "a")), channelfile.Prefix(0, "a") // reworded
	old[5], now[5] = channelfile.EqualsInput(0, 1), channelfile.EqualsInput(0, 2)                       // unclear
	for i := range 4 {
		old[10+i] = channelfile.Regexp(1, fmt.Sprint("x+", i))
		now[20+i] = channelfile.Contains(2, fmt.Sprint("admin", i))
	}
	old[30], now[30] = image("same"), image("same")

	d := &Diff{Top: 3}
	d.Add(nil, side("new/dns.cf", dns, 1, map[int]channelfile.Expr{1: channelfile.Contains(0, "evil")}), defs)
	d.Add(side("old/pipe.cf", pipe, 7, map[int]channelfile.Expr{1: channelfile.Equals(1, "x")}), side("new/pipe.cf", moved, 8, map[int]channelfile.Expr{1: channelfile.Equals(0, "x"), 2: channelfile.Equals(2, "x")}), defs)
	d.Add(side("old\xff/process.cf", process, 31, old), side("new/process.cf", process, 32, now), defs)
	d.Add(side("rules (dns)", dns, 0, map[int]channelfile.Expr{1: channelfile.Contains(0, "evil")}), nil, defs)
	d.Add(side("rules (dns)", dns, 0, nil), side("rules (dns)", dns, 0, map[int]channelfile.Expr{1: channelfile.Contains(0, "evil")}), nil)
	return d
}

// TestDiff compares the change of several channels with golden files.
func TestDiff(t *testing.T) {
	var text, markdown, data bytes.Buffer
	if err := errors.Join(diff(t).Text(&text), diff(t).Markdown(&markdown), diff(t).JSON(&data)); err != nil {
		t.Fatal(err)
	}
	golden(t, "diff.text", text.Bytes())
	golden(t, "diff.md", markdown.Bytes())
	golden(t, "diff.json", data.Bytes())

	testSchema(t, "diff.json", map[string]schemaCase{
		"the JSON of a diff":      {data.String(), true},
		"no channels":             {`{"schema": "cfcheck.diff/v0", "channels": []}`, true},
		"another schema":          {`{"schema": "cfcheck.cost/v0", "channels": []}`, false},
		"an unknown key":          {`{"schema": "cfcheck.diff/v0", "channels": [], "more": 1}`, false},
		"an unknown direction":    {strings.Replace(data.String(), `"direction": "widened"`, `"direction": "wider"`, 1), false},
		"a rule without a change": {strings.Replace(data.String(), `"direction": "unclear"`, `"more": "unclear"`, 1), false},
	})

	for why, write := range map[string]func(*bytes.Buffer) error{
		"neither release has content": func(b *bytes.Buffer) error { return new(Diff).Text(b) },
		"Neither release has content": func(b *bytes.Buffer) error { return new(Diff).Markdown(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil || !strings.Contains(b.String(), why) {
			t.Errorf("%v %q, want %q", err, b.String(), why)
		}
	}
}

func TestGrowth(t *testing.T) {
	for _, test := range []struct {
		old, new uint64
		want     string
	}{
		{0, 0, ""}, {5, 5, ""}, {0, 5, ""}, {5, 0, "-100 %"}, {100, 112, "+12 %"}, {1000, 1001, "+0.1 %"}, {1000, 994, "-0.6 %"}, {1, 3, "+200 %"}, {1000, 1099, "+9.9 %"}, {10000, 10996, "+10 %"},
	} {
		if got := growth(test.old, test.new); got != test.want {
			t.Errorf("%d to %d: %q, want %q", test.old, test.new, got, test.want)
		}
	}
}

// BenchmarkDiff describes the change of a file of 100,000 rules. The time of parsing both files is
// the measure of the machine.
func BenchmarkDiff(b *testing.B) {
	const n = 100_000
	old, newer := workload.File(n, 1), workload.Release(n, 1)
	defs := testkit.Definitions(b, workload.Definition())
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			testkit.Parse(b, old)
			testkit.Parse(b, newer)
		}
	})
	b.Run("diff", func(b *testing.B) {
		for b.Loop() {
			var d Diff
			var out bytes.Buffer
			d.Add(&DiffSide{File: testkit.Parse(b, old)}, &DiffSide{File: testkit.Parse(b, newer)}, defs)
			if err := d.Markdown(&out); err != nil || strings.Count(out.String(), "\n- `") != 3*n/100 {
				b.Fatal(err, strings.Count(out.String(), "\n- "))
			}
		}
	})
}
