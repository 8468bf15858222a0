// Package behaviour holds the checks of family CF5: what does the content do
// when it is run?
//
// They run the content in the content interpreter. The families before them
// reckon what could happen; this one sees what does.
package behaviour

import (
	"encoding/binary"
	"slices"

	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/interp"
	"github.com/cfcheck/cfcheck/validate"
)

// Checks are the checks of family CF5, in the order of their IDs. Do not change the list.
var Checks = []*validate.Check{
	runsWithoutFault,
	neverMatch,
	knownGood,
}

// typed are the checks without which an event of the type would not fit the
// content: type-known, type-version-known, inputs-declared, input-defined,
// operator-for-type, operand-reach, comparison-types.
var typed = []string{"CF2001", "CF2002", "CF2004", "CF2005", "CF2006", "CF2007", "CF2008"}

// A run is how the builds of some groups hand events over, if they differ in
// what makes no other one necessary: in which strings are longer, and in what
// they lack. The run has the longest of each, and lacks what all of them do.
type run struct {
	group  *validate.Group        // the first of them
	inputs []sensor.SuppliedInput // those that the content may read, by index
}

// A runner runs content for one fleet after the other.
type runner struct {
	synthesizer *interp.Synthesizer
	clean       map[string]cleanRun // by key of the runs that came to their end without a fault

	// What is kept from one fleet to the next, to be written over.
	runs   []run
	byType map[string]int // of each kind of run its place in runs
	key    []byte
}

// A cleanRun is the work that a run took, and the most expensive instance.
type cleanRun struct {
	work    uint64
	most    uint64 // the work on the events of that instance
	dearest int
}

// runnerOf is what CF5001 keeps of a subject: builds of the next fleet may hand
// events over as those of this one do, and the content does the same then.
var runnerOf = validate.OfSubject(func(p *validate.Pass) *runner {
	return &runner{
		synthesizer: interp.NewSynthesizer(p.File, p.Needs, declared(p.Definition)),
		clean:       map[string]cleanRun{},
		byType:      map[string]int{},
		key:         make([]byte, 0, 2+binary.MaxVarintLen16+4*p.Needs.InputsRead),
	}
})

// each calls visit with the ways in which the builds of the fleet hand events
// over, and a key of all that they depend on.
func (u *runner) each(p *validate.Pass, visit func(r *run, key []byte)) {
	u.runs = u.runs[:0]
	clear(u.byType)
	for i := range p.Groups {
		g := &p.Groups[i]
		if !g.Addressed {
			continue
		}
		for _, s := range g.Supplies {
			u.add(p, g, s)
		}
	}
	for i := range u.runs {
		visit(&u.runs[i], u.keyOf(p, &u.runs[i]))
	}
}

// add adds the run of a supply, or widens one that there is.
func (u *runner) add(p *validate.Pass, g *validate.Group, s *sensor.Supply) {
	n := len(u.runs)
	if n == cap(u.runs) {
		u.runs = append(u.runs, run{})
	}
	u.runs = u.runs[:n+1]
	r := &u.runs[n]
	r.group, r.inputs = g, r.inputs[:0]
	access := g.Contract.Reader.Access
	read := p.Needs.InputsRead // what the content does not read makes no difference
	if access == sensor.AccessNamed {
		for index := range min(read, len(p.Definition.Inputs)) {
			in := &p.Definition.Inputs[index]
			given := s.Input(access, index, in.Name)
			if !given.State.Occurs() {
				given.Type = in.Type
			}
			r.inputs = append(r.inputs, given)
		}
	} else {
		r.inputs = append(r.inputs, s.Inputs[:min(len(s.Inputs), read)]...)
	}
	key := append(u.key[:0], byte(access))
	for i := range r.inputs {
		key = append(key, byte(r.inputs[i].Type))
	}
	u.key = key
	same, ok := u.byType[string(key)]
	if !ok {
		u.byType[string(key)] = n
		return
	}
	for i := range r.inputs {
		u.runs[same].inputs[i] = wider(u.runs[same].inputs[i], r.inputs[i])
	}
	u.runs = u.runs[:n]
}

// wider returns what has all values of two inputs of one type.
func wider(a, b sensor.SuppliedInput) sensor.SuppliedInput {
	if !a.State.Occurs() {
		return b
	}
	if most, more := a.Room(), b.Room(); b.State.Occurs() && most > 0 && (more == 0 || more > most) {
		return b
	}
	return a
}

// keyOf returns a key of all that a run depends on.
func (u *runner) keyOf(p *validate.Pass, r *run) []byte {
	access := r.group.Contract.Reader.Access
	if access == sensor.AccessNamed && p.Needs.InputsRead <= len(p.Definition.Inputs) &&
		!slices.ContainsFunc(r.inputs, func(in sensor.SuppliedInput) bool { return !in.State.Occurs() }) {
		access = sensor.AccessPositional // by name all is found too
	}
	key := binary.AppendUvarint(append(u.key[:0], byte(access)), uint64(len(r.inputs)))
	for i := range r.inputs {
		in := &r.inputs[i]
		key = binary.AppendUvarint(append(key, byte(in.Type), byte(in.State)), uint64(in.Room()))
	}
	u.key = key
	return key
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
func (r *run) hand(e interp.Event) {
	for i := range e {
		in := &r.inputs[i]
		switch v := &e[i]; {
		case !in.State.Occurs() && r.group.Contract.Reader.Access == sensor.AccessNamed:
			*v = interp.Value{}
		case !v.Present() || v.Type == in.Type:
			if most := in.Room(); most > 0 && len(v.Text) > most {
				v.Text = v.Text[:most]
			}
		case in.Type == sensor.TypeInteger:
			*v = interp.Number(int64(len(v.Text)))
		case in.Type == sensor.TypeAddress:
			*v = interp.Value{Type: sensor.TypeAddress}
		default:
			*v = interp.Text("")
		}
	}
}
