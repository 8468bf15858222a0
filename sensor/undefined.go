package sensor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cfcheck/cfcheck/internal/strictjson"
)

// ErrUndefined is wrapped by the errors of [Fleet.Undefined].
var ErrUndefined = errors.New("a name that no definition has")

// Undefined returns an error if a supply of the fleet names an unknown template type, type
// version, feed or input. A name is known if a definition has it or the contract of the build
// declares it. Without this error, a typing mistake in the name of a type would exclude the build
// from the gate.
//
// If a definition has no feeds, every feed name is accepted. The error is a [*JSONError] for the
// first fault. It has the position of the fault if the fleet was read from a document.
func (f *Fleet) Undefined(d *Definitions) error { return f.undefined(d, f.Distinct()) }

// Undefined is [Fleet.Undefined] for the fleet of the cohorts. It remembers the answer for the last
// set of definitions.
func (g *Cohorts) Undefined(d *Definitions) error {
	if g == nil || g.fleet == nil {
		return nil
	}
	if g.Of(g.fleet) == nil { // the fleet has changed since
		return g.fleet.Undefined(d)
	}
	n := 0
	if d != nil {
		n = len(d.list)
	}
	if last := g.checked.Load(); last != nil && last.definitions == d && last.n == n {
		return last.err
	}
	err := g.fleet.undefined(d, g.members)
	g.checked.Store(&checked{d, n, err})
	return err
}

// A checked is a remembered answer of Cohorts.Undefined.
type checked struct {
	definitions *Definitions
	n           int // number of definitions in the set, to notice an addition
	err         error
}

// undefined checks the first contract of each cohort.
func (f *Fleet) undefined(d *Definitions, cohorts [][]int) error {
	s := supplyChecker{definitions: d}
	for _, members := range cohorts {
		s.contract(&f.Contracts[members[0]], members[0])
	}
	if s.found == 0 {
		return nil
	}
	text := s.text
	if s.found > 1 {
		text += fmt.Sprintf("; and %d more such names in the fleet", s.found-1)
	}
	e := &JSONError{Name: "fleet " + strictjson.Quote(f.Name), Path: s.path, Err: &undefinedName{text}}
	if f.Document != nil {
		e.Name = f.Document.Name
		// If the fleet was changed after reading, the fault has no position.
		if at, value, ok := strictjson.Find(f.Document.Text, s.path); ok && value == s.value {
			e.Line, e.Column, e.Offset = at.Line, at.Column, at.Offset
		}
	}
	return e
}

type undefinedName struct{ text string }

func (u *undefinedName) Error() string { return u.text }
func (u *undefinedName) Unwrap() error { return ErrUndefined }

// A supplyChecker compares the supplies of contracts with definitions, and keeps the first fault.
type supplyChecker struct {
	definitions *Definitions
	inputs      map[*Definition]map[string]bool // names of inputs, by definition

	found             int
	path, value, text string // of the first fault
}

// fail counts a fault. It calls text only for the first fault, because the search for the nearest
// known name takes time.
func (s *supplyChecker) fail(build, supply int, sub, value string, text func() string) {
	if s.found++; s.found == 1 {
		s.path = fmt.Sprintf("builds[%d].supply[%d].%s", build, supply, sub)
		s.value, s.text = value, text()
	}
}

const giveDefinition = "give its definition (--types), or declare it in the contract of the build (declares)"

func (s *supplyChecker) contract(c *Contract, build int) {
	declarations := make(map[named]*Declaration, len(c.Declares))
	for i := range c.Declares {
		declarations[named{c.Declares[i].Type, c.Declares[i].Version}] = &c.Declares[i]
	}
	for i := range c.Supplies {
		supply := &c.Supplies[i]
		d := s.definitions.withoutKinds(supply.Type, supply.Version)
		declared := declarations[named{supply.Type, supply.Version}]
		switch {
		case d != nil || declared != nil:
			s.feed(supply, d, declared, build, i)
			s.names(supply, d, declared, build, i)
		case s.found > 0:
			s.found++
		default:
			s.unknown(c, supply, build, i)
		}
	}
}

// unknown fails for a supply of an unknown type or type version.
func (s *supplyChecker) unknown(c *Contract, supply *Supply, build, index int) {
	typ := strictjson.Quote(supply.Type)
	if known := s.versions(c, supply.Type); len(known) > 0 {
		s.fail(build, index, "version", fmt.Sprint(supply.Version), func() string {
			return fmt.Sprintf("found version %d of type %s, which no definition has; known: %s; %s",
				supply.Version, typ, strings.Join(known, ", "), giveDefinition)
		})
		return
	}
	s.fail(build, index, "type", supply.Type, func() string {
		return fmt.Sprintf("found the type %s, which no definition has; %s%s", typ, giveDefinition, strictjson.Suggest(supply.Type, s.types(c)))
	})
}

// versions returns the known versions of a template type, in ascending order.
func (s *supplyChecker) versions(c *Contract, typ string) []string {
	var versions []uint32
	if s.definitions != nil {
		for _, d := range s.definitions.list {
			if d.Name == typ {
				versions = append(versions, d.Version)
			}
		}
	}
	for i := range c.Declares {
		if c.Declares[i].Type == typ {
			versions = append(versions, c.Declares[i].Version)
		}
	}
	slices.Sort(versions)
	var texts []string
	for _, v := range slices.Compact(versions) {
		texts = append(texts, fmt.Sprint(v))
	}
	return texts
}

// types returns the names of the known template types.
func (s *supplyChecker) types(c *Contract) []string {
	var names []string
	if s.definitions != nil {
		for _, d := range s.definitions.list {
			names = append(names, d.Name)
		}
	}
	for i := range c.Declares {
		names = append(names, c.Declares[i].Type)
	}
	return names
}

func (s *supplyChecker) feed(supply *Supply, d *Definition, declared *Declaration, build, index int) {
	var known []string
	if d != nil {
		for i := range d.Feeds {
			known = append(known, d.Feeds[i].Name)
		}
	}
	if supply.Feed == "" || d != nil && len(known) == 0 || slices.Contains(known, supply.Feed) {
		return
	}
	if declared != nil {
		if slices.Contains(declared.Feeds, supply.Feed) {
			return
		}
		known = append(known, declared.Feeds...)
	}
	s.fail(build, index, "feed", supply.Feed, func() string {
		says := "no feed is known"
		if len(known) > 0 {
			says = "known: " + strings.Join(known[:min(len(known), 10)], ", ")
		}
		return fmt.Sprintf("found the feed %s of type %s, which no definition has; %s; correct it, or declare it in the contract of the build (declares)%s",
			strictjson.Quote(supply.Feed), supply.Type, says, strictjson.Suggest(supply.Feed, known))
	})
}

func (s *supplyChecker) names(supply *Supply, d *Definition, declared *Declaration, build, index int) {
	for k := range supply.Inputs {
		in := &supply.Inputs[k]
		// Most contracts list the inputs in the order of the definition.
		if d != nil && (k < len(d.Inputs) && d.Inputs[k].Name == in.Name || s.namesOf(d)[in.Name]) {
			continue
		}
		if declared != nil {
			i := slices.IndexFunc(declared.Inputs, func(o DeclaredInput) bool { return o.Name == in.Name })
			switch {
			case i < 0:
			case declared.Inputs[i].Type == in.Type:
				continue
			default:
				s.fail(build, index, fmt.Sprintf("inputs[%d].type", k), in.Type.String(), func() string {
					return fmt.Sprintf("found %s supplied as %s; the build declares it as %s", strictjson.Quote(in.Name), in.Type, declared.Inputs[i].Type)
				})
				continue
			}
		}
		s.fail(build, index, fmt.Sprintf("inputs[%d].name", k), in.Name, func() string {
			var known []string
			if declared != nil {
				for _, o := range declared.Inputs {
					known = append(known, o.Name)
				}
			}
			if d != nil {
				for i := range d.Inputs {
					known = append(known, d.Inputs[i].Name)
				}
			}
			return fmt.Sprintf("found the input %s, which version %d of type %s does not have; correct it, or declare it in the contract of the build (declares)%s",
				strictjson.Quote(in.Name), supply.Version, supply.Type, strictjson.Suggest(in.Name, known))
		})
	}
}

// namesOf returns the names of the inputs of a definition.
func (s *supplyChecker) namesOf(d *Definition) map[string]bool {
	names := s.inputs[d]
	if names == nil {
		names = make(map[string]bool, len(d.Inputs))
		for i := range d.Inputs {
			names[d.Inputs[i].Name] = true
		}
		if s.inputs == nil {
			s.inputs = map[*Definition]map[string]bool{}
		}
		s.inputs[d] = names
	}
	return names
}

// DeclaredOnly returns the type versions that builds of the fleet supply and declare, and that no
// definition describes. The gate cannot judge content for them.
func (f *Fleet) DeclaredOnly(d *Definitions) []DeclaredType {
	var list []DeclaredType
	at := map[named]int{}
	for i := range f.Contracts {
		for k := range f.Contracts[i].Supplies {
			s := &f.Contracts[i].Supplies[k]
			if d.withoutKinds(s.Type, s.Version) != nil {
				continue
			}
			key := named{s.Type, s.Version}
			n, ok := at[key]
			if !ok {
				n = len(list)
				at[key] = n
				list = append(list, DeclaredType{Type: s.Type, Version: s.Version})
			}
			if b := list[n].Builds; len(b) == 0 || b[len(b)-1] != i {
				list[n].Builds = append(b, i)
			}
		}
	}
	slices.SortFunc(list, func(a, b DeclaredType) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Version, b.Version))
	})
	return list
}

// A DeclaredType is a version of a template type that no definition describes.
type DeclaredType struct {
	Type    string
	Version uint32
	Builds  []int // indices of the contracts that supply the type
}
