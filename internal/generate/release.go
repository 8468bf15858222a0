package generate

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cfcheck/cfcheck/channelfile"
	"github.com/cfcheck/cfcheck/sensor"
)

// A Release is content of a small scope, the content that shipped before it, and the rest that
// a comparison of the two needs. Both contents are in normal form and fit their definitions.
type Release struct {
	Scope          *Scope
	Before, Now    *sensor.Definition // of the previous content, and of the content
	Definitions    *sensor.Definitions
	Previous, Data []byte
	Fleet          *sensor.Fleet
	Shipments      []Shipment
	Removed        uint64 // limits of the change in percent; 0 means the default
	Growth         uint64
	Protected      []channelfile.ID
	Turn           int // a random number, for choices of the judge
}

// A Shipment is content of the template type of a release that shipped to a build.
type Shipment struct {
	Build      string
	Definition *sensor.Definition
	Data       []byte
	By         sensor.Date // on which it had done no harm
}

// ReleaseDay is the day on which the releases are judged. Some shipments have a later date.
var ReleaseDay = sensor.Date{Year: 2026, Month: time.June, Day: 30}

// Releases generates releases without end. The same seed always gives the same releases.
type Releases struct {
	g      *Generator
	scopes []*Scope
	large  bool
}

// NewReleases returns the releases for a seed.
func NewReleases(seed uint64) *Releases { return &Releases{g: New(seed), scopes: Scopes()} }

// NewLargeReleases returns releases with a few hundred rules, which show that 8 bits are too
// few.
func NewLargeReleases(seed uint64) *Releases {
	r := NewReleases(seed)
	r.large = true
	return r
}

// A rule has an ID, and a condition that can be made again for other indices of the inputs.
type rule struct {
	id    int
	seeds [2]uint64
	form  int // see expr
	depth int
}

// The forms of a condition.
const (
	formAlone = iota
	formNarrowed
	formWidened
	formReworded
	formNegated
	formLong // with a long operand
	numForms = iota
)

// expr returns the condition. Index has the index of each input of the scope.
func (r rule) expr(s *Scope, index []int) channelfile.Expr {
	base := s.Condition(New(r.seeds[0]), r.depth, index...)
	other := func() channelfile.Expr { return s.Condition(New(r.seeds[1]), 0, index...) }
	switch r.form {
	case formNarrowed:
		return channelfile.And(base, other())
	case formWidened:
		return channelfile.Or(base, other())
	case formReworded:
		return channelfile.And(base, channelfile.Or(base, other()))
	case formNegated:
		return channelfile.Not(base)
	case formLong:
		if s.Types[0] == sensor.TypeString {
			g := New(r.seeds[1])
			text := strings.Repeat("a", pick(g, 1000, 4096, 4097))
			return channelfile.And(base, pick(g, channelfile.Contains, channelfile.Prefix)(index[0], text))
		}
	}
	return base
}

// Next returns the next release. Later calls do not change it.
func (rs *Releases) Next() *Release {
	g := rs.g
	s := rs.scopes[g.Intn(len(rs.scopes))]
	r := &Release{Scope: s, Removed: pick(g, uint64(0), 0, 0, 1, 20, 50, 99, 100, 1<<63), Growth: pick(g, uint64(0), 0, 0, 1, 50, 1000)}
	r.define(g)
	r.Turn = g.Intn(1 << 16)

	n := pick(g, 0, 1, 2, 2, 3, 4, 6, 8, 10, 11, 20)
	if rs.large || g.one(200) {
		n = 300
	}
	var before, now []rule
	next := 0
	add := func(list []rule) []rule {
		next++
		depth := pick(g, 0, 1, 1, 2)
		if n > 8 {
			depth = 0
		}
		form := pick(g, formAlone, formAlone, formNarrowed, formWidened)
		return append(list, rule{id: next, seeds: [2]uint64{g.r.Uint64(), g.r.Uint64()}, form: form, depth: depth})
	}
	for range n {
		before = add(before)
	}
	keep, change := pick(g, 1, 2, 4, 10, 1000), pick(g, 2, 4, 10)
	few := g.one(10) // keep only a tenth of the rules
	for i, old := range before {
		switch {
		case few && i >= n/10 || !few && g.one(keep): // removed
		case g.one(change):
			old.form = g.Intn(numForms)
			if old.form == formAlone || old.form == formLong && !g.one(8) {
				old.seeds[0] = g.r.Uint64()
			}
			now = append(now, old)
		default:
			now = append(now, old)
		}
	}
	for range pick(g, 0, 0, 1, 2, n/2, n, n+9, 8, 9, 9) { // 8 is the limit
		if !few {
			now = add(now)
		}
	}
	for range pick(g, 0, 0, 1, 3) { // rules that share a condition
		if len(now) > 0 {
			next++
			twice := now[g.Intn(len(now))]
			twice.id, twice.form = next, pick(g, twice.form, formReworded, formNarrowed)
			if g.one(2) {
				twice.seeds[1] = g.r.Uint64()
			}
			now = append(now, twice)
		}
	}
	revision := pick(g, 1, 7, 7, 1000, channelfile.MaxNumber-6, channelfile.MaxNumber-2)
	r.Previous = r.encode(s, before, r.Before, uint32(revision))
	r.Data = r.encode(s, now, r.Now, uint32(min(revision+pick(g, 1, 1, 1, 5, 0, -1), channelfile.MaxNumber)))
	if g.one(20) {
		r.Data = r.Previous
		r.Now = r.Before
	}
	for _, list := range [][]rule{before, now} {
		if len(list) > 0 && g.one(2) {
			r.Protected = append(r.Protected, idOf(list[g.Intn(len(list))].id))
		}
	}
	r.fleet(g, uint64(revision))
	r.ship(g, before, now)
	return r
}

func idOf(n int) channelfile.ID { return channelfile.ID{0: byte(n >> 8), 7: byte(n), 15: 1} }

// order returns the index of each input of the scope in a definition.
func (s *Scope) order(d *sensor.Definition) []int {
	index := []int{0, 1}
	for i := range index {
		index[i] = slices.IndexFunc(d.Inputs, func(in sensor.Input) bool { return in.Name == inputNames[i] })
	}
	return index
}

// inputNames are the names of the inputs of a scope. The second one is quoted in a ledger.
var inputNames = [2]string{"First", "The second"}

// define draws the definitions. Sometimes the content is for a later version of the type, which
// has another order of the inputs, a new input, or an input of another type.
func (r *Release) define(g *Generator) {
	s := r.Scope
	d := &sensor.Definition{Name: "small", Number: 2913, Version: 1, Channel: 291}
	for i, t := range s.Types {
		in := sensor.Input{Name: inputNames[i], Type: t}
		if t == sensor.TypeString {
			in.MaxLength = 2 * MaxLength
		}
		d.Inputs = append(d.Inputs, in)
	}
	r.Before, r.Now = d, d
	if g.one(3) {
		now := *d
		now.Version, now.Inputs = 2, slices.Clone(d.Inputs)
		switch g.Intn(4) {
		case 0, 3:
			slices.Reverse(now.Inputs)
		case 1:
			now.Inputs = append(now.Inputs, sensor.Input{Name: "Third", Type: sensor.TypeString, MaxLength: 16})
		case 2:
			before := *d
			before.Inputs = slices.Clone(d.Inputs)
			before.Inputs[1].Name = "Second"
			r.Before = &before
		}
		r.Now = &now
	}
	r.Definitions = new(sensor.Definitions)
	for i, d := range []*sensor.Definition{r.Before, r.Now} {
		if i > 0 && r.Now == r.Before {
			break
		}
		if err := r.Definitions.Add(d); err != nil {
			panic(fmt.Sprintf("a generated definition is rejected: %v", err))
		}
	}
}

// encode returns a file with rules. It leaves out conditions that the format cannot hold.
func (r *Release) encode(s *Scope, rules []rule, d *sensor.Definition, revision uint32) []byte {
	h := headerOf(d)
	h.Revision = revision
	b := channelfile.NewBuilder(h)
	index := s.order(d)
	for i := range index {
		if index[i] < 0 {
			index[i] = i // the input had another name
		}
	}
	for _, rule := range rules {
		_ = b.Add(idOf(rule.id), rule.expr(s, index), nil) // a condition may be constant
	}
	data, err := b.Encode()
	if err != nil {
		panic(fmt.Sprintf("a model that the builder accepted cannot be encoded: %v", err))
	}
	return data
}

// fleet draws one to four builds. Some have an integer for the revision that is nearly used up,
// and some lack the type version.
func (r *Release) fleet(g *Generator, revision uint64) {
	r.Fleet = &sensor.Fleet{Name: "small"}
	for i := range pick(g, 1, 1, 2, 4) {
		c := sensor.Contract{
			Build: buildNames[i], Hosts: uint64(i) + 1,
			Reader: sensor.Reader{
				Access: pick(g, sensor.AccessPositional, sensor.AccessNamed), Evidence: sensor.EvidenceStated, Formats: formats, Operators: operators,
			},
		}
		if g.one(3) {
			c.Reader.Limits.Revision = g.near(revision)
		}
		c.Reader.RefusesUnknownVersions = g.one(3)
		if i > 0 && g.one(3) {
			c.Reader = r.Fleet.Contracts[i-1].Reader
		}
		for i, d := range []*sensor.Definition{r.Before, r.Now} {
			if i > 0 && r.Now == r.Before {
				break
			}
			if g.one(8) {
				c.Reader.RefusesUnknownVersions = true
				continue
			}
			supply := sensor.Supply{Type: d.Name, Version: d.Version, Evidence: sensor.EvidenceExtracted}
			for _, in := range d.Inputs {
				supply.Inputs = append(supply.Inputs, sensor.SuppliedInput{Name: in.Name, Type: in.Type, State: sensor.StateSupplied, MaxLength: in.MaxLength})
			}
			c.Supplies = append(c.Supplies, supply)
		}
		r.Fleet.Contracts = append(r.Fleet.Contracts, c)
	}
}

// ship draws the shipments to the builds: parts of both contents.
func (r *Release) ship(g *Generator, before, now []rule) {
	for _, c := range r.Fleet.Contracts {
		for range g.Intn(4) {
			rules, d := before, r.Before
			if g.one(2) {
				rules, d = now, r.Now
			}
			if len(rules) == 0 {
				continue
			}
			at := g.Intn(len(rules))
			rules = rules[at : at+1+g.Intn(len(rules)-at)]
			by := ReleaseDay
			by.Day = pick(g, 1, 29, 30, 30)
			if g.one(4) {
				by = sensor.Date{Year: 2026, Month: time.July, Day: 1}
			}
			r.Shipments = append(r.Shipments, Shipment{c.Build, d, r.encode(r.Scope, rules, d, 1), by})
		}
	}
}
