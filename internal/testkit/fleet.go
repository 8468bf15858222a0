package testkit

import (
	"slices"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
	"github.com/cfcheck/cfcheck/sensor/builtin"
)

// Definitions returns a set of these definitions, without the built-in ones.
func Definitions(t T, list ...*sensor.Definition) *sensor.Definitions {
	t.Helper()
	all := new(sensor.Definitions)
	for _, d := range list {
		if err := all.Add(d); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Strings returns inputs of type string with these names.
func Strings(names ...string) []sensor.Input {
	var list []sensor.Input
	for _, name := range names {
		list = append(list, sensor.Input{Name: name, Type: sensor.TypeString})
	}
	return list
}

// Fleet returns the built-in fleet of a name.
func Fleet(t T, name string) *sensor.Fleet {
	t.Helper()
	f, ok := builtin.Fleet(name)
	if !ok {
		t.Fatal("there is no built-in fleet " + name)
	}
	return f
}

// Supply returns the supply of a build that supplies all inputs of a
// definition. Strings are as long as the definition allows.
func Supply(d *sensor.Definition) sensor.Supply {
	s := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceStated}
	for _, in := range d.Inputs {
		s.Inputs = append(s.Inputs, sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateSupplied, MaxLength: in.MaxLength})
	}
	return s
}

// Contract returns the contract of a build that reads this version of the format
// with all operators and without limits.
func Contract(build string, hosts uint64, access sensor.Access, supplies ...sensor.Supply) sensor.Contract {
	return sensor.Contract{
		Build: build, Hosts: hosts, Supplies: supplies,
		Reader: sensor.Reader{Evidence: sensor.EvidenceStated, Access: access, Formats: []string{channelfile.Version}, Operators: channelfile.Operators()},
	}
}

// Declare makes each build of a fleet declare all names of its supplies, so that
// checks of declarations find nothing, and returns the fleet.
func Declare(f *sensor.Fleet) *sensor.Fleet {
	for i := range f.Contracts {
		c := &f.Contracts[i]
		c.Declares = nil
		for k := range c.Supplies {
			declare(c, &c.Supplies[k])
		}
	}
	return f
}

func declare(c *sensor.Contract, s *sensor.Supply) {
	i := slices.IndexFunc(c.Declares, func(d sensor.Declaration) bool { return d.Type == s.Type && d.Version == s.Version })
	if i < 0 {
		i = len(c.Declares)
		c.Declares = append(c.Declares, sensor.Declaration{Type: s.Type, Version: s.Version})
	}
	d := &c.Declares[i]
	if s.Feed != "" {
		d.Feeds = append(d.Feeds, s.Feed)
	}
	for k := range s.Inputs {
		in := &s.Inputs[k]
		if !slices.ContainsFunc(d.Inputs, func(o sensor.DeclaredInput) bool { return o.Name == in.Name }) {
			d.Inputs = append(d.Inputs, sensor.DeclaredInput{Name: in.Name, Type: in.Type})
		}
	}
}
