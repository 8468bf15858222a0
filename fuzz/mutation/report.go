package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/internal/mutant"
)

// An outcome is the result of the search for one mutant.
type outcome struct {
	*Mutant
	Reason   string            `json:",omitempty"` // from its directive; "" means no directive
	Detected *mutant.Detection // nil means that it was not detected
	Error    string            `json:",omitempty"` // why the search failed
	Took     time.Duration
}

// ok reports whether the outcome is as expected: a mutant was detected if and only if no
// directive exempts it.
func (o *outcome) ok() bool {
	return o.Mutant != nil && o.Error == "" && (o.Detected == nil) == (o.Reason != "")
}

func (o *outcome) line() string {
	if o.Mutant == nil {
		return "not searched for: the command was stopped"
	}
	s := o.Key()
	if o.File != "" {
		s = fmt.Sprintf("%s:%d: %s", o.File, o.Line, s)
	}
	switch {
	case o.Error != "":
		return "not searched for: " + s + ": " + o.Error
	case o.Detected == nil:
		return "survived: " + s
	}
	return fmt.Sprintf("detected by %s: %s: %s", o.Detected.By, s, o.Detected.What)
}

// A report has the outcomes of all mutants.
type report struct {
	Mutants    int // number of all mutants
	Equivalent int // of these, exempted by a directive
	Missed     int // of these, exempted by a directive
	Limit      time.Duration
	Took       time.Duration
	Outcomes   []outcome
}

// ok reports whether every outcome is as expected.
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
		if o.Mutant == nil || o.Error != "" {
			continue
		}
		k := key{o.Part, o.Kind}
		c := counts[k]
		c[0]++
		if o.Detected != nil {
			c[1]++
			by[o.Detected.By]++
			times = append(times, o.Took)
		}
		counts[k] = c
	}
	line("mutants", "%d; directives declare %d equivalent and %d missed by the oracle", r.Mutants, r.Equivalent, r.Missed)
	line("searched for", "%d, each for at most %v; %v in total", len(r.Outcomes), r.Limit, r.Took.Round(time.Second))
	line("detected", "%d", len(times))
	if slices.Sort(times); len(times) > 0 {
		line("", "half in %.1f s, 90 %% in %.1f s, the last in %.1f s", times[len(times)/2].Seconds(), times[len(times)*9/10].Seconds(), times[len(times)-1].Seconds())
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		line("", "%d by %s", by[name], name)
	}
	fmt.Fprintf(&b, "\n%-12s %-12s %10s %10s\n", "part", "kind", "searched", "detected")
	for _, k := range slices.SortedFunc(maps.Keys(counts), func(a, b key) int { return cmp.Or(cmp.Compare(a.part, b.part), cmp.Compare(a.kind, b.kind)) }) {
		fmt.Fprintf(&b, "%-12s %-12s %10d %10d\n", k.part, k.kind, counts[k][0], counts[k][1])
	}
	for i := range r.Outcomes {
		if o := &r.Outcomes[i]; !o.ok() {
			fmt.Fprintf(&b, "\nFAILED: %s\n", o.line())
			if o.Reason != "" && o.Detected != nil {
				fmt.Fprintf(&b, "        a directive exempts it: %s\n", o.Reason)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
