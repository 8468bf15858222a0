package contract

import (
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
)

// inputsLatent is CF3002.
var inputsLatent = &validate.Check{
	ID:   "CF3002",
	Name: "inputs-latent",
	Doc: `each declared input is supplied, even if nothing reads it yet

The template type declares an input that a positional build does not supply.
Nothing reads it yet, so nothing breaks. But the first rule with a criterion
on it will break the build, and that rule will look harmless. Channel 291 was
in this state from March to July 2024: the rules of three releases had a
wildcard there.

Supply the input, or declare one input less. If a build in the field can no
longer be fixed, its contract can acknowledge the shortfall, with a reason
and a date. Content that does not read the input is then accepted.`,
	Uses:     uses,
	Requires: known,
	Run: func(p *validate.Pass) {
		latent(p, func(index int, bad []feed) {
			var open []feed
			for _, f := range bad {
				if f.supply.Acknowledges(index) == nil {
					open = append(open, f)
				}
			}
			if len(open) == 0 {
				return
			}
			says := ", and its supply is unknown"
			fix := "find out whether the build supplies the input, and state it in the contract"
			//mutation:equivalent: only report texts depend on it
			if slices.ContainsFunc(open, func(f feed) bool { return f.input(p, index).State == sensor.StateNotSupplied }) {
				says = " and not supplied"
				fix = "supply the input, or acknowledge the shortfall in the contract, with a reason and a date"
			}
			reportDeclared(p, index, open, channelfile.InputsDeclaredRange, "header.inputs_declared", shortfalls(p, index, open), fix,
				"%s, of type %s is declared%s; nothing reads it yet, but the first criterion on it would read memory outside the inputs",
				field(p, index), p.Definition.Name, says)
		})
	},
}

// latent calls visit for each declared input that the content does not read, with the
// feeds of positional builds that may not supply it in every event.
func latent(p *validate.Pass, visit func(index int, bad []feed)) {
	all := feeds(p)
	for index := range p.Definition.Inputs {
		if p.Needs.Input(index) != nil {
			continue
		}
		var bad []feed
		for _, f := range all {
			if f.positional() && !f.input(p, index).State.Certain() {
				bad = append(bad, f)
			}
		}
		visit(index, bad)
	}
}
