//mutation:missed: TestWaivers detects it

package validate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/sensor"
)

// A Waiver accepts findings by name until a date. A report lists the accepted findings apart
// from the others, and they have no effect on its verdict.
//
// A waiver accepts a finding if it agrees with the [Identity] of the finding. So it holds for
// later revisions of the content too, but never for another rule.
type Waiver struct {
	Check   string // ID of the check
	Rule    string // Rule of the identity; "" means findings that belong to no rule
	Subject string // Subject of the identity; "" means any, if Rule is not empty
	Path    string // Path of the identity; "" means any

	Reason string
	By     string      // the person who answers for it
	Until  sensor.Date // last day on which the waiver holds
	From   Position    // where the waiver is written
}

// String names the findings that the waiver accepts.
func (w *Waiver) String() string {
	s := w.Check
	for _, part := range []struct{ name, value string }{{"rule", w.Rule}, {"subject", w.Subject}, {"path", w.Path}} {
		if part.value != "" {
			s += fmt.Sprintf(", %s %q", part.name, part.value)
		}
	}
	return s
}

// Holds reports whether the waiver is in force at a time. It never is at the zero time, which
// stands for an unknown date.
func (w *Waiver) Holds(now time.Time) bool { return !now.IsZero() && !w.Until.Before(now) }

// Accepts reports whether the waiver accepts a finding with this identity.
func (w *Waiver) Accepts(id Identity) bool {
	return w.Check == id.Check && strings.ToLower(w.Rule) == id.Rule &&
		(w.Subject == "" || w.Subject == id.Subject) && (w.Path == "" || w.Path == id.Path)
}

// NotWaivable returns the reason why no waiver may accept findings of the check, or "".
func (c *Check) NotWaivable() string {
	declared := c.Declared()
	switch family := c.Family(); {
	case c.Firm:
		return "its findings show a harm to the sensor"
	case family < firstSettable && declared.Severity == Error:
		return "it protects the sensor"
	case family > lastSettable:
		return "it protects the gate"
	}
	return ""
}

// fault returns the reason why the waiver cannot be used with a list of checks, or "".
func (w *Waiver) fault(checks []*Check) string {
	i := slices.IndexFunc(checks, func(c *Check) bool { return c.ID == w.Check })
	switch {
	case i < 0:
		return "the list of checks has no such check"
	case checks[i].NotWaivable() != "":
		return "the check cannot be waived: " + checks[i].NotWaivable()
	case w.Rule == "" && w.Subject == "":
		return "it names neither a rule nor a subject"
	case w.Until == (sensor.Date{}):
		return "it has no last day"
	}
	return ""
}

// waivers are the waivers of a subject, and the findings that they accepted so far.
type waivers struct {
	uses    []WaiverUse      // of the waivers of the options and then of the subject
	checks  map[string]bool  // checks with waivers that hold, by ID
	holding map[waived][]int // indices of the waivers that hold
	kept    []Finding        // accepted findings, at most a limit for each check
}

// A waived is the check and the rule of a waiver. The rule is in lower case.
type waived struct{ check, rule string }

// waive collects the waivers of the options and of the subject, and records those that cannot
// be used. Waivers that have expired accept nothing.
func (j *Prepared) waive() {
	p := &j.pass
	w := &p.waivers
	for _, from := range [][]Waiver{j.opts.Waivers, p.Subject.Waivers} {
		for i := range from {
			w.uses = append(w.uses, WaiverUse{Waiver: &from[i]})
		}
	}
	if len(w.uses) == 0 {
		return
	}
	w.checks, w.holding = map[string]bool{}, map[waived][]int{}
	rules := map[string][]int{} // indices of waivers, by the rule that they name
	for i := range w.uses {
		u := &w.uses[i]
		if fault := u.fault(j.list.checks); fault != "" {
			j.odd = append(j.odd, fmt.Sprintf("the waiver of %v cannot be used: %s", u.Waiver, fault))
			continue
		}
		if u.Holds(p.Now) {
			name := waived{u.Check, strings.ToLower(u.Rule)}
			w.checks[u.Check], w.holding[name] = true, append(w.holding[name], i)
		}
		if rule := strings.ToLower(u.Rule); rule != "" {
			rules[rule] = append(rules[rule], i)
		} else {
			u.Judged = u.Subject == p.subject()
		}
	}
	judged := func(rule string) {
		for _, i := range rules[rule] {
			u := &w.uses[i]
			u.Judged = u.Subject == "" || u.Subject == p.subject()
		}
	}
	for i := 0; p.File != nil && len(rules) > 0 && i < p.File.Instances(); i++ {
		judged(p.File.Instance(i).ID.String())
	}
	for i := range p.Subject.Source {
		judged(strings.ToLower(p.Subject.Source[i].Identity.Rule))
	}
}

// waiving reports whether a waiver concerns the check that runs. Its findings must then be
// made one by one.
func (p *Pass) waiving() bool { return p.isWaiving }

// waive reports whether a waiver accepts a finding, and keeps the finding apart. It accepts no
// fault of the gate, because then the claim of the finding is unclear.
func (p *Pass) waive(f Finding) bool {
	if f.Fault {
		return false
	}
	w := &p.waivers
	for _, i := range w.holding[waived{f.Identity.Check, f.Identity.Rule}] {
		u := &w.uses[i]
		if !u.Accepts(f.Identity) {
			continue
		}
		u.Found++
		if p.waived++; p.waived <= p.max {
			f.Waiver, f.Group = u.Waiver, ""
			w.kept = append(w.kept, f)
		}
		return true
	}
	return false
}

// A WaiverUse is the use of a waiver for one subject or for several.
type WaiverUse struct {
	*Waiver
	Found  int  // number of findings that it accepted
	Judged bool // its check judged the rule or the subject that it names
}

// Waivers returns the waivers of a run as a subject: the question is whether they are in
// force and needed. Name is a name for all of them. The subject needs no fleet.
func Waivers(name string, uses []WaiverUse) *Subject {
	return &Subject{Kind: KindWaivers, Name: name, WaiverUses: uses}
}
