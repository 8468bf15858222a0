package generate

import (
	"fmt"
	"net/netip"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Small generates the small scope: every file of at most one instance with at most two
// criteria over two inputs. Operands are strings over two letters, and a few numbers. The
// builds are positional and named, and supply no to three inputs. Most faults of large
// files also occur in a small file, and the small scope leaves out no file.
type Small struct {
	part, parts int
	types       [][2]sensor.InputType
	definition  *sensor.Definition
	definitions *sensor.Definitions
	fleets      []Fleet
	conditions  []channelfile.Expr // remaining conditions of the definition
	none        bool               // the file without instances is still to come
	batch       int
}

// smallFiles is the number of files in a batch of the small scope.
const smallFiles = 32

// NewSmall returns one part of the small scope; part counts from 0. All parts together have
// each file once.
func NewSmall(part, parts int) *Small {
	s := &Small{part: part, parts: parts}
	all := []sensor.InputType{sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress}
	for _, a := range all {
		for _, b := range all {
			s.types = append(s.types, [2]sensor.InputType{a, b})
		}
	}
	return s
}

// Next returns the next batch, or nil after the last.
func (s *Small) Next() *Batch {
	for {
		if len(s.conditions) == 0 && !s.none {
			if len(s.types) == 0 {
				return nil
			}
			s.newType(s.types[0])
			s.types = s.types[1:]
		}
		n := min(len(s.conditions), smallFiles)
		ours := s.conditions[:n]
		s.conditions = s.conditions[n:]
		none := s.none
		s.none = false
		s.batch++
		if s.batch%s.parts != s.part {
			continue
		}
		b := &Batch{Definition: s.definition, Definitions: s.definitions, Fleets: s.fleets}
		for _, e := range ours {
			if data := single(s.definition, e); data != nil {
				b.Files = append(b.Files, File{data, Valid})
			}
		}
		if none {
			if data, err := channelfile.NewBuilder(headerOf(s.definition)).Encode(); err == nil {
				b.Files = append(b.Files, File{data, Edited})
			}
		}
		return b
	}
}

// single returns a file with one condition. It returns nil if the condition is constant,
// because the format cannot express that.
func single(d *sensor.Definition, e channelfile.Expr) []byte {
	b := channelfile.NewBuilder(headerOf(d))
	if b.Add(channelfile.ID{1}, e, nil) != nil {
		return nil
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("a model that the builder accepted cannot be encoded: %v", err))
	}
	return data
}

func (s *Small) newType(types [2]sensor.InputType) {
	d := &sensor.Definition{Name: "small", Number: 2910, Version: 3, Channel: 291}
	for i, t := range types {
		in := sensor.Input{Name: [2]string{"A", "B"}[i], Type: t}
		if t == sensor.TypeString {
			in.MaxLength = 16
		}
		d.Inputs = append(d.Inputs, in)
	}
	s.definition, s.definitions = d, new(sensor.Definitions)
	if err := s.definitions.Add(d); err != nil {
		panic(err)
	}
	s.fleets = smallFleets(d)
	s.conditions, s.none = smallConditions(types), true
}

// smallCriteria returns the criteria on one of two inputs.
func smallCriteria(i int, types [2]sensor.InputType) (list []channelfile.Expr) {
	other := 1 - i
	same := types[0] == types[1]
	list = append(list, channelfile.Exists(i))
	numbers := func() {
		list = append(list, channelfile.IntegerEquals(i, 0), channelfile.IntegerEquals(i, 0, 1), channelfile.IntegerRange(i, [2]int64{0, 1}))
		if same {
			list = append(list, channelfile.IntegerEqualsInput(i, other))
		}
	}
	switch types[i] {
	case sensor.TypeInteger:
		numbers()
	case sensor.TypeAddress:
		list = append(list, channelfile.AddressPrefix(i, netip.MustParsePrefix("10.0.0.0/8")), channelfile.AddressPrefix(i, netip.MustParsePrefix("::/0")))
	default:
		numbers()
		list = append(list,
			channelfile.Equals(i, ""), channelfile.Equals(i, "a"), channelfile.Equals(i, "ab", "b"), channelfile.Equals(i, "a").Fold(),
			channelfile.Prefix(i, "a"), channelfile.Prefix(i, "a", "ab").All(),
			channelfile.Suffix(i, "b"), channelfile.Suffix(i, "ab").Fold(),
			channelfile.Contains(i, "a"), channelfile.Contains(i, "a", "b").All(), channelfile.Contains(i, "ab").Fold(),
			channelfile.Pattern(i, "?a"), channelfile.Pattern(i, "a*b"), channelfile.Regexp(i, "a+b|^b"),
			channelfile.AddressPrefix(i, netip.MustParsePrefix("10.0.0.0/8")),
		)
		if same {
			list = append(list, channelfile.EqualsInput(i, other), channelfile.PrefixInput(i, other), channelfile.SuffixInput(i, other).Fold())
		}
	}
	return list
}

// smallConditions returns the conditions of one and of two criteria.
func smallConditions(types [2]sensor.InputType) (list []channelfile.Expr) {
	criteria := append(smallCriteria(0, types), smallCriteria(1, types)...)
	both := func(e channelfile.Expr) [2]channelfile.Expr { return [2]channelfile.Expr{e, channelfile.Not(e)} }
	for i, a := range criteria {
		for _, x := range both(a) {
			list = append(list, x)
			for _, b := range criteria[i+1:] {
				for _, y := range both(b) {
					list = append(list, channelfile.And(x, y), channelfile.Or(x, y))
				}
			}
		}
	}
	return list
}

// smallFleets returns the builds of the small scope, each as a fleet.
func smallFleets(d *sensor.Definition) (list []Fleet) {
	full := []sensor.SuppliedInput{{State: sensor.StateSupplied}, {State: sensor.StateSupplied}, {Name: "C", Type: sensor.TypeString, State: sensor.StateSupplied, MaxLength: 2}}
	for i, in := range d.Inputs {
		full[i].Name, full[i].Type = in.Name, in.Type
		if in.Type == sensor.TypeString {
			full[i].MaxLength = 2
		}
	}
	add := func(access sensor.Access, whole bool, inputs []sensor.SuppliedInput, acknowledged ...int) {
		c := sensor.Contract{Build: "b0", Hosts: 1, Reader: sensor.Reader{Access: access, Evidence: sensor.EvidenceStated, Formats: formats, Operators: operators}}
		supply := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceExtracted, Inputs: inputs}
		for _, i := range acknowledged {
			supply.Acknowledged = append(supply.Acknowledged, sensor.Shortfall{Input: i, Why: "small", Until: sensor.Date{Year: 2030, Month: 6, Day: 30}})
		}
		c.Supplies = []sensor.Supply{supply}
		c.Declares = []sensor.Declaration{{Type: d.Name, Version: d.Version, Inputs: []sensor.DeclaredInput{{Name: "C", Type: sensor.TypeString}}}}
		f := &sensor.Fleet{Name: "small", Contracts: []sensor.Contract{c}}
		list = append(list, Fleet{f, f.Cohorts(), whole})
	}
	for n := range 4 {
		add(sensor.AccessPositional, n >= 2, full[:n])
		add(sensor.AccessNamed, n >= 2, full[:n])
	}
	add(sensor.AccessPositional, false, full[:0], 0, 1)
	add(sensor.AccessPositional, false, full[:1], 1)
	for i := range 2 {
		for _, t := range []sensor.InputType{sensor.TypeString, sensor.TypeInteger, sensor.TypeAddress} {
			if t == d.Inputs[i].Type {
				continue
			}
			other := append([]sensor.SuppliedInput{}, full[:2]...)
			other[i].Type, other[i].MaxLength = t, 0
			if t == sensor.TypeString {
				other[i].MaxLength = 2
			}
			add(sensor.AccessPositional, false, other)
			add(sensor.AccessNamed, false, other)
		}
		missing := append([]sensor.SuppliedInput{}, full[:2]...)
		missing[i].State = sensor.StateNotSupplied
		add(sensor.AccessPositional, false, missing, i)
		unknown := append([]sensor.SuppliedInput{}, full[:2]...)
		unknown[i].State = sensor.StateUnknown
		add(sensor.AccessPositional, false, unknown)
		add(sensor.AccessNamed, false, unknown)
	}
	return list
}
