package behaviour_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/testkit"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

func limited(b *validate.Budget, events *validate.Recorded) validate.Options {
	fleet, _ := builtin.Fleet("reference")
	return validate.Options{
		Checks: family, Definitions: builtin.Definitions(), Fleet: fleet, Now: time.Unix(0, 0),
		KnownGood: events, KnownGoodMatches: 1000, Budget: b,
	}
}

// TestBudget holds that a run of several subjects ends at its limit, and at the
// same place each time.
func TestBudget(t *testing.T) {
	dear := testkit.Encode(t, testkit.IPC, channelfile.Prefix(5, `\a`), channelfile.Regexp(5, "(a|b)*(a|b){0,900}c"))
	events := recorded(`\lsass`, `\`+strings.Repeat("ab", 200))
	whole := new(validate.Budget)
	if r := validate.Run(validate.ChannelFile("", dear), limited(whole, events)); r.Verdict() != validate.Accepted {
		t.Fatalf("without a limit that matters: %v %v", r.Verdict(), r.Undecided)
	}
	one := whole.Spent()
	for _, tt := range []struct {
		why      string
		steps    uint64
		accepted int // of 10
	}{
		{"as much as one takes", one, 1},
		{"a step less", one - 1, 0},
		{"one step", 1, 0},
		{"as much as ten take", 10 * one, 10},
		{"a step less than ten take", 10*one - 1, 9},
		{"the default", 0, 10},
		{"all there are", math.MaxUint64, 10},
	} {
		var before []string
		for range 2 {
			b := &validate.Budget{MaxSteps: tt.steps}
			accepted, says := 0, []string(nil)
			for i := range 10 {
				r := validate.Run(validate.ChannelFile(fmt.Sprintf("%d.cf", i), dear), limited(b, events))
				switch r.Verdict() {
				case validate.Accepted:
					accepted++
					if accepted != i+1 {
						t.Errorf("%s: subject %d is accepted after one that was not", tt.why, i)
					}
				case validate.Rejected:
					t.Errorf("%s: subject %d: %v", tt.why, i, r.Findings)
				}
				says = append(says, r.Undecided...)
			}
			if accepted != tt.accepted {
				t.Errorf("%s: %d of 10 are accepted, expected %d", tt.why, accepted, tt.accepted)
			}
			if before != nil && !reflect.DeepEqual(before, says) {
				t.Errorf("%s: the second run says %q, the first %q", tt.why, says, before)
			}
			before = says
			for _, s := range says {
				if !strings.Contains(s, "the most expensive is instance 1 of ") && !strings.Contains(s, "the most expensive is instance 0 of ") {
					t.Errorf("%s: %q names no rule", tt.why, s)
				}
			}
		}
	}
}

// The most expensive rule is the one of the whole run, wherever it ran out.
func TestBudgetNamesTheMostExpensive(t *testing.T) {
	cheap := testkit.Encode(t, testkit.IPC, channelfile.Equals(5, `\a`))
	dear := testkit.Encode(t, testkit.IPC, channelfile.Prefix(5, `\a`), channelfile.Regexp(5, "(a|b)*(a|b){0,900}c"))
	events := recorded(`\lsass`, `\`+strings.Repeat("ab", 200))
	b := new(validate.Budget)
	validate.Run(validate.ChannelFile("", dear), limited(b, events))
	b = &validate.Budget{MaxSteps: b.Spent() + 1000}
	validate.Run(validate.ChannelFile("dear.cf", dear), limited(b, events))
	for range 100 {
		r := validate.Run(validate.ChannelFile("cheap.cf", cheap), limited(b, events))
		if r.Verdict() == validate.Accepted {
			continue
		}
		if len(r.Undecided) != 1 || !strings.Contains(r.Undecided[0], "instance 1 of dear.cf with ") {
			t.Errorf("says %q", r.Undecided)
		}
		return
	}
	t.Error("a hundred files more did not exhaust the limit")
}

// A Budget may be shared by goroutines: they take no more than it has.
func TestBudgetIsShared(t *testing.T) {
	data := testkit.Encode(t, testkit.IPC, channelfile.Regexp(5, "(a|b)*c"))
	events := recorded(`\lsass`, `\wkssvc`)
	b := new(validate.Budget)
	validate.Run(validate.ChannelFile("", data), limited(b, events))
	b = &validate.Budget{MaxSteps: 20 * b.Spent()}
	var wait sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for range 4 {
		wait.Go(func() {
			for range 10 {
				if validate.Run(validate.ChannelFile("", data), limited(b, events)).Verdict() == validate.Accepted {
					mu.Lock()
					accepted++
					mu.Unlock()
				}
			}
		})
	}
	wait.Wait()
	if accepted > 20 || b.Spent() > b.Limit() {
		t.Errorf("%d of at most 20 were accepted, %d of %d steps taken", accepted, b.Spent(), b.Limit())
	}
}

// TestOwnLimit holds that content which CF5001 does not run to the end is
// undecided, for each fleet that the subject is judged for.
func TestOwnLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("spending the limit of steps takes seconds; the full tests run it")
	}
	many := func(instances int) []byte {
		var list []channelfile.Expr
		for i := range instances {
			var parts []channelfile.Expr
			for n := range 1000 {
				parts = append(parts, channelfile.And(channelfile.Equals(5, fmt.Sprintf("%d-%d", i, n)), channelfile.Equals(6, fmt.Sprint(n))))
			}
			list = append(list, channelfile.Or(parts...))
		}
		return testkit.Encode(t, testkit.IPC, list...)
	}
	for _, tt := range []struct {
		why       string
		instances int
		want      validate.Verdict
	}{
		{"one instance of 1,000 pairs of criteria", 1, validate.Accepted},
		{"thirty of them", 30, validate.Undecided},
	} {
		subject := validate.ChannelFile("", many(tt.instances))
		options := limited(new(validate.Budget), nil)
		j := validate.Prepare(subject, options)
		for range 2 {
			r := j.Run(options.Fleet, nil)
			says := strings.Join(r.Undecided, "\n")
			if r.Verdict() != tt.want || (tt.want == validate.Undecided) != strings.Contains(says, "did not finish: running the content takes more than 250 million units") {
				t.Errorf("%s: %v %q, expected %v", tt.why, r.Verdict(), says, tt.want)
			}
			if tt.want == validate.Undecided && !strings.Contains(says, "the most expensive is instance ") {
				t.Errorf("%s: %q names no rule", tt.why, says)
			}
		}
	}
}

// Events that cannot be read leave the verdict open, and rejections stand.
func TestEventsThatCannotBeRead(t *testing.T) {
	broken := func(names ...string) *validate.Recorded {
		whole := recorded(names...)
		return &validate.Recorded{Name: "broken", Events: func(d *sensor.Definition, yield func(func() string, interp.Event) bool) error {
			return errors.Join(whole.Events(d, yield), errors.New("the disk is gone"))
		}}
	}
	for _, tt := range []struct {
		why    string
		events *validate.Recorded
		want   validate.Verdict
		says   string
	}{
		{"an error after events that do not match", broken(`\lsass`), validate.Undecided, "CF5002 never-match did not finish: the disk is gone"},
		{"an error without events", broken(), validate.Undecided, "CF5002 never-match did not finish: the disk is gone"},
		{"an error after one that matches", broken(`\evil`), validate.Rejected, ""},
		{"nothing to read events by", &validate.Recorded{Name: "nothing"}, validate.Undecided, "NeverMatch has no Events"},
	} {
		opts := limited(nil, nil)
		opts.NeverMatch = tt.events
		r := validate.Run(validate.ChannelFile("", testkit.Encode(t, testkit.IPC, channelfile.Equals(5, `\evil`))), opts)
		if r.Verdict() != tt.want || !strings.Contains(strings.Join(r.Undecided, "\n"), tt.says) {
			t.Errorf("%s: %v %q, expected %v and %q", tt.why, r.Verdict(), r.Undecided, tt.want, tt.says)
		}
	}
}
