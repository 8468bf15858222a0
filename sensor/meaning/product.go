package meaning

import "encoding/binary"

// A dfa is a machine whose states are numbered when they are first reached.
type dfa struct {
	machine
	negated bool
	numbers map[string]uint32
	states  []string
	after   []uint32 // next state plus one, by state and class; 0 means not computed
	classes int
}

func (d *dfa) number(state string) uint32 {
	n, ok := d.numbers[state]
	if !ok {
		n = uint32(len(d.states))
		d.numbers[state] = n
		d.states = append(d.states, state)
		d.after = append(d.after, make([]uint32, d.classes)...)
	}
	return n
}

// next returns the state after a class, and whether it was computed now.
func (d *dfa) step(n uint32, class int) (next uint32, computed bool) {
	at := int(n)*d.classes + class
	if d.after[at] == 0 {
		next := d.number(d.next(d.states[n], class))
		d.after[at] = next + 1
		return next, true
	}
	return d.after[at] - 1, false
}

// fails reports whether no continuation of a text in the state gives the wanted result.
func (d *dfa) fails(n uint32) bool {
	return d.settled(d.states[n]) && d.accepts(d.states[n]) == d.negated
}

func (d *dfa) holds(n uint32) bool { return d.accepts(d.states[n]) != d.negated }

// A product searches the texts for which all of several tests have the wanted result, shortest
// first.
type product struct {
	alphabet alphabet
	machines []*dfa
}

// add adds a test. It returns false if the test has no automaton.
func (p *product) add(t *Test, negated bool) bool {
	m := machineOf(t, &p.alphabet)
	if m != nil {
		p.machines = append(p.machines, &dfa{machine: m, negated: negated, numbers: map[string]uint32{}})
	}
	return m != nil
}

// A place is a state of all machines that the search has reached.
type place struct {
	from  int32 // index of the place before; -1 at the start
	class int32 // that leads here from it
}

// texts passes texts to yield until it returns false. It returns false if it reached the limit
// of work or of states before all states were visited. Work counts computed transitions.
func (p *product) texts(states int, spend func(work int) bool, yield func(text []byte) bool) bool {
	p.alphabet.divide()
	width, classes := len(p.machines), len(p.alphabet.example)
	here, next := make([]uint32, width), make([]uint32, width)
	key := make([]byte, 4*width)
	var places []place
	var tuples []uint32 // width for each place
	seen := map[string]bool{}
	visit := func(tuple []uint32, from, class int32) {
		for k, n := range tuple {
			if p.machines[k].fails(n) {
				return
			}
			binary.LittleEndian.PutUint32(key[4*k:], n)
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			places = append(places, place{from, class})
			tuples = append(tuples, tuple...)
		}
	}
	for k, d := range p.machines {
		d.classes = classes
		here[k] = d.number(d.start())
	}
	visit(here, -1, 0)
	for at := 0; at < len(places); at++ {
		copy(here, tuples[at*width:])
		all := true
		for k, d := range p.machines {
			all = all && d.holds(here[k])
		}
		if all && !yield(p.text(places, at)) {
			return true
		}
		if len(places) > states {
			return false
		}
		work := 8 * classes * width
		for class := range classes {
			for k, d := range p.machines {
				n, computed := d.step(here[k], class)
				next[k] = n
				if computed {
					work += 64 + 4*len(d.states[here[k]])
				}
			}
			visit(next, int32(at), int32(class))
		}
		if !spend(work) {
			return false
		}
	}
	return true
}

// text returns the text that leads to a place.
func (p *product) text(places []place, at int) []byte {
	var classes []int32
	for ; places[at].from >= 0; at = int(places[at].from) {
		classes = append(classes, places[at].class)
	}
	var text []byte
	for k := len(classes) - 1; k >= 0; k-- {
		text = appendSymbol(text, p.alphabet.example[classes[k]])
	}
	return text
}
