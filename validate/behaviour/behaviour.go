// Package behaviour holds the checks of family CF5: what does the content do
// when it is run?
//
// They run the content in the content interpreter. The families before them
// reckon what could happen; this one sees what does.
package behaviour

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/contract"
	"github.com/cfcheck/cfcheck/validate/types"
)

// A run is how the builds of some groups hand events over: what tells their
// runs apart.
type run struct {
	group  *validate.Group
	supply *sensor.Supply
	inputs []sensor.SuppliedInput // by the index of the definition
}

// runs returns the ways in which the builds of the fleet hand events over, each
// once. A reader by name whose inputs have the types that are declared finds
// more of them absent than another, and does nothing with these that the other
// does not: one stands for all.
func runs(p *validate.Pass) []run {
	var list []run
	seen := map[string]bool{}
	for i := range p.Groups {
		g := &p.Groups[i]
		if !g.Addressed {
			continue
		}
		for _, s := range g.Supplies {
			r := run{group: g, supply: s}
			access := g.Contract.Reader.Access
			key := []byte{byte(access)}
			if access == sensor.Named {
				for index, in := range p.Definition.Inputs {
					given := s.Input(access, index, in.Name)
					if given.State != sensor.Supplied {
						given.Type = in.Type
					}
					r.inputs = append(r.inputs, given)
					key = append(key, byte(given.Type))
				}
			} else {
				r.inputs = s.Inputs
				for _, in := range s.Inputs {
					key = append(key, byte(in.Type), byte(in.State))
				}
			}
			if budget := g.Contract.Reader.Budget.Steps; budget > 0 {
				for shift := 0; shift < 64; shift += 8 {
					key = append(key, byte(budget>>shift))
				}
			}
			if !seen[string(key)] {
				seen[string(key)] = true
				list = append(list, r)
			}
		}
	}
	return list
}

// declared returns the types that the definition declares.
func declared(d *sensor.Definition) []sensor.InputType {
	types := make([]sensor.InputType, len(d.Inputs))
	for i, in := range d.Inputs {
		types[i] = in.Type
	}
	return types
}

// hand makes of an event that fits the definition what a build hands over of
// it, in place: another type where it supplies one, nothing where it supplies
// nothing, and no longer a string than it says it can be.
func (r *run) hand(e sensor.Event) {
	for i := range e {
		in := &r.inputs[i]
		switch v := &e[i]; {
		case in.State != sensor.Supplied && r.group.Contract.Reader.Access == sensor.Named:
			*v = sensor.Value{}
		case !v.Present() || v.Type == in.Type:
			if in.MaxLength > 0 && len(v.Text) > in.MaxLength {
				v.Text = v.Text[:in.MaxLength]
			}
		case in.Type == sensor.Integer:
			*v = sensor.Number(int64(len(v.Text)))
		case in.Type == sensor.Address:
			*v = sensor.Value{Type: sensor.Address}
		default:
			*v = sensor.Text("")
		}
	}
}

// RunsWithoutFault is CF5001.
var RunsWithoutFault = &validate.Check{
	ID:   "CF5001",
	Name: "runs-without-fault",
	Doc: `every instance runs in the interpreter of every build without a fault

In July 2024 the instances that stopped 8.5 million machines had never been
run in the interpreter: a validator had looked at them, and tests had used
wildcards where it mattered. Here each instance is run for each distinct
contract, on events that are made for it: one that it matches, and for each of
its criteria one by which it holds and one by which it nearly does. The
interpreter checks what a sensor may not, and reports what it would have done.

The checks of family CF3 reckon the same from needs and contracts, and find it
first. This one finds what they overlook; if it does, report that as a fault
of cfcheck as well.`,
	Uses: validate.UsesFile | validate.UsesNeeds | validate.UsesFleet | validate.UsesDefinition,
	Requires: []*validate.Check{
		types.TypeKnown, types.TypeVersionKnown, types.InputsDeclared, types.InputDefined, types.OperatorForType, types.OperandReach, types.ComparisonTypes,
		contract.InputsSupplied, contract.InputType, contract.SupplyKnown, contract.StepBudget, contract.MemoryBudget,
	},
	Run: func(p *validate.Pass) {
		if p.File.Header.Type != p.Definition.Number {
			return
		}
		for _, r := range runs(p) {
			runAll(p, &r)
		}
	},
}

// runAll runs all instances as the builds of one run do.
func runAll(p *validate.Pass, r *run) {
	it := sensor.NewInterpreter(p.File, &r.group.Contract.Reader)
	synthesizer := sensor.NewSynthesizer(p.File, declared(p.Definition))
	for i := range p.File.Instances() {
		synthesizer.Events(i, len(r.inputs), func(e sensor.Event) bool {
			r.hand(e)
			_, err := it.RunInstance(i, e)
			if err == nil {
				return true
			}
			report(p, r, i, err.(*sensor.Fault))
			return false
		})
		if p.Full() {
			break
		}
	}
}

// report reports a fault of instance i.
func report(p *validate.Pass, r *run, i int, fault *sensor.Fault) {
	r.group.Blame()
	p.Report(func() validate.Finding {
		where, in := p.LocateInstance(i)
		f := validate.Finding{
			Where: where, Instance: in, Builds: r.group.Builds,
			Message: "the instance faults when it is run: " + fault.Error(),
			Details: []string{"build " + r.group.Builds[0].Name + " hands over what its contract says"},
			Fix:     "correct the rule, or hold the content back from these builds",
		}
		if fault.Input >= 0 {
			f.Input = p.InputAt(fault.Input)
			for w := p.File.Instance(i).First; w < p.File.Instance(i).First+p.File.Instance(i).Count; w++ {
				if word := p.File.Word(w); word.IsReference() && word.Criterion() == fault.Criterion {
					f.Where, f.Instance = p.LocateWord(i, w, fault.Input)
					break
				}
			}
		}
		return f
	})
}
