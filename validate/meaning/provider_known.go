package meaning

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/internal/spelling"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// providerKnown is CF4012.
var providerKnown = &validate.Check{
	ID:   "CF4012",
	Name: "provider-known",
	Doc: `no provider is misspelt

The rule compares the provider of the events with a name that no known
provider has, and that differs from the name of one in a letter or two. So it
selects or excludes no event by this name. Names that are not similar to a
known one are not reported, because any program can write into most logs.

Correct the name.`,
	Severity: validate.Warning,
	Uses:     uses,
	Requires: typed,
	Run: func(p *validate.Pass) {
		isProvider, names := providersOf(p.Definition)
		if len(names) == 0 {
			return
		}
		f := p.File
		letters := 0
		for _, name := range names {
			letters += len(name)
		}
		likely := map[int]string{} // by value: the provider that was probably meant, or ""
		for i := range f.Criteria() {
			c := f.Criterion(i)
			if !isProvider[c.Input] || c.Operator != channelfile.OpEquals || c.Flags&channelfile.FlagInputs != 0 {
				continue
			}
			for k := c.First; k < c.First+c.Count; k++ {
				n := f.Operand(k)
				v := f.Value(n)
				name, known := likely[n]
				//mutation:equivalent comparison: a longer name is charged, and similar to no other
				if !known && len(v) <= spelling.MaxWord {
					//mutation:missed: TestBudget or budget.txtar detects it
					if !p.Spend(uint64(len(v)*letters) * stepsPerWork) {
						return
					}
					name = misspelt(string(v), names)
					likely[n] = name
				}
				if name == "" {
					continue
				}
				p.Report(func() validate.Finding {
					//mutation:equivalent: only report texts depend on it
					where, in := p.LocateCriterion(i, int(c.Input))
					return validate.Finding{
						//mutation:equivalent: only report texts depend on it
						Where: where, Instance: in, Input: p.InputAt(int(c.Input)),
						Message: fmt.Sprintf("no known provider of type %s has the name %q; %q is similar", p.Definition.Name, []byte(v), name),
						Fix:     fmt.Sprintf("correct the name to %q, if this provider is meant", name),
					}
				})
			}
		}
	},
}

// providersOf returns, by input, whether the input is the provider of the event, and the names of
// the providers that a definition knows, each once.
func providersOf(d *sensor.Definition) (isProvider []bool, names []string) {
	isProvider = make([]bool, len(d.Inputs))
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range d.Feeds {
		f := &d.Feeds[i]
		add(f.Provider)
		for k := range f.Kinds {
			add(f.Kinds[k].Provider)
		}
		for k := range f.Fields {
			if index, ok := d.Input(f.Fields[k].Input); ok && f.Fields[k].Field == "System/Provider" {
				isProvider[index] = true
			}
		}
	}
	return isProvider, names
}

// misspelt returns the provider whose name is similar to a text, without regard to case. It returns
// "" if no name is similar, or if the text is a name.
func misspelt(text string, names []string) string {
	if slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, text) }) {
		return ""
	}
	return spelling.Nearest(text, names, func(name string) int { return min(2, max(0, len(name)-2)) })
}
