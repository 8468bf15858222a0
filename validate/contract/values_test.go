package contract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// constant gives an input the values that all events have.
func constant(index int, values ...string) func([]sensor.SuppliedInput) {
	return func(in []sensor.SuppliedInput) {
		in[index].State, in[index].Values = sensor.StateConstant, values
	}
}

// cut cuts an input at a length in bytes.
func cut(index, length int) func([]sensor.SuppliedInput) {
	return func(in []sensor.SuppliedInput) { in[index].MaxLength, in[index].CutAt = 0, length }
}

func both(changes ...func([]sensor.SuppliedInput)) func([]sensor.SuppliedInput) {
	return func(in []sensor.SuppliedInput) {
		for _, change := range changes {
			change(in)
		}
	}
}

// TestValues tests which rules are blind, widened or weakened by the values of inputs, with the
// first message.
func TestValues(t *testing.T) {
	and, or, not := channelfile.And, channelfile.Or, channelfile.Not
	// Hashes and Desktop stand for the event ID and the channel of a feed.
	const id, log = pHashes, pDesktop
	is := func(index int, value ...string) channelfile.Expr { return channelfile.Equals(index, value...) }
	image := channelfile.Suffix(pImage, `\a.exe`)
	long := channelfile.Suffix(pImage, `\directory\a.exe`)
	line := channelfile.Contains(pLine, "-x")
	one := []sensor.Supply{onFeed("sysmon", constant(id, "1"))}
	for _, tt := range []struct {
		why   string
		rule  channelfile.Expr
		feeds []sensor.Supply
		want  string // check: message; "" means no finding
	}{
		{"the ID of another event", and(is(id, "4"), image), one,
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"the ID that all events have", and(is(id, "1"), image), one, ""},
		{"one of two IDs", and(is(id, "1", "4"), image), one, ""},
		{"another ID excluded", and(not(is(id, "4")), image), one, ""},
		{"its own ID excluded", and(not(is(id, "1")), image), one, `CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"a prefix of the ID", and(channelfile.Prefix(id, "4"), image), one, `CF3012: ` + `rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"an ID that is a number", and(channelfile.IntegerRange(id, [2]int64{0, 9}), image), one, ""},
		{"an ID that is no such number", and(channelfile.IntegerRange(id, [2]int64{2, 9}), image), one,
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"an ID that matches an expression", and(channelfile.Regexp(id, "^[0-3]$"), image), one, ""},
		{"an ID that matches no expression", and(channelfile.Regexp(id, "^[2-3]$"), image), one,
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"a constant that must exist", and(channelfile.Exists(id), image), one, ""},
		{"a constant that must not exist", and(not(channelfile.Exists(id)), image), one,
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"equal to another input", and(channelfile.EqualsInput(id, pLine), image), one, ""},
		{"an alternative for another source", or(and(is(id, "1"), image), and(is(id, "4"), line)), one,
			`CF3014: rule "Rule 1" loses an alternative on events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"an alternative for each of two sources", or(and(is(id, "1"), image), and(is(id, "4"), line)),
			[]sensor.Supply{onFeed("sysmon", constant(id, "1")), onFeed("security", constant(id, "4"))}, ""},
		{"an alternative for none of two sources", or(and(is(id, "1"), image), and(is(id, "5"), line), is(pLine, "x")),
			[]sensor.Supply{onFeed("sysmon", constant(id, "1")), onFeed("security", constant(id, "4"))},
			`CF3014: rule "Rule 1" loses an alternative on events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"another source on the same host", and(is(id, "4"), image),
			[]sensor.Supply{onFeed("sysmon", constant(id, "1")), onFeed("security", constant(id, "4"))},
			`CF3021: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"a source that is not recorded", and(is(id, "4"), image),
			[]sensor.Supply{onFeed("sysmon", constant(id, "1")), collectedAs(onFeed("security", constant(id, "4")), sensor.CollectedNone)},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"`},
		{"each value makes it blind, by another word", and(or(and(is(id, "1"), is(log, "b")), and(is(id, "2"), is(log, "a")), is(id, "5")), image),
			[]sensor.Supply{onFeed("sysmon", both(constant(id, "1", "2"), constant(log, "c")))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1" or "2"; this alone is not the cause: Desktop has part in it`},
		{"two values, one of which matches", and(is(id, "2"), image), []sensor.Supply{onFeed("sysmon", constant(id, "1", "2"))}, ""},
		{"a value with a field that is missing", or(and(is(id, "1"), is(pOriginal, "x")), and(is(id, "4"), line)),
			[]sensor.Supply{onFeed("sysmon", both(constant(id, "1"), missing(sensor.StateNotSupplied, pOriginal)))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b, where input 4 (index 3), Hashes, of type process, is always "1"; this alone is not the cause: OriginalFileName has part in it`},
		{"a rule that never matched", and(is(id, "1"), line, not(line)), one, ""},

		{"longer than the cut", long, []sensor.Supply{onFeed("sysmon", cut(pImage, 15))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"as long as the cut", long, []sensor.Supply{onFeed("sysmon", cut(pImage, 16))}, ""},
		{"longer than the longest", long, []sensor.Supply{onFeed("sysmon", func(in []sensor.SuppliedInput) { in[pImage].MaxLength = 15 })}, ""},
		{"longer in bytes only", channelfile.Suffix(pImage, "\u212A").Fold(), []sensor.Supply{onFeed("sysmon", cut(pImage, 1))}, ""},
		{"one of two is as long", channelfile.Suffix(pImage, `\directory\a.exe`, `\a.exe`), []sensor.Supply{onFeed("sysmon", cut(pImage, 15))}, ""},
		{"all of two, one of which is longer", channelfile.Contains(pImage, `\directory\a.exe`, `\b.exe`).All(), []sensor.Supply{onFeed("sysmon", cut(pImage, 15))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"an expression for longer texts", channelfile.Regexp(pImage, "a{16}"), []sensor.Supply{onFeed("sysmon", cut(pImage, 15))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"an exclusion by a longer text", and(line, not(long)), []sensor.Supply{onFeed("sysmon", cut(pImage, 15))},
			`CF3013: rule "Rule 1" matches events of feed sysmon of build b that it should not: it excludes by input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"an alternative with a longer text", or(line, long), []sensor.Supply{onFeed("sysmon", cut(pImage, 15))},
			`CF3014: rule "Rule 1" loses an alternative on events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"an alternative with a longer text, beside a whole feed", or(line, long), []sensor.Supply{onFeed("sysmon", cut(pImage, 15)), onFeed("security", nil)},
			`CF3021: rule "Rule 1" loses an alternative on events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it`},
		{"a longer text, and a missing field", or(long, is(pOriginal, "x")), []sensor.Supply{onFeed("sysmon", both(cut(pImage, 15), missing(sensor.StateNotSupplied, pOriginal)))},
			`CF3012: rule "Rule 1" can never match events of feed sysmon of build b: it compares input 1 (index 0), Image, of type process, with a longer text than the 15 bytes to which the build cuts it; this alone is not the cause: OriginalFileName has part in it`},
	} {
		for _, access := range []sensor.Access{sensor.AccessNamed, sensor.AccessPositional} {
			if access == sensor.AccessPositional && strings.Contains(tt.want, "OriginalFileName") {
				continue // a missing input is another error there
			}
			r := judgeProcess(t, processRules(t, tt.rule), host("b", 1, access, tt.feeds...))
			got := ""
			for _, f := range r.Findings {
				if slices.Contains(outcomes, f.Check.ID) || f.Check.ID == "CF3021" {
					got = fmt.Sprintf("%s: %s", f.Check.ID, f.Message)
					break
				}
			}
			if got != tt.want {
				t.Errorf("%s, %v:\n%s", tt.why, access, cmp.Diff(tt.want, got))
			}
			if r.Verdict() != validate.Accepted {
				t.Errorf("%s, %v: %v: %v", tt.why, access, r.Verdict(), r.Findings)
			}
		}
	}
}

// TestEventsOff tests rules that select events which hosts do not record.
func TestEventsOff(t *testing.T) {
	is := func(ids ...string) channelfile.Expr { return channelfile.Equals(lID, ids...) }
	a := channelfile.Equals(lA, "v")
	for _, tt := range []struct {
		why  string
		of   *sensor.Definition
		off  []uint32
		rule channelfile.Expr
		want string
	}{
		{"an event that is off", openLog, []uint32{7, 9}, channelfile.And(is("7"), a), "can never match: the hosts do not record event 7"},
		{"two events that are off", openLog, []uint32{7, 9}, channelfile.And(is("7", "9"), a), "can never match: the hosts do not record events 7, 9"},
		{"one of two", openLog, []uint32{7, 9}, channelfile.And(is("7", "8"), a), ""},
		{"another event", openLog, []uint32{7, 9}, channelfile.And(is("8"), a), ""},
		{"an event that is off, excluded", openLog, []uint32{7, 9}, channelfile.And(channelfile.Not(is("7")), a), ""},
		{"compared in another way", openLog, []uint32{7, 9}, channelfile.And(channelfile.Prefix(lID, "7"), a), ""},
		{"one event is off, and the other lacks the field", closedLog, []uint32{3}, channelfile.And(is("1", "3"), channelfile.Equals(lB, "v")),
			"can never match: the hosts do not record event 3; event 1 has no B (events with it: 3)"},
		{"the only event of the feed", plainLog, []uint32{1}, a, "can never match: the hosts do not record event 1"},
		{"an event that the feed does not have", plainLog, []uint32{1}, channelfile.And(is("7"), a), "can never match: plain has no event 7"},
		{"the only event with the field", closedLog, []uint32{3}, channelfile.Equals(lB, "v"), "can never match: the hosts do not record event 3; events 1, 2, 4 have no B (events with it: 3)"},
	} {
		s := testkit.Supply(tt.of)
		s.Feed = "log"
		s.Collected = sensor.Collection{Events: sensor.CollectedSome, Off: tt.off, Basis: sensor.Basis{Reason: "the policy"}}
		subject := validate.ChannelFile("", testkit.Encode(t, testkit.HeaderOf(tt.of), tt.rule))
		for _, access := range []sensor.Access{sensor.AccessNamed, sensor.AccessPositional} {
			r := validate.Run(subject, validate.Options{Checks: family, Definitions: testkit.Definitions(t, tt.of), Fleet: fleet(host("b", 1, access, s))})
			got := ""
			for _, f := range r.Findings {
				if f.Check.ID == "CF3012" {
					got = f.Message[strings.Index(f.Message, "can never match"):]
				}
			}
			if got != tt.want {
				t.Errorf("%s, %v: %q; want %q", tt.why, access, got, tt.want)
			}
		}
	}
}

func collectedAs(s sensor.Supply, c sensor.Collected) sensor.Supply {
	s.Collected.Events = c
	return s
}

// TestValuesOfOtherInputs tests that nothing is said of an input that the contract states with
// another type, and that needs have no values.
func TestValuesOfOtherInputs(t *testing.T) {
	rule := channelfile.Equals(pHashes, "4")
	number := onFeed("sysmon", func(in []sensor.SuppliedInput) {
		in[pHashes] = sensor.SuppliedInput{Name: in[pHashes].Name, Type: sensor.TypeInteger, State: sensor.StateConstant, Values: []string{"1"}}
	})
	r := judgeProcess(t, processRules(t, rule), host("b", 1, sensor.AccessNamed, number))
	if f := faults(r, outcomes...); len(f) > 0 {
		t.Errorf("an input of another type: %v", f)
	}
	file, err := channelfile.Parse(testkit.Encode(t, testkit.HeaderOf(process), rule))
	if err != nil {
		t.Fatal(err)
	}
	needs := sensor.NeedsOf(file, nil)
	r = validate.Run(validate.Needs("", needs), validate.Options{Checks: family, Definitions: testkit.Definitions(t, process), Fleet: fleet(host("b", 1, sensor.AccessNamed, onFeed("sysmon", constant(pHashes, "1"))))})
	if f := faults(r, outcomes...); len(f) > 0 {
		t.Errorf("needs: %v", f)
	}
}

// TestBlindByValueLimits tests rules that compare constant inputs in more ways than are examined,
// and inputs with more values than are tried.
func TestBlindByValueLimits(t *testing.T) {
	many := func(n int) channelfile.Expr {
		var list []channelfile.Expr
		for i := range n {
			list = append(list, channelfile.Prefix(pHashes, fmt.Sprintf("%04d", i)))
		}
		return channelfile.Or(list...)
	}
	is := channelfile.Equals
	five := both(constant(pHashes, "1", "2", "3", "4", "5"), constant(pDesktop, "1", "2", "3", "4", "5"), constant(pLine, "1", "2", "3", "4", "5"))
	// each value of the first inputs differs from the others for the rule
	each := func(index int) channelfile.Expr {
		return channelfile.Or(is(index, "1"), is(index, "2"), is(index, "3"), is(index, "4"), is(index, "5"))
	}
	either := channelfile.Or(channelfile.And(is(pLine, "1"), is(pHashes, "2")), channelfile.And(is(pLine, "2"), is(pHashes, "1")))
	for _, tt := range []struct {
		why    string
		rule   channelfile.Expr
		supply func([]sensor.SuppliedInput)
		want   bool
	}{
		{"256 comparisons", many(256), constant(pHashes, "x"), true},
		{"257 comparisons", many(257), constant(pHashes, "x"), false},
		{"125 combinations, none of which has the value", channelfile.And(each(pHashes), each(pDesktop), each(pLine), is(pLine, "6")), five, true},
		{"125 combinations, which contradict each other", channelfile.And(each(pHashes), each(pDesktop), each(pLine), either, channelfile.Or(is(pHashes, "3"), is(pHashes, "4"))), five, true},
		{"125 combinations, of which nothing is known", channelfile.And(each(pLine), each(pHashes), is(pDesktop, "1"), is(pDesktop, "2")), five, false},
	} {
		r := judgeProcess(t, processRules(t, tt.rule), host("b", 1, sensor.AccessNamed, onFeed("sysmon", tt.supply)))
		if got := len(faults(r, "CF3012")) > 0; got != tt.want {
			t.Errorf("%s: called blind: %v; want %v: %v", tt.why, got, tt.want, r.Findings)
		}
	}
}
