// Package behaviour holds the checks of family CF5: what does the content do
// when it is run?
//
// They run the content in the content interpreter. The families before them
// reckon what could happen; this one sees what does.
package behaviour

import (
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/validate"
	"github.com/cfcheck/cfcheck/validate/types"
)

// typed are the checks without which an event of the type would not fit the
// content.
var typed = []*validate.Check{
	types.TypeKnown, types.TypeVersionKnown, types.InputsDeclared, types.InputDefined,
	types.OperatorForType, types.OperandReach, types.ComparisonTypes,
}

// A run is how the builds of some groups hand events over: what tells their
// runs apart.
type run struct {
	group  *validate.Group
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
			r := run{group: g}
			access := g.Contract.Reader.Access
			key := []byte{byte(access)}
			if access == sensor.Named {
				for index, in := range p.Definition.Inputs {
					given := s.Input(access, index, in.Name)
					if given.State != sensor.Supplied {
						given.Type = in.Type
					}
					r.inputs = append(r.inputs, given)
				}
			} else {
				// What the content does not read makes no difference.
				r.inputs = s.Inputs[:min(len(s.Inputs), p.Needs.InputsRead)]
			}
			for _, in := range r.inputs {
				key = append(key, byte(in.Type))
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
