package oracle

import (
	"errors"
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/witness"
)

// explain generates the witness of a finding and replays it on the model sensor. If that reads
// a missing input, a raw sensor must fault.
func (o *Oracle) explain(r *validate.Report, f *validate.Finding) (e Explanation, why string) {
	if !witness.Wants(f.Check) {
		return NotAsked, ""
	}
	w := witness.Of(witness.Case{File: r.File, Definition: r.Definition, Fleet: r.Fleet}, f)
	switch {
	case w == nil:
		return Unexplained, "no reason is given"
	case w.Class == interp.WitnessMissing && f.Check.ID == "CF3009" && w.Reason != witness.ReasonTooLarge && !mistyped(r):
		return Unexplained, "all lengths and types are as expected, and " + w.Reason
	case w.Class == interp.WitnessMissing && o.beyond(r.Fleet, f):
		return Unexplained, "the input is after the last supplied one, and " + w.Reason
	case w.Class == interp.WitnessMissing && slices.Contains(witness.Reasons, w.Reason):
		return Reasoned, w.Reason
	case w.Class == interp.WitnessMissing:
		return Unexplained, w.Reason
	}
	if _, err := w.Run(); err != nil {
		return Unexplained, "the replayed witness: " + err.Error()
	}
	if w.Class == interp.WitnessOverBudget { // the event costs too much, and does no other harm
		if why := interpreted(w, interp.FaultSteps, sensor.Budget{Steps: w.Budget}); why != "" {
			return Unexplained, why
		}
		return Witnessed, ""
	}
	// The bytes after the inputs of the raw sensor must be unmapped too. The model sensor
	// checks the whole range that a criterion may read. A raw sensor reads less, because it
	// compares lengths first.
	m, err := interp.NewModel(w.Content, w.Types)
	if err != nil {
		return Unexplained, "the model sensor loads the witness: " + err.Error()
	}
	_, err = m.Run(w.Event)
	violation, _ := errors.AsType[*interp.Violation](err)
	if violation == nil {
		return Unexplained, "the model sensor makes no violation on the witness"
	}
	if violation.Object != "inputs" {
		return Witnessed, ""
	}
	if why := interpreted(w, interp.FaultInput, sensor.Budget{}); why != "" {
		return Unexplained, why
	}
	o.run = nil // the raw sensors now have another file
	if err := o.raw.load(w.Content, w.Types); err != nil {
		return Unexplained, "the raw sensor loads the witness: " + err.Error()
	}
	if !o.raw.faults(w.Event) {
		return Unexplained, "the raw sensor has no fault on the witness"
	}
	return Witnessed, ""
}

// interpreted returns an error if the content interpreter does not report a fault of the given
// kind on a witness, both for the whole content and for one instance. For named readers a
// missing input is absent.
func interpreted(w *interp.Witness, kind interp.FaultKind, budget sensor.Budget) string {
	f, err := channelfile.Parse(w.Content)
	if err != nil {
		return "the witness cannot be read: " + err.Error()
	}
	it := interp.New(f, &sensor.Reader{Access: sensor.AccessPositional, Budget: budget})
	isFault := func(err error) bool {
		fault, ok := errors.AsType[*interp.Fault](err)
		return ok && fault.Kind == kind
	}
	if !isFault(it.Run(w.Event)) {
		return "the interpreter has no fault on the witness"
	}
	alone := false
	for i := range f.Instances() {
		_, err := it.RunInstance(i, w.Event)
		alone = alone || isFault(err)
	}
	if !alone {
		return "the interpreter has no fault on a single instance of the witness"
	}
	if kind != interp.FaultInput {
		return ""
	}
	if it.As(&sensor.Reader{Access: sensor.AccessNamed}); isFault(it.Run(w.Event)) {
		return "the interpreter reports a fault for a named reader of the witness"
	}
	return ""
}

// mistyped reports whether the content reads an input whose type its operator does not take.
func mistyped(r *validate.Report) bool {
	return slices.ContainsFunc(r.Totals, func(t validate.Total) bool {
		// operator-for-type, comparison-types, input-type
		return t.Check.ID == "CF2006" || t.Check.ID == "CF2008" || t.Check.ID == "CF3003"
	})
}

// beyond reports whether a finding is about an input after the last one that its build
// supplies. Reading it is a fault whatever it is compared with.
func (o *Oracle) beyond(fleet *sensor.Fleet, f *validate.Finding) bool {
	// inputs-supplied, inputs-latent, acknowledgement-current
	if id := f.Check.ID; id != "CF3001" && id != "CF3002" && id != "CF3017" || f.Input == nil || len(f.Builds) == 0 {
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
