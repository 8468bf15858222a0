package workload

import (
	"math/rand/v2"
	"strconv"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor/interp"
)

// Events returns n events for the instances of f, which is a parsed [File]. Each has a value for
// every input, of the kind that the instances compare with. In every second event, the inputs that
// one of the instances reads have values that satisfy it.
func Events(f *channelfile.File, n int, seed uint64) []interp.Event {
	g := generator{Rand: rand.New(rand.NewPCG(seed, uint64(n)))}
	s := interp.NewSynthesizer(f, nil, nil)
	list := make([]interp.Event, n)
	for i := range list {
		e := make(interp.Event, len(Inputs))
		for input := range e {
			e[input] = interp.Text(g.value(input))
		}
		if i%2 == 1 && f.Instances() > 0 {
			plant(e, f, s, g.IntN(f.Instances()))
		}
		list[i] = e
	}
	return list
}

// plant gives an event values that satisfy an instance.
func plant(e interp.Event, f *channelfile.File, s *interp.Synthesizer, instance int) {
	made, _ := s.Matching(instance, len(e))
	in := f.Instance(instance)
	for w := in.First; w < in.First+in.Count; w++ {
		if word := f.Word(w); word.IsReference() {
			input := f.Criterion(word.Criterion()).Input
			e[input] = made[input]
			e[input].Text = append([]byte(nil), made[input].Text...) // the next event overwrites it
		}
	}
}

// value returns a value of an input, as in an event.
func (g generator) value(input int) string {
	switch input {
	case eventType:
		return common(g, eventTypes)
	case integrityLevel:
		return pick(g, integrityLevels)
	case destinationIP, sourceIP:
		return g.network().Addr().String()
	case destinationPort:
		return strconv.FormatInt(common(g, ports), 10)
	case protocol:
		return pick(g, []string{"tcp", "udp"})
	case logonType:
		return strconv.Itoa(g.IntN(12))
	case hashes:
		return g.hash() + "," + g.hash()
	case commandLine, parentCommandLine:
		return g.whole(input) + common(g, switches) + g.whole(image)
	}
	return g.whole(input)
}
