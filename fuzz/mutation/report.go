package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/fuzz/internal/mutant"
)

// An outcome is what became of a bug.
type outcome struct {
	*Bug
	Reason string        `json:",omitempty"` // why it is none
	Caught *mutant.Catch // nil: it was not seen
	Error  string        `json:",omitempty"` // why nobody looked
	Took   time.Duration
}

// ok reports whether it is as it should be: what is a bug was caught, what is
// listed as none was not.
func (o *outcome) ok() bool {
	return o.Bug != nil && o.Error == "" && (o.Caught == nil) == (o.Reason != "")
}

func (o *outcome) line() string {
	if o.Bug == nil {
		return "not looked for: the command was told to end"
	}
	s := o.Key()
	if o.File != "" {
		s = fmt.Sprintf("%s:%d: %s", o.File, o.Line, s)
	}
	switch {
	case o.Error != "":
		return "not looked for: " + s + ": " + o.Error
	case o.Caught == nil:
		return "survived: " + s
	}
	return fmt.Sprintf("caught by the %s: %s: %s", o.Caught.By, s, o.Caught.What)
}

// How the reasons of listed.txt begin.
const (
	equivalent = "equivalent: "
	beyond     = "beyond: "
)

// A report is what became of all.
type report struct {
	Seeded     int // that can be seeded
	Equivalent int // of them, by listed.txt
	Beyond     int // likewise
	Limit      time.Duration
	Took       time.Duration
	Outcomes   []outcome
}

// ok reports whether all is as it should be.
func (r *report) ok() bool {
	return !slices.ContainsFunc(r.Outcomes, func(o outcome) bool { return !o.ok() })
}

func (r *report) text(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-18s "+format+"\n", append([]any{name}, args...)...)
	}
	type key struct{ part, kind string }
	counts := map[key][2]int{}
	by := map[string]int{}
	var times []time.Duration
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Bug == nil || o.Error != "" {
			continue
		}
		k := key{o.Part, o.Kind}
		c := counts[k]
		c[0]++
		if o.Caught != nil {
			c[1]++
			by[o.Caught.By]++
			times = append(times, o.Took)
		}
		counts[k] = c
	}
	line("bugs", "%d that can be seeded, of which %d are listed as equivalent, and %d as beyond the oracle", r.Seeded, r.Equivalent, r.Beyond)
	line("looked for", "%d, each for %v at most, %v in all", len(r.Outcomes), r.Limit, r.Took.Round(time.Second))
	line("caught", "%d", len(times))
	if slices.Sort(times); len(times) > 0 {
		line("", "half of them in %.1f s, nine in ten in %.1f s, the last in %.1f s", times[len(times)/2].Seconds(), times[len(times)*9/10].Seconds(), times[len(times)-1].Seconds())
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		line("", "%d by the %s", by[name], name)
	}
	fmt.Fprintf(&b, "\n%-12s %-12s %10s %10s\n", "part", "kind", "looked for", "caught")
	for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b key) int { return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.kind, b.kind)) }) {
		fmt.Fprintf(&b, "%-12s %-12s %10d %10d\n", k.part, k.kind, counts[k][0], counts[k][1])
	}
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; !o.ok() {
			fmt.Fprintf(&b, "\nFAILED: %s\n", o.line())
			if o.Reason != "" && o.Caught != nil {
				fmt.Fprintf(&b, "        it is listed: %s\n", o.Reason)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

//go:embed listed.txt
var listed string

// readListed returns why bugs are not looked for, by what listed.txt says: a
// reason on a line of its own, and under it, indented, the bugs, as patterns. A
// pattern that is that of no bug is an error.
func readListed(bugs []*Bug) (map[*Bug]string, error) {
	reasons := map[*Bug]string{}
	reason := ""
	for i, line := range strings.Split(listed, "\n") {
		pattern, indented := strings.CutPrefix(line, "\t")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case !indented:
			if reason = strings.TrimSuffix(line, ":"); !strings.HasPrefix(reason, equivalent) && !strings.HasPrefix(reason, beyond) {
				return nil, fmt.Errorf("listed.txt, line %d: found %q; expected %q or %q, and a reason", i+1, line, equivalent, beyond)
			}
			continue
		}
		n := 0
		for _, b := range bugs {
			if _, there := reasons[b]; !there && matches(pattern, b.Key()) {
				reasons[b] = reason
				n++
			}
		}
		if n == 0 || reason == "" {
			return nil, fmt.Errorf("listed.txt, line %d: no bug, or no reason: %s", i+1, pattern)
		}
	}
	return reasons, nil
}

// matches reports whether a key is a pattern's: it is equal, or starts as the
// pattern does before a star at its end.
func matches(pattern, key string) bool {
	if start, ok := strings.CutSuffix(pattern, "*"); ok && strings.HasPrefix(key, start) {
		return true
	}
	return pattern == key
}
