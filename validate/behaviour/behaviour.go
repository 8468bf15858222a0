// Package behaviour holds the checks of family CF5: what does the content do
// when it is run?
//
// They run the content in the content interpreter. The families before them
// reckon what could happen; this one sees what does.
package behaviour

import (
	"encoding/binary"

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

// A runner runs content for one fleet after the other.
type runner struct {
	synthesizer *sensor.Synthesizer
	clean       map[string]uint64 // by key of the runs that came to their end without a fault: the work that they took

	// What is kept from one fleet to the next, to be written over.
	seen   map[string]*int // by types: the fleet for which such a run was made last
	fleets int             // so far
	named  []sensor.SuppliedInput
	key    []byte
}

// runnerOf is what CF5001 keeps of a subject: builds of the next fleet may hand
// events over as those of this one do, and the content does the same then.
var runnerOf = validate.OfSubject(func(p *validate.Pass) *runner {
	return &runner{
		synthesizer: sensor.NewSynthesizer(p.File, p.Needs, declared(p.Definition)),
		clean:       map[string]uint64{},
		key:         make([]byte, 0, 2+binary.MaxVarintLen16+4*p.Needs.InputsRead),
	}
})

// runs calls visit with the ways in which the builds of the fleet hand events
// over, each once. A reader by name whose inputs have the types that are
// declared finds more of them absent than another, and does nothing with these
// that the other does not: one stands for all.
func (u *runner) runs(p *validate.Pass, visit func(r *run, key []byte)) {
	u.fleets++
	for i := range p.Groups {
		g := &p.Groups[i]
		if !g.Addressed {
			continue
		}
		access := g.Contract.Reader.Access
		for _, s := range g.Supplies {
			r := run{group: g}
			// What the content does not read makes no difference.
			read, found := p.Needs.InputsRead, false
			if access == sensor.Named {
				r.inputs, found = u.named[:0], read <= len(p.Definition.Inputs)
				for index := range min(read, len(p.Definition.Inputs)) {
					in := &p.Definition.Inputs[index]
					given := s.Input(access, index, in.Name)
					if given.State != sensor.Supplied {
						given.Type, found = in.Type, false
					}
					r.inputs = append(r.inputs, given)
				}
				u.named = r.inputs
			} else {
				r.inputs = s.Inputs[:min(len(s.Inputs), read)]
			}
			key := binary.AppendUvarint(append(u.key[:0], byte(access)), uint64(len(r.inputs)))
			for i := range r.inputs {
				key = append(key, byte(r.inputs[i].Type))
			}
			types := key
			for i := range r.inputs {
				key = binary.AppendUvarint(append(key, byte(r.inputs[i].State)), uint64(r.inputs[i].MaxLength))
			}
			u.key = key
			if (len(p.Groups) > 1 || len(g.Supplies) > 1) && !u.first(types) {
				continue
			}
			if found {
				key[0] = byte(sensor.Positional) // by name all is found too
			}
			visit(&r, key)
		}
	}
}

// first reports whether a run of such types is the first for this fleet.
func (u *runner) first(types []byte) bool {
	last := u.seen[string(types)]
	if last == nil {
		if u.seen == nil {
			u.seen = map[string]*int{}
		}
		last = new(int)
		u.seen[string(types)] = last
	}
	if *last == u.fleets {
		return false
	}
	*last = u.fleets
	return true
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
