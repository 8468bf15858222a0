package inventory

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/cfcheck/cfcheck/internal/strictjson"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Conflict is a build that two fleets describe in different ways.
type Conflict struct {
	Build         string
	First, Second int    // indices of the fleets
	Differs       string // the first statement in which the contracts differ
}

// A Joined is a build that several fleets describe in the same way. Its hosts are added up.
type Joined struct {
	Build  string
	Fleets []int // indices of the fleets
}

// Merge returns a fleet with the builds of all fleets, in their order. A build that several
// fleets have with the same terms becomes one, with the sum of the hosts. If the terms
// differ, Merge reports a conflict. If qualify is not nil, it returns a new name for each
// contract in conflict, and for each contract of the same name, and there is no conflict.
//
// The fleet has no name and no note. It is nil if there are conflicts.
func Merge(fleets []*sensor.Fleet, qualify func(fleet int, build string) string) (*sensor.Fleet, []Joined, []Conflict, error) {
	clashes := map[string]bool{}
	var conflicts []Conflict
	first := map[string][2]int{} // fleet and contract
	for i, f := range fleets {
		for k := range f.Contracts {
			c := &f.Contracts[k]
			at, ok := first[c.Build]
			if !ok {
				first[c.Build] = [2]int{i, k}
				continue
			}
			if d := difference(&fleets[at[0]].Contracts[at[1]], c); d != "" && !clashes[c.Build] {
				clashes[c.Build] = true
				conflicts = append(conflicts, Conflict{c.Build, at[0], i, d})
			}
		}
	}
	if len(conflicts) > 0 && qualify == nil {
		return nil, nil, conflicts, nil
	}
	merged := new(sensor.Fleet)
	index, joined := map[string]int{}, map[string]int{}
	var owners []int // for each contract of merged, its fleet
	var joins []Joined
	for i, f := range fleets {
		for _, c := range f.Contracts {
			if clashes[c.Build] {
				c.Build = qualify(i, c.Build)
			}
			at, ok := index[c.Build]
			if !ok {
				index[c.Build] = len(merged.Contracts)
				merged.Contracts, owners = append(merged.Contracts, c), append(owners, i)
				continue
			}
			one := &merged.Contracts[at]
			if d := difference(one, &c); d != "" {
				return nil, nil, nil, fmt.Errorf("two builds would have the name %s, and they differ: %s; rename one of them", strictjson.Quote(c.Build), d)
			}
			if one.Hosts += c.Hosts; one.Hosts > sensor.MaxInteger {
				return nil, nil, nil, fmt.Errorf("build %s has more than %d hosts in all fleets together", strictjson.Quote(c.Build), uint64(sensor.MaxInteger))
			}
			one.Note = joinNotes(one.Note, c.Note)
			k, ok := joined[c.Build]
			if !ok {
				k = len(joins)
				joined[c.Build] = k
				joins = append(joins, Joined{c.Build, []int{owners[at]}})
			}
			joins[k].Fleets = append(joins[k].Fleets, i)
		}
	}
	return merged, joins, nil, nil
}

// joinNotes returns both notes. If they are equal, or too long together, it returns the
// first.
func joinNotes(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "" || a == b || utf8.RuneCountInString(a)+utf8.RuneCountInString(b)+2 > sensor.MaxNote:
		return a
	}
	return a + "; " + b
}

// difference returns the first statement in which two contracts differ, apart from build,
// hosts and note, or "".
func difference(a, b *sensor.Contract) string {
	if len((&sensor.Fleet{Contracts: []sensor.Contract{*a, *b}}).Distinct()) == 1 {
		return ""
	}
	if a.Reader.Access != b.Reader.Access {
		return fmt.Sprintf("the reader is %s in the first and %s in the second", a.Reader.Access, b.Reader.Access)
	}
	if !a.Reader.Equal(&b.Reader) {
		return "the reader: " + fields(&a.Reader, &b.Reader)
	}
	for i := range a.Supplies {
		s := &a.Supplies[i]
		other := supplyLike(b, s)
		if other == nil {
			return fmt.Sprintf("only the first supplies %s", supplyName(s))
		}
		if d := supplyDifference(s, other); d != "" {
			return supplyName(s) + ": " + d
		}
	}
	for i := range b.Supplies {
		if supplyLike(a, &b.Supplies[i]) == nil {
			return fmt.Sprintf("only the second supplies %s", supplyName(&b.Supplies[i]))
		}
	}
	return fields(a, b)
}

func supplyLike(c *sensor.Contract, s *sensor.Supply) *sensor.Supply {
	for _, other := range c.SuppliesOf(s.Type, s.Version) {
		if other.Feed == s.Feed {
			return other
		}
	}
	return nil
}

func supplyName(s *sensor.Supply) string {
	name := fmt.Sprintf("type %s version %d", s.Type, s.Version)
	if s.Feed != "" {
		name += " from feed " + s.Feed
	}
	return name
}

func supplyDifference(a, b *sensor.Supply) string {
	for i := range min(len(a.Inputs), len(b.Inputs)) {
		x, y := &a.Inputs[i], &b.Inputs[i]
		switch {
		case x.Name != y.Name:
			return fmt.Sprintf("%s is %s in the first and %s in the second", sensor.InputNumber(i), x.Name, y.Name)
		case x.State != y.State:
			return fmt.Sprintf("%s, %s, is %s in the first and %s in the second", sensor.InputNumber(i), x.Name, x.State, y.State)
		case !reflect.DeepEqual(x, y):
			return fmt.Sprintf("%s, %s: %s", sensor.InputNumber(i), x.Name, fields(x, y))
		}
	}
	if len(a.Inputs) != len(b.Inputs) {
		return fmt.Sprintf("%d inputs in the first and %d in the second", len(a.Inputs), len(b.Inputs))
	}
	if !reflect.DeepEqual(a, b) {
		return fields(a, b)
	}
	return ""
}

// fields names the fields in which two structs differ, except those that are no terms.
func fields[T any](a, b *T) string {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	var names []string
	for i := range x.NumField() {
		name := x.Type().Field(i).Name
		if name != "Build" && name != "Hosts" && name != "Note" && !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			names = append(names, strings.ToLower(name[:1])+name[1:])
		}
	}
	if len(names) == 0 {
		return "another order of the statements"
	}
	return "different " + strings.Join(names, ", ")
}
