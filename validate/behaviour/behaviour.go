// Package behaviour holds the checks of family CF5: what does it do when it is run?
//
// The checks run the content in the content interpreter. Earlier families compute the
// possible faults; this family observes them.
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
	withinCeilings,
	newlyMatched,
	noLongerMatched,
}

// typed are the checks without which an event of the type would not fit the
// content: type-known, type-version-known, inputs-declared, input-defined,
// operator-for-type, operand-reach, comparison-types.
var typed = []string{"CF2001", "CF2002", "CF2004", "CF2005", "CF2006", "CF2007", "CF2008"}

// A run is a way to hand over events that stands for several groups of builds. The
// groups differ only in the maximum lengths of strings and in the inputs that they lack.
// The run has the greatest length of each string, and lacks an input only if all the
// groups lack it.
type run struct {
	cohort *validate.Cohort       // the first of the groups
	inputs []sensor.SuppliedInput // by index; only inputs that the content can read
}

// A runner runs the content of one subject for one fleet after the other.
type runner struct {
	synthesizer *interp.Synthesizer
	clean       map[string]cleanRun // runs that ended without a fault, by key

	// Reused from one fleet to the next.
	runs   []run
	byType map[string]int // index in runs, by access and types
	key    []byte
}

// A cleanRun has the work of a run, and its most expensive instance.
type cleanRun struct {
	work    uint64
	most    uint64 // work on the events of the most expensive instance
	dearest int
}

// runnerOf keeps the runner of a subject. If builds of the next fleet hand over events
// in the same way, the content need not run again.
//
//mutation:equivalent: only the time of an allocation depends on it
var runnerOf = validate.OfSubject(func(p *validate.Pass) *runner {
	return &runner{
		synthesizer: interp.NewSynthesizer(p.File, p.Needs, p.Definition.Types()),
		clean:       map[string]cleanRun{},
		byType:      map[string]int{},
		key:         make([]byte, 0, 2+binary.MaxVarintLen16+4*p.Needs.InputsRead),
	}
})

// each calls visit for each way in which the builds of the fleet hand over events. Two
// runs with the same key have the same result.
//
//mutation:equivalent: the slow path gives the same result
func (u *runner) each(p *validate.Pass, visit func(r *run, key []byte)) {
	u.runs = u.runs[:0]
	clear(u.byType)
	for i := range p.Cohorts {
		g := &p.Cohorts[i]
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

// add adds a run for a supply, or widens an existing run of the same types.
func (u *runner) add(p *validate.Pass, g *validate.Cohort, s *sensor.Supply) {
	n := len(u.runs)
	if n == cap(u.runs) {
		u.runs = append(u.runs, run{})
	}
	//mutation:missed: it takes two entries that are exactly 256 or 65,536 apart
	u.runs = u.runs[:n+1]
	r := &u.runs[n]
	r.cohort, r.inputs = g, r.inputs[:0]
	access := g.Contract.Reader.Access
	read := p.Needs.InputsRead // other inputs do not matter
	//mutation:missed condition: named readers may lack inputs; CF3003 rejects types
	if access == sensor.AccessNamed {
		read := min(read, len(p.Definition.Inputs))
		r.inputs = slices.Grow(r.inputs, read)
		for index := range read {
			in := &p.Definition.Inputs[index]
			given := s.Input(access, index, in.Name)
			//mutation:missed: named readers may lack inputs; CF3003 rejects types
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

// wider returns an input that can have all values of a and b, which have the same type.
//
//mutation:equivalent: a fault depends on missing inputs and types, not on lengths
func wider(a, b sensor.SuppliedInput) sensor.SuppliedInput {
	if !a.State.Occurs() {
		return b
	}
	if most, more := a.Room(), b.Room(); b.State.Occurs() && most > 0 && (more == 0 || more > most) {
		return b
	}
	return a
}

// keyOf returns a key of everything that the result of a run depends on.
func (u *runner) keyOf(p *validate.Pass, r *run) []byte {
	access := r.cohort.Contract.Reader.Access
	//mutation:missed: named readers may lack inputs; CF3003 rejects types
	if access == sensor.AccessNamed && p.Needs.InputsRead <= len(p.Definition.Inputs) &&
		!slices.ContainsFunc(r.inputs, func(in sensor.SuppliedInput) bool { return !in.State.Occurs() }) {
		access = sensor.AccessPositional // a lookup by name finds every input too
	}
	//mutation:missed: named readers may lack inputs; CF3003 rejects types
	key := binary.AppendUvarint(append(u.key[:0], byte(access)), uint64(len(r.inputs)))
	for i := range r.inputs {
		in := &r.inputs[i]
		//mutation:equivalent: a fault depends on missing inputs and types, not on lengths
		key = binary.AppendUvarint(append(key, byte(in.Type), byte(in.State)), uint64(in.Room()))
	}
	u.key = key
	return key
}

// hand changes an event that fits the definition, in place, to the event that a build
// hands over.
func (r *run) hand(e interp.Event) {
	for i := range e {
		r.handValue(i, &e[i])
	}
}

// handValue changes the value of an input to the one that a build hands over. An input gets
// the type that the build supplies. An input that the build does not supply becomes absent
// in a named reader. Strings are cut to the maximum length that the contract states.
func (r *run) handValue(input int, v *interp.Value) {
	in := &r.inputs[input]
	switch {
	//mutation:missed: named readers may lack inputs; CF3003 rejects types
	case !in.State.Occurs() && r.cohort.Contract.Reader.Access == sensor.AccessNamed:
		*v = interp.Value{}
	//mutation:missed condition: named readers may lack inputs; CF3003 rejects types
	case !v.Present() || v.Type == in.Type:
		//mutation:equivalent: a fault depends on missing inputs and types, not on lengths
		if most := in.Room(); most > 0 && len(v.Text) > most {
			v.Text = v.Text[:most]
		}
	case in.Type == sensor.TypeInteger:
		//mutation:equivalent: a fault depends on missing inputs and types, not on lengths
		*v = interp.Number(int64(len(v.Text)))
	//mutation:missed: named readers may lack inputs; CF3003 rejects types
	case in.Type == sensor.TypeAddress:
		*v = interp.Value{Type: sensor.TypeAddress}
	default:
		*v = interp.Text("")
	}
}
