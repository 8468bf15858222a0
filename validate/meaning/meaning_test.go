package meaning_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	cf "github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/gatetest"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/internal/workload"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/validate"
)

// The inputs of the type ipc that the tests use.
const pipe, image, user = 5, 6, 7

// judge judges conditions by the checks of the family.
func judge(t testing.TB, conditions ...cf.Expr) *validate.Report {
	t.Helper()
	data := testkit.EncodeFrom(t, testkit.IPC, testkit.Origins("rules.yml"), conditions...)
	return validate.Run(validate.ChannelFile("C-00000291-00000001-00000001.cf", data), validate.Options{
		Checks: gatetest.Family(4), Definitions: builtin.Definitions(), Fleet: testkit.Fleet(t, "reference"), Now: time.Unix(0, 0),
	})
}

// say returns the findings of the family, a line for each.
func say(t testing.TB, r *validate.Report) string {
	t.Helper()
	var lines []string
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Check.Family() != 4 {
			continue
		}
		if f.Fault {
			t.Errorf("the gate is at fault: %s", f.Message)
		}
		lines = append(lines, fmt.Sprintf("%s:%d %s %s", f.Where.Source.Path, f.Where.Source.Line, f.Check.ID, strings.Join(append([]string{f.Message}, f.Details...), " | ")))
	}
	return strings.Join(lines, "\n")
}

func TestFindings(t *testing.T) {
	selection := cf.Suffix(image, `\shell.exe`).From(3, `Image|endswith: \shell.exe`)
	tools := cf.Suffix(pipe, `\htax.exe`, `\wmicx.exe`).Fold().From(4, `PipeName|endswith: [\htax.exe, \wmicx.exe]`)
	filter := func(text string) cf.Expr {
		return cf.Not(cf.And(cf.Suffix(pipe, `\wmicx.exe`).Fold().From(6, `PipeName|endswith: \wmicx.exe`), cf.Contains(user, "qfe list", "").From(7, text)))
	}
	for _, test := range []struct {
		name string
		e    cf.Expr
		want string
	}{
		{"two endings", cf.And(selection, cf.Suffix(pipe, `\a.exe`, `\b.exe`).Fold().All().From(4, "PipeName|endswith|all: ...")),
			`rules.yml:4 CF4001 rule "Rule 1" can never match: its tests contradict each other` +
				` | must hold: input 6 (index 5), "PipeName" suffix "\\a.exe" | must hold: input 6 (index 5), "PipeName" suffix "\\b.exe"`},
		{"a filter that covers the selection", cf.And(cf.Contains(pipe, "demo --x"), cf.Not(cf.Contains(pipe, "demo"))),
			`rules.yml:10 CF4001 rule "Rule 1" can never match: its tests contradict each other` +
				` | must hold: input 6 (index 5), "PipeName" contains "demo --x" | must fail: input 6 (index 5), "PipeName" contains "demo"`},
		{"a filter that leaves something", cf.And(cf.Contains(pipe, "demo"), cf.Not(cf.Contains(pipe, "demo --x"))), ""},
		{"a test or its negation", cf.Or(selection, cf.Not(selection)), `rules.yml:10 CF4002 rule "Rule 1" matches every event, also one in which all inputs are absent`},
		{"an empty text without a source", cf.Contains(pipe, ""), `rules.yml:10 CF4004 rule "Rule 1" matches every event that has input 6 (index 5), "PipeName", whatever the values are`},
		{"a space", cf.And(cf.Contains(pipe, " "), cf.Exists(user)),
			`rules.yml:10 CF4004 rule "Rule 1" matches every event that has input 6 (index 5), "PipeName"; input 8 (index 7), "User", if the values have a single character that it looks for`},
		{"a space and a text", cf.And(cf.Contains(pipe, " ", "ab").All(), cf.Exists(user)), ""},
		{"a space of the value of another input", cf.And(cf.Contains(pipe, " "), selection), ""},
		{"the first character", cf.Prefix(pipe, "c"), ""},
		{"a character that few texts have", cf.Contains(pipe, "\u2215"), ""},
		{"an empty text", cf.And(selection, cf.Contains(pipe, "").From(4, "PipeName|contains: ''")),
			`rules.yml:4 CF4005 the values of this test include the empty text, so it holds whenever an event has input 6 (index 5), "PipeName", and its other values have no effect`},
		{"a lone star beside an empty text", cf.And(selection, cf.Exists(pipe).From(4, "PipeName: ['', '*']")), ""},
		{"an expression that matches the empty text", cf.Regexp(pipe, "(-enc)?").From(4, ""),
			`rules.yml:10 CF4004 rule "Rule 1" matches every event that has input 6 (index 5), "PipeName", whatever the values are` + "\n" +
				"rules.yml:4 CF4005 the expression `(-enc)?` matches every value of input 6 (index 5), \"PipeName\": it matches the empty text"},
		{"an expression that matches an empty value only", cf.Regexp(pipe, "^$").From(4, ""), ""},
		{"a value that a filter removes", cf.And(selection, tools, cf.Not(cf.Suffix(pipe, "wmicx.exe").Fold())),
			`rules.yml:4 CF4003 rule "Rule 1" can never match by input 6 (index 5), "PipeName" suffix "\\wmicx.exe"` +
				` | must hold: input 6 (index 5), "PipeName" suffix "\\wmicx.exe" | must fail: input 6 (index 5), "PipeName" suffix "wmicx.exe"`},
		{"a value that a filter with an empty text removes", cf.And(selection, tools, filter("User|contains: ['qfe list', '']")),
			`rules.yml:4 CF4003 rule "Rule 1" can never match by input 6 (index 5), "PipeName" suffix "\\wmicx.exe", unless an event lacks input 8 (index 7), "User": a filter has an empty text among its values, which each value contains` +
				` | must hold: input 6 (index 5), "PipeName" suffix "\\wmicx.exe" | must hold: input 8 (index 7), "User" exists` +
				` | must fail: input 6 (index 5), "PipeName" suffix "\\wmicx.exe" | must fail: input 8 (index 7), "User" exists` + "\n" +
				`rules.yml:7 CF4005 the values of this test include the empty text, so it holds whenever an event has input 8 (index 7), "User", and its other values have no effect`},
		{"a filter that asks whether a field is there", cf.And(selection, tools, filter("User|exists: true")), ""},
		{"a dead search", cf.And(cf.Prefix(pipe, "a"), cf.Or(cf.And(cf.Prefix(pipe, "b").From(5, "PipeName|startswith: b"), selection), cf.Exists(user))),
			`rules.yml:5 CF4003 rule "Rule 1" can never match by the alternative that begins with input 6 (index 5), "PipeName" prefix "b"` +
				` | must hold: input 6 (index 5), "PipeName" prefix "b" | must hold: input 6 (index 5), "PipeName" prefix "a"`},
		{"a part of a filter that the selection implies", cf.And(selection, cf.Not(cf.And(selection, cf.Prefix(image, "c:")))), ""},
	} {
		if got := say(t, judge(t, test.e)); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

func TestOverlaps(t *testing.T) {
	wide, narrow := cf.Suffix(image, `\a.exe`), cf.And(cf.Suffix(image, `\a.exe`), cf.Exists(pipe))
	for _, test := range []struct {
		name       string
		conditions []cf.Expr
		want       string
	}{
		{"the same words", []cf.Expr{narrow, wide, narrow},
			`rules.yml:30 CF4006 rule "Rule 3" matches the same events as rule "Rule 1" (rules.yml:10) of C-00000291-00000001-00000001.cf` + "\n" +
				`rules.yml:10 CF4007 rule "Rule 1" matches only events that rule "Rule 2" (rules.yml:20) of C-00000291-00000001-00000001.cf matches too`},
		{"the same events by other words", []cf.Expr{
			cf.And(cf.Suffix(image, `\a.exe`), cf.Contains(pipe, "a")), cf.And(cf.Suffix(image, `\a.exe`), cf.Contains(pipe, "a"), cf.Exists(pipe))},
			`rules.yml:20 CF4006 rule "Rule 2" matches the same events as rule "Rule 1" (rules.yml:10) of C-00000291-00000001-00000001.cf`},
		{"a wider list", []cf.Expr{
			cf.And(cf.Prefix(image, "c:"), cf.Or(cf.Contains(pipe, "abc"), cf.Equals(user, "x"))), cf.And(cf.Prefix(image, "c:"), cf.Or(cf.Contains(pipe, "b"), cf.Exists(user)))},
			`rules.yml:10 CF4007 rule "Rule 1" matches only events that rule "Rule 2" (rules.yml:20) of C-00000291-00000001-00000001.cf matches too`},
		{"a wider rule with a criterion of its own", []cf.Expr{
			cf.And(cf.Exists(user), cf.Contains(pipe, "abc")), cf.And(cf.Exists(user), cf.Contains(pipe, "bc"))}, ""},
		{"a filter", []cf.Expr{wide, cf.And(wide, cf.Not(cf.Contains(pipe, "a")))},
			`rules.yml:20 CF4007 rule "Rule 2" matches only events that rule "Rule 1" (rules.yml:10) of C-00000291-00000001-00000001.cf matches too`},
		{"rules that overlap in part", []cf.Expr{narrow, cf.And(wide, cf.Exists(user))}, ""},
		{"a rule that never matches implies all", []cf.Expr{wide, cf.And(wide, cf.Equals(pipe, "a"), cf.Equals(pipe, "b"))},
			`rules.yml:20 CF4001 rule "Rule 2" can never match: its tests contradict each other` +
				` | must hold: input 6 (index 5), "PipeName" equals "a" | must hold: input 6 (index 5), "PipeName" equals "b"`},
	} {
		if got := say(t, judge(t, test.conditions...)); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

// A rule is compared with 64 candidates, and the report counts the others.
func TestCandidatesAreLimited(t *testing.T) {
	conditions := []cf.Expr{cf.And(cf.Exists(image), cf.Prefix(user, "a"))}
	for i := range 100 {
		conditions = append(conditions, cf.And(cf.Exists(image), cf.Prefix(user, "a"), cf.Equals(pipe, fmt.Sprint(i))))
	}
	got := say(t, judge(t, conditions...))
	if n := strings.Count(got, "matches only events"); n != 64 {
		t.Errorf("%d rules are covered, want 64", n)
	}
	if want := "CF4007 36 pairs of rules were not compared"; !strings.Contains(got, want) {
		t.Errorf("the report does not say %q:\n%s", want, got)
	}
}

func TestTexts(t *testing.T) {
	for _, test := range []struct {
		name string
		e    cf.Expr
		want string
	}{
		{"a path in double quotes", cf.Contains(image, "\temp\new\bin"), "CF4008 the value \"\\temp\\new\\bin\" of input 7 (index 6), \"Image\" has U+0009, a control character"},
		{"a tab in a text that is no path", cf.Contains(user, "a\tbc"), ""},
		{"a backspace in a text that is no path", cf.Contains(user, "a\bbc"), "U+0008, a control character"},
		{"a space without width", cf.Contains(user, "demo\u200b --x"), "U+200B, a character without width"},
		{"a space without width alone", cf.Contains(user, "\u200b"), ""},
		{"a space without width and one letter", cf.Contains(user, "x\u200b"), ""},
		{"a no-break space", cf.Contains(user, "demo\u00a0x"), "U+00A0, a space that is not the usual one"},
		{"a control of the direction", cf.Contains(user, "demo\u202efdp.exe"), "U+202E, a control of the writing direction"},
		{"a Cyrillic letter in a Latin word", cf.Suffix(image, "\\svch\u043est.exe"), "U+043E, a letter that looks like a Latin one"},
		{"a Cyrillic word beside a Latin one", cf.Contains(user, "admin \u0430\u0434\u043c\u0438\u043d"), ""},
		{"letters of other scripts", cf.Contains(user, "stra\u00dfe \u65e5\u672c"), ""},
		{"a star in a path", cf.Equals(image, `c:\users*\demo.exe`), `CF4009 the value "c:\\users*\\demo.exe" of input 7 (index 6), "Image" has a literal star`},
		{"a star in a pattern of a path", cf.Pattern(image, `c:\\users\*\\*\\?.exe`), "CF4009"},
		{"wildcards and backslashes in a pattern", cf.Pattern(image, `c:\\*\\x?\\*.exe`), ""},
		{"a star in a text that is no path", cf.Contains(user, "*.*"), ""},
		{"a placeholder", cf.Equals(user, "%Administrators%"), `CF4011 the value "%Administrators%" of input 8 (index 7), "User" looks like a placeholder`},
		{"an environment variable", cf.Equals(user, "%SystemRoot%"), ""},
		{"a message of Windows", cf.Equals(user, "%%1833"), ""},
		{"a part between percent signs", cf.Contains(user, "%admins%"), ""},
		{"an expression that is a path", cf.Regexp(user, `C:\temp\file`), "CF4010 the expression `C:\\temp\\file` has the path `C:\\temp\\file` with single backslashes"},
		{"an expression that escapes its path", cf.Regexp(user, `C:\\temp\\file`), ""},
		{"an expression of a time", cf.Regexp(user, `T:\d\d\w\w`), ""},
		{"an expression of a word and digits", cf.Regexp(user, `PID:\ddd\www`), ""},
	} {
		got := say(t, judge(t, test.e))
		if test.want == "" && got != "" || !strings.Contains(got, test.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

// The checks of texts find a character at each place of a text, also behind the last eight bytes.
func TestPlacesInTexts(t *testing.T) {
	const text = "~ ab ~c:users-demo.exe"
	var conditions []cf.Expr
	for at := range len(text) {
		conditions = append(conditions, cf.Contains(user, text[:at]+"\x7f"+text[at:]), cf.Contains(user, text[:at]+"\u200b"+text[at:]),
			cf.Contains(user, text[:at]+"\x1f"+text[at:]), cf.Suffix(image, text[:at]+"*"+text[at:]), cf.Suffix(image, text[at:]))
	}
	r := judge(t, conditions...)
	for _, total := range r.Totals {
		if want := map[string]int{"CF4008": 3 * len(text), "CF4009": len(text)}[total.Check.ID]; want > 0 && total.Found != want {
			t.Errorf("%s: %d findings, want %d", total.Check.ID, total.Found, want)
		}
	}
	if n := strings.Count(say(t, r), " CF4009 "); n != len(text) {
		t.Errorf("CF4009 reports %d of %d stars", n, len(text))
	}
}

// A file with very many findings of one instance keeps some, and counts the others.
func TestFindingsAreCounted(t *testing.T) {
	var alternatives []cf.Expr
	for i := range 500 {
		alternatives = append(alternatives, cf.Equals(pipe, fmt.Sprint(i)))
	}
	r := judge(t, cf.And(cf.Prefix(pipe, "4"), cf.Or(alternatives...), cf.Exists(user)))
	for _, total := range r.Totals {
		if total.Check.ID == "CF4003" && total.Found != 500-111 {
			t.Errorf("%d findings, want one for each number that does not begin with 4", total.Found)
		}
	}
	if n := len(r.Findings); n < 50 || n > 150 {
		t.Errorf("the report keeps %d findings", n)
	}
}

// BenchmarkFamily judges files of many instances by the family alone.
func BenchmarkFamily(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := workload.File(n, 1)
			opts := validate.Options{Checks: gatetest.Family(4), Definitions: testkit.Definitions(b, workload.Definition()), Fleet: workload.Fleet(1, 1)}
			for b.Loop() {
				if r := validate.Run(validate.ChannelFile("", data), opts); r.Errors() > 0 {
					b.Fatal(r.Findings)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/instance")
		})
	}
}
