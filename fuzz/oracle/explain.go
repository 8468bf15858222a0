package oracle

import (
	"errors"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/contract"
	"github.com/cfcheck/cfcheck/validate/types"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// explain makes the witness of a finding and replays it, on the model sensor and,
// where that reads what it was not given, on a raw one.
func (o *Oracle) explain(r *validate.Report, f *validate.Finding) (e Explanation, why string) {
	if !witness.Wants(f.Check) {
		return NotAsked, ""
	}
	w := witness.Of(witness.Case{File: r.File, Definition: r.Definition, Fleet: r.Fleet}, f)
	switch {
	case w == nil:
		return Unexplained, "nothing is said"
	case w.Class == sensor.NoWitness && f.Check == contract.StepBudget && w.Reason != witness.ReasonTooLarge && !mistyped(r):
		return Unexplained, "all lengths and types are as they should be, and " + w.Reason
	case w.Class == sensor.NoWitness && o.beyond(r.Fleet, f):
		return Unexplained, "it lies behind all that the build supplies, and " + w.Reason
	case w.Class == sensor.NoWitness && slices.Contains(witness.Reasons, w.Reason):
		return Reasoned, w.Reason
	case w.Class == sensor.NoWitness:
		return Unexplained, w.Reason
	}
	if _, err := w.Run(); err != nil {
		return Unexplained, "the witness, replayed: " + err.Error()
	}
	if w.Class == sensor.OverBudget {
		return Witnessed, "" // the event costs what it costs, and does no other harm
	}
	// What stands behind the inputs is behind the raw sensor's too. Otherwise the
	// model sensor looks at all that a criterion may come to read, and a raw one
	// at less: it compares lengths first.
	m, err := sensor.NewModel(w.Content, w.Types)
	if err != nil {
		return Unexplained, "the model sensor, loading the witness: " + err.Error()
	}
	_, err = m.Run(w.Event)
	violation, _ := errors.AsType[*sensor.Violation](err)
	if violation == nil {
		return Unexplained, "the model sensor does nothing that it must not, on the witness"
	}
	if violation.Object != "inputs" {
		return Witnessed, ""
	}
	if why := interpreted(w); why != "" {
		return Unexplained, why
	}
	o.run = nil // the raw sensors are given another file
	if err := o.raw.load(w.Content, w.Types); err != nil {
		return Unexplained, "the raw sensor, loading the witness: " + err.Error()
	}
	if !o.raw.faults(w.Event) {
		return Unexplained, "the raw sensor reads nothing that it must not, on the witness"
	}
	return Witnessed, ""
}

// interpreted returns what is wrong with the content interpreter, which checks
// what a sensor may not: on a witness of which an input is not there it faults
// because of that, but by name what is not there is absent.
func interpreted(w *sensor.Witness) string {
	f, err := channelfile.Parse(w.Content)
	if err != nil {
		return "the witness cannot be read: " + err.Error()
	}
	it := sensor.NewInterpreter(f, &sensor.Reader{Access: sensor.Positional})
	missing := func() bool {
		fault, ok := errors.AsType[*sensor.Fault](it.Run(w.Event))
		return ok && fault.Kind == sensor.FaultInput
	}
	if !missing() {
		return "the interpreter has no fault on the witness"
	}
	if it.As(&sensor.Reader{Access: sensor.Named}); missing() {
		return "the interpreter misses an input of the witness by name"
	}
	return ""
}

// mistyped reports whether the content reads what its operators do not take.
func mistyped(r *validate.Report) bool {
	return slices.ContainsFunc(r.Totals, func(t validate.Total) bool {
		return t.Check == types.OperatorForType || t.Check == types.ComparisonTypes || t.Check == contract.InputType
	})
}

// beyond reports whether a finding speaks of an input that stands behind all
// that its build supplies: reading it is a fault whatever is compared.
func (o *Oracle) beyond(fleet *sensor.Fleet, f *validate.Finding) bool {
	if f.Check != contract.InputsSupplied && f.Check != contract.InputsLatent && f.Check != contract.AcknowledgementCurrent || f.Input == nil || len(f.Builds) == 0 {
		return false
	}
	for i := range fleet.Contracts {
		c := &fleet.Contracts[i]
		for k := range c.Supplies {
			s := &c.Supplies[k]
			if c.Build == f.Builds[0].Name && s.Type == o.def.Name && s.Version == o.def.Version && f.Input.Index < len(s.Inputs) {
				return false
			}
		}
	}
	return true
}
